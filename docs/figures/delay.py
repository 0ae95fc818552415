"""The learning curve of the tutorial on an RNN in NumPy style: ``delay.svg``."""

import contextlib
import io
import re

import matplotlib.pyplot as plt
import numpy as np
from style import BLUE, GREY, HERE, save

page = (HERE.parent / "tutorials" / "numpy-rnn.md").read_text(encoding="utf-8")
names = {}
with contextlib.redirect_stdout(io.StringIO()):
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        exec(block, names)

figure, axes = plt.subplots(figsize=(6.4, 2.8))
axes.plot(names["losses"], color=BLUE, lw=1.8)
axes.axhline(np.log(4), color=GREY, ls=":", lw=1)
axes.text(400, np.log(4) + 0.03, "guessing", ha="right", color=GREY)
axes.set(xlabel="step", ylabel="loss", ylim=(0, 1.7), xlim=(0, 400))
save(figure, "delay")
