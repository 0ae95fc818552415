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

__all__ = ["FORMATS", "check_drawing", "plot"]

#: The formats of pictures, by the endings of their files.
FORMATS = ("png", "pdf", "svg", "svgz", "eps", "ps", "jpg", "jpeg", "tif", "tiff", "webp")


#: What the pictures by epoch are called.
TITLES = {
    "loss": "loss by epoch (padding included)",
    "accuracy": "share of characters that are right, by epoch",
}

#: Characters up to which the counts are written into the picture of mistakes.
MOST_WITH_COUNTS = 60


def plot(
    epochs: Sequence[Epoch],
    evaluation: Evaluation | None = None,
    format: str = "png",
    title: str | None = None,
) -> bytes:
    """Draw loss and accuracy by epoch and, below them, how well the model does where.

    Parameters
    ----------
    epochs : sequence of Epoch
        The rows of the history, one or more.
    evaluation : Evaluation, optional
        Adds the accuracy by position in the sentence, and which characters are taken for which.
    format : str, default "png"
        One of `FORMATS`.
    title : str, optional
        Stands above all, such as what was trained.

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

    if evaluation is None:
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        panels = figure.subplots(1, 2, squeeze=False)
    else:
        # Every character gets its row, with room for its label and its counts.
        side = min(max(5.0, 0.24 * len(evaluation.characters)), 20.0)
        figure = Figure(figsize=(4.5 + side, 3.5 + side), layout="constrained")
        panels = figure.subplots(
            2, 2, squeeze=False, width_ratios=(4.5, side), height_ratios=(3.5, side)
        )
    if title is not None:
        figure.suptitle(_label(title))
    for axes, name in zip(panels[0], ("loss", "accuracy"), strict=True):
        _by_epoch(axes, epochs, name)
    if evaluation is not None:
        _by_position(panels[1, 0], evaluation)
        _confusion(figure, panels[1, 1], evaluation)
    picture = BytesIO()
    with catch_warnings():
        # A character that the font lacks is drawn as a box.
        filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(picture, format=format, dpi=150)
    return picture.getvalue()


def _label(character: str) -> str:
    """Return what stands for a character beside an axis, where $ would begin a formula."""
    shown = character if character.isprintable() else repr(character)[1:-1]
    return shown.replace("$", r"\$")


def _by_epoch(axes: Any, epochs: Sequence[Epoch], name: str) -> None:
    numbers = [epoch.epoch for epoch in epochs]
    curves = {TRAINING: (numbers, [getattr(epoch, name) for epoch in epochs])}
    if epochs[0].val_loss is not None:
        curves[HELD_OUT] = (numbers, [getattr(epoch, f"val_{name}") for epoch in epochs])
    draw(axes, name, curves, TITLES[name])


def _by_position(axes: Any, evaluation: Evaluation) -> None:
    places = np.flatnonzero(evaluation.counted)
    axes.plot(places + 1, evaluation.right[places] / evaluation.counted[places], ".-")
    axes.set(xlabel="position in the sentence", ylabel="accuracy", ylim=(None, 1.02))
    axes.set_title(f"{evaluation.accuracy:.3%} of {evaluation.total:,} characters are right")
    axes.grid(alpha=0.3)


def _confusion(figure: Any, axes: Any, evaluation: Evaluation) -> None:
    """Draw the shares of every true character's answers, small ones shown large, with counts."""
    order = np.argsort(list(evaluation.characters))
    names = [evaluation.characters[i] for i in order]
    counts = evaluation.confusion[np.ix_(order, order)]
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(1, totals[:, np.newaxis])
    image = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    shown = ["space" if name == " " else _label(name) for name in names]
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
