"""Pictures of a training run and of what its model makes of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from fastrnn.callbacks.curves import HELD_OUT, TRAINING, check_drawing, draw
from fastrnn.cipher.evaluation import Evaluation
from fastrnn.cipher.history import Epoch
from fastrnn.cipher.memory import Memory
from fastrnn.cipher.strips import label, strips_of

__all__ = ["FORMATS", "by_key_length", "by_position", "check_drawing", "plot"]

#: The formats of pictures, by the endings of their files.
FORMATS = ("png", "pdf", "svg", "svgz", "eps", "ps", "jpg", "jpeg", "tif", "tiff", "webp")


#: What the pictures by epoch are called.
TITLES = {
    "loss": "loss by epoch, as it is trained",
    "accuracy": "share of characters that are right, by epoch",
}

#: Characters up to which the counts are written into the picture of mistakes.
MOST_WITH_COUNTS = 60


def plot(
    epochs: Sequence[Epoch],
    evaluation: Evaluation | None = None,
    format: str = "png",
    title: str | None = None,
    memory: Memory | None = None,
) -> bytes:
    """Draw loss and accuracy by epoch and, below them, how well the model does where.

    Parameters
    ----------
    epochs : sequence of Epoch
        The rows of the history, one or more.
    evaluation : Evaluation, optional
        Adds the accuracy by position in the sentence, and which characters are taken for which;
        with keys of their own, the accuracy by letters of the key too.
    format : str, default "png"
        One of `FORMATS`.
    title : str, optional
        Stands above all, such as what was trained.
    memory : Memory, optional
        Adds the states of the model along a message and, where it is shown a key, how long each
        letter of the key is kept; only with `evaluation`.

    Returns
    -------
    bytes
        The content of a file of that format.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    check_drawing()
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    heights, widths = [3.5], [4.5, 4.5]
    if evaluation is not None:
        # Every character gets its row, with room for its label and its counts.
        side = min(max(5.0, 0.24 * len(evaluation.characters)), 20.0)
        heights, widths = [3.5, side], [4.5, side]
    strips = [] if memory is None else strips_of(memory)
    heights += [strip.height for strip in strips]
    figure.set_size_inches(sum(widths), sum(heights))
    grid = figure.add_gridspec(len(heights), 2, width_ratios=widths, height_ratios=heights)
    if title is not None:
        figure.suptitle(label(title))
    for column, name in enumerate(("loss", "accuracy")):
        _by_epoch(figure.add_subplot(grid[0, column]), epochs, name)
    if evaluation is not None:
        if _has_key_lengths(evaluation):
            inner = grid[1, 0].subgridspec(2, 1)
            by_position(figure.add_subplot(inner[0]), evaluation)
            by_key_length(figure.add_subplot(inner[1]), evaluation)
        else:
            by_position(figure.add_subplot(grid[1, 0]), evaluation)
        _confusion(figure, figure.add_subplot(grid[1, 1]), evaluation)
    for row, strip in enumerate(strips, start=len(heights) - len(strips)):
        strip.draw(figure, figure.add_subplot(grid[row, :]))
    picture = BytesIO()
    with catch_warnings():
        # A character that the font lacks is drawn as a box.
        filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(picture, format=format, dpi=150)
    return picture.getvalue()


def _has_key_lengths(evaluation: Evaluation) -> bool:
    """Return whether keys of several lengths were tried."""
    apart = evaluation.by_key_length
    return apart is not None and len(apart.lengths) > 1


def _by_epoch(axes: Any, epochs: Sequence[Epoch], name: str) -> None:
    numbers = [epoch.epoch for epoch in epochs]
    curves = {TRAINING: (numbers, [getattr(epoch, name) for epoch in epochs])}
    if epochs[0].val_loss is not None:
        curves[HELD_OUT] = (numbers, [getattr(epoch, f"val_{name}") for epoch in epochs])
    draw(axes, name, curves, TITLES[name])


def by_position(axes: Any, evaluation: Evaluation) -> None:
    """Draw the accuracy by position in the sentence; with random keys also by their letters."""
    apart = evaluation.by_key_length
    if apart is not None and len(apart.lengths) > 1:
        from matplotlib import colormaps

        shades = colormaps["viridis"](np.linspace(0, 0.9, len(apart.lengths)))
        for n, right, counted, colour in zip(*apart, shades, strict=True):
            places = np.flatnonzero(counted)
            named = "1 letter" if n == 1 else f"{n} letters"
            shares = right[places] / counted[places]
            axes.plot(places + 1, shares, "-", lw=1, color=colour, label=named)
        axes.legend(title="key", fontsize=7, title_fontsize=7)
    places = np.flatnonzero(evaluation.counted)
    shares = evaluation.right[places] / evaluation.counted[places]
    axes.plot(places + 1, shares, ".-", color="black" if apart is not None else None)
    # Room for the lines, also where all is right.
    low = min(0.98, *(line.get_ydata().min() for line in axes.get_lines()))
    room = 0.05 * (1 - low)
    axes.set(xlabel="position in the sentence", ylabel="accuracy", ylim=(low - room, 1 + room))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_title(f"{evaluation.accuracy:.3%} of {evaluation.total:,} characters are right")
    axes.grid(alpha=0.3)


def by_key_length(axes: Any, evaluation: Evaluation) -> None:
    """Draw the accuracy by letters of the key."""
    apart = evaluation.by_key_length
    assert apart is not None
    shares = apart.right.sum(axis=1) / apart.counted.sum(axis=1)
    bars = axes.bar([str(n) for n in apart.lengths], shares)
    axes.bar_label(bars, [f"{share:.2%}" for share in shares], fontsize=8)
    axes.set(xlabel="letters of the key", ylabel="accuracy", ylim=(0, 1.12))
    axes.set_title("accuracy by letters of the key")
    axes.grid(alpha=0.3, axis="y")


def _confusion(figure: Any, axes: Any, evaluation: Evaluation) -> None:
    """Draw the shares of every true character's answers, small ones shown large, with counts."""
    order = np.argsort(list(evaluation.characters))
    names = [evaluation.characters[i] for i in order]
    counts = evaluation.confusion[np.ix_(order, order)]
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(1, totals[:, np.newaxis])
    image = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    shown = ["space" if name == " " else label(name) for name in names]
    axes.set_xticks(range(len(names)), shown, fontsize=8, rotation=90)
    axes.set_yticks(range(len(names)), shown, fontsize=8)
    axes.set(xlabel="answer of the model", ylabel="right character")
    axes.set_title("which character was taken for which, and how often")
    if len(names) <= MOST_WITH_COUNTS:
        for row, column in np.argwhere(counts):
            axes.text(
                column,
                row,
                _short(int(counts[row, column])),
                ha="center",
                va="center",
                fontsize=5.5,
                color="white" if shares[row, column] > 0.4 else "black",
            )
        # How often each character should have come, at the end of its row.
        beside = axes.secondary_yaxis("right")
        beside.set_yticks(range(len(names)), [f"{total:,}" for total in totals], fontsize=6)
        beside.tick_params(length=0)
        beside.set_ylabel("how many there are")
    shares_shown = (0, 0.01, 0.1, 0.25, 0.5, 1)
    bar = figure.colorbar(image, ax=axes, ticks=np.sqrt(shares_shown), shrink=0.8)
    bar.ax.set_yticklabels([f"{share:.0%}" for share in shares_shown])
    bar.set_label("share of the right character's row")


def _short(count: int) -> str:
    """Return a count in four characters at most, up to a billion."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            number = count / unit
            return f"{number:.1f}{name}" if number < 10 else f"{number:.0f}{name}"
    return str(count)
