"""Draw how soon ciphers with random keys are learned: docs/figures/random-keys.svg.

usage: python docs/figures/random_keys.py

It reads bench/results/random-keys-CIPHER-SEED.json, which bench/random_keys.py writes.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
from style import BLUE, GREY, HERE, ORANGE, save

RESULTS = HERE.parents[1] / "bench" / "results"
CIPHERS = {"vigenere": "Vigenère", "autokey": "autokey", "enigma": "Enigma"}
#: The share that is wanted of each, in percent.
GOALS = {"vigenere": 99.5, "autokey": 99.5, "enigma": 97}
COLOURS = {"fastrnn": BLUE, "torch": ORANGE}
NAMES = {"fastrnn": "fastrnn", "torch": "PyTorch"}


def draw(axes, files: list[Path], goal: float) -> None:
    """Draw the runs of one cipher, a curve for each seed."""
    for name, colour in COLOURS.items():
        labels = iter([NAMES[name]])
        for file in files:
            points = json.loads(file.read_text(encoding="utf-8")).get(name, {}).get("points", [])
            if points:
                # Processor time, of one thread, does not depend on what else a machine does.
                times = [point["processor seconds"] or point["seconds"] for point in points]
                minutes = [0, *(time / 60 for time in times)]
                shares = [100 / 26, *(100 * point["accuracy"] for point in points)]
                axes.plot(minutes, shares, color=colour, lw=1.4, label=next(labels, None))
    axes.axhline(goal, color=GREY, ls=":", lw=1)
    axes.set(xlabel="minutes of one processor", ylim=(0, 102), xlim=(0, None))


def main() -> None:
    figure, panels = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
    for axes, (cipher, title) in zip(panels, CIPHERS.items(), strict=True):
        draw(axes, sorted(RESULTS.glob(f"random-keys-{cipher}-*.json")), GOALS[cipher])
        axes.set_title(title, color=GREY)
    panels[0].set_ylabel("letters that are right, %")
    drawn = [axes for axes in panels if axes.get_legend_handles_labels()[0]]
    drawn[0].legend(frameon=False, labelcolor=GREY, loc="center right")
    save(figure, "random-keys")


if __name__ == "__main__":
    main()
