"""What the figures share: colours for light and dark pages, and how they are saved."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
BLUE, ORANGE, GREEN, GREY = "#3b7dd8", "#e07b39", "#3a9d6a", "#808890"

plt.rcParams.update(
    {
        "svg.hashsalt": "fastrnn",  # the same file from the same script
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": GREY,
        "axes.edgecolor": GREY,
        "axes.labelcolor": GREY,
        "xtick.color": GREY,
        "ytick.color": GREY,
        "savefig.transparent": True,
    }
)


def save(figure, name):
    """Write a figure beside its script."""
    figure.savefig(HERE / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
