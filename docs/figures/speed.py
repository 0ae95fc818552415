"""Bars of the table of speed, read from the page that has it: ``speed.svg``."""

import re

import matplotlib.pyplot as plt
from style import BLUE, GREY, HERE, save

CASES = {
    "cipher (32, 64, 32, 32, 101) | f32": "RNN of 64 units, forward and backward",
    "GRU stream (1, 64, 32, 1, 100) | f32": "GRU of 64 units, 100 steps of one sequence",
    "GRU live step (1, 64, 1, 1, 1) | f32": "GRU of 64 units, one live step",
}
MILLISECONDS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}

page = (HERE.parent / "performance.md").read_text(encoding="utf-8").splitlines()


def row_of(case):
    """Return the times of a case in milliseconds, by who took them."""
    place = next(i for i, line in enumerate(page) if line.startswith(f"| {case} |"))
    head = next(page[i] for i in range(place, 0, -1) if page[i].startswith("| case"))
    found = {}
    for name, cell in zip(head.split("|")[3:-1], page[place].split("|")[3:-1], strict=True):
        match = re.match(r" *([\d.]+) (ns|µs|ms|s)", cell)
        if match:
            found[re.sub(r" [\d.]+$", "", name.strip())] = float(match[1]) * MILLISECONDS[match[2]]
    return found


figure, rows = plt.subplots(1, len(CASES), figsize=(10.5, 2.5), layout="constrained")
for axes, (case, title) in zip(rows, CASES.items(), strict=True):
    times = dict(sorted(row_of(case).items(), key=lambda item: -item[1]))
    colours = [BLUE if name == "fastrnn" else "#b8c0c8" for name in times]
    bars = axes.barh(list(times), list(times.values()), color=colours, height=0.7)
    unit, scale = ("ms", 1) if max(times.values()) > 1 else ("µs", 1e3)
    for bar, time in zip(bars, times.values(), strict=True):
        axes.annotate(
            f" {time * scale:.3g} {unit}", (time, bar.get_y() + 0.35), va="center", fontsize=9
        )
    axes.set_title(title, fontsize=10, color=GREY, loc="left", x=-0.3)
    axes.set_xlim(0, 1.3 * max(times.values()))
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
save(figure, "speed")
