"""How a call goes down to the kernels: ``storeys.svg``."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from style import BLUE, GREEN, GREY, ORANGE, save

JOB = "_core/recurrence.pyx: one Job, one arena of memory;\nno Python from here on"
SHARES = "_core/pool/: each thread takes some columns\nof the batch and loops over the time"
BOXES = [
    (0.0, 4, 4.6, "model.fit, model.predict\nlayers/, models/", BLUE),
    (5.0, 4, 4.6, "rnn_forward, gru_backward ...\nfunctional/", BLUE),
    (0.0, 3, 4.6, "arguments/: check, convert,\nname what is wrong", BLUE),
    (5.0, 3, 4.6, "_core/calls.pyx: plain\narguments, one compiled call", GREEN),
    (0.0, 2, 9.6, JOB, GREEN),
    (0.0, 1, 9.6, SHARES, GREEN),
    (0.0, 0, 3.0, "baseline\n(any processor)", ORANGE),
    (3.3, 0, 3.0, "AVX2 with FMA", ORANGE),
    (6.6, 0, 3.0, "AVX-512", ORANGE),
]

figure, axes = plt.subplots(figsize=(9.2, 4.4))
for x, y, width, text, colour in BOXES:
    axes.add_patch(
        FancyBboxPatch((x, 1.15 * y), width, 0.75, "round,pad=0.04", fc="none", ec=colour, lw=1.6)
    )
    axes.text(x + width / 2, 1.15 * y + 0.375, text, ha="center", va="center", fontsize=10)
for x, y in [(2.3, 4), (7.3, 4), (2.3, 3), (7.3, 3), (4.8, 2), (1.5, 1), (4.8, 1), (8.1, 1)]:
    axes.add_patch(
        FancyArrowPatch(
            (x, 1.15 * y - 0.03),
            (x, 1.15 * (y - 1) + 0.8),
            arrowstyle="-|>",
            mutation_scale=12,
            color=GREY,
        )
    )
axes.text(9.75, 4.97, "Python", color=BLUE, va="center")
axes.text(9.75, 2.67, "Cython", color=GREEN, va="center")
axes.text(9.75, 0.37, "C, chosen\nat import", color=ORANGE, va="center")
axes.set(xlim=(-0.1, 11.3), ylim=(-0.1, 5.5))
axes.axis("off")
save(figure, "storeys")
