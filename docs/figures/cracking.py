"""How often ``fastrnn cipher crack`` reads a text, by its length: ``cracking.svg``.

The rows of ``cracking.csv`` are measured by ``python -m bench.crack lengths``.
"""

import csv
from collections import defaultdict

import matplotlib.pyplot as plt
from style import BLUE, GREEN, GREY, HERE, ORANGE, save

SHADES = {1: GREY, 3: BLUE, 5: GREEN, 8: ORANGE, 12: "#a05195", 26: GREY}
PANELS = {
    "Caesar and substitution": ("caesar", "substitution"),
    "Vigenère": ("vigenere",),
    "autokey": ("autokey",),
}

shares = defaultdict(lambda: defaultdict(list))
with (HERE / "cracking.csv").open(encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        key = row["cipher"], int(row["key_letters"])
        shares[key][int(row["letters"])].append(int(row["right"]))

figure, panels = plt.subplots(1, 3, figsize=(10.5, 3.2), sharey=True, layout="constrained")
for axes, (title, ciphers) in zip(panels, PANELS.items(), strict=True):
    for (cipher, letters), found in sorted(shares.items()):
        if cipher not in ciphers:
            continue
        lengths = sorted(found)
        read = [100 * sum(found[length]) / len(found[length]) for length in lengths]
        name = f"key of {letters}" if len(ciphers) == 1 else cipher
        style = "--" if cipher == "caesar" else "-"
        axes.plot(lengths, read, style, marker="o", ms=3, color=SHADES[letters], label=name)
    axes.set_xscale("log")
    axes.set_xlim(9, None)
    ticks = [10, 20, 40, 80, 150] + ([400] if len(ciphers) > 1 else [])
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set_title(title, fontsize=10, color=GREY)
    axes.set(xlabel="letters of the text", ylim=(-3, 103))
    axes.legend(frameon=False, labelcolor=GREY, fontsize=9)
panels[0].set_ylabel("% read without an error")
save(figure, "cracking")
