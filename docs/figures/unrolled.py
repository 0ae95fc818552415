"""The recurrence unrolled in time, forward in blue and back in orange: ``unrolled.svg``."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from style import BLUE, GREY, ORANGE, save

STEPS, GAP = 4, 3.0


def box(axes, x, y, text):
    """Draw a box with a text around a point."""
    axes.add_patch(
        FancyBboxPatch((x - 0.8, y - 0.3), 1.6, 0.6, "round,pad=0.05", fc="none", ec=GREY, lw=1.4)
    )
    axes.text(x, y, text, ha="center", va="center", fontsize=11)


def arrow(axes, start, end, colour, text="", offset=(0.0, 0.0)):
    """Draw an arrow, with a text beside its middle."""
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=colour, lw=1.6)
    )
    middle = ((start[0] + end[0]) / 2 + offset[0], (start[1] + end[1]) / 2 + offset[1])
    axes.text(*middle, text, color=colour, ha="center", va="center", fontsize=10)


figure, axes = plt.subplots(figsize=(8.4, 3.5))
for t in range(STEPS):
    x = GAP * t
    box(axes, x, 0, f"state $s_{t + 1}$")
    box(axes, x, -1.6, f"input $x_{t + 1}$")
    box(axes, x, 1.6, f"output $y_{t + 1}$")
    arrow(axes, (x - 0.15, -1.22), (x - 0.15, -0.38), BLUE, "$W_x$", (-0.28, 0))
    arrow(axes, (x - 0.15, 0.38), (x - 0.15, 1.22), BLUE, "$W_y$", (-0.28, 0))
    arrow(axes, (x + 0.2, 1.22), (x + 0.2, 0.38), ORANGE)
    arrow(axes, (x + 0.2, -0.38), (x + 0.2, -1.22), ORANGE)
    if t:
        arrow(axes, (x - GAP + 0.88, 0.12), (x - 0.88, 0.12), BLUE, "$W_s$", (0, 0.22))
        arrow(axes, (x - 0.88, -0.14), (x - GAP + 0.88, -0.14), ORANGE)
arrow(axes, (-1.9, 0.12), (-0.88, 0.12), BLUE, "$s_0$", (-0.1, 0.25))
axes.text(-0.8, -2.5, "forward: states, outputs", color=BLUE, ha="left")
axes.text(4.6, -2.5, "back through time: gradients", color=ORANGE, ha="left")
axes.set(xlim=(-2.1, GAP * (STEPS - 1) + 1.1), ylim=(-2.8, 2.1), aspect="equal")
axes.axis("off")
save(figure, "unrolled")
