"""Pictures of a training run and of what its model makes of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np

from fastrnn.cipher.evaluation import Evaluation
from fastrnn.cipher.history import Epoch

__all__ = ["plot"]


def plot(epochs: Sequence[Epoch], evaluation: Evaluation | None = None) -> bytes:
    """Draw loss and accuracy by epoch and, below them, how well the model does where.

    Parameters
    ----------
    epochs : sequence of Epoch
        The rows of the history, one or more.
    evaluation : Evaluation, optional
        Adds the accuracy by position in the sentence, and which characters are taken for which.

    Returns
    -------
    bytes
        A PNG file's content.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib, which is not installed: pip install 'fastrnn[plot]'"
        ) from error
    rows = 1 if evaluation is None else 2
    figure = Figure(figsize=(9, 3.5 if rows == 1 else 8), layout="constrained")
    panels = figure.subplots(rows, 2, squeeze=False)
    for axes, name in zip(panels[0], ("loss", "accuracy"), strict=True):
        _by_epoch(axes, epochs, name)
    if evaluation is not None:
        _by_position(panels[1, 0], evaluation)
        _confusion(figure, panels[1, 1], evaluation)
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    return picture.getvalue()


def _by_epoch(axes: Any, epochs: Sequence[Epoch], name: str) -> None:
    numbers = [epoch.epoch for epoch in epochs]
    axes.plot(numbers, [getattr(epoch, name) for epoch in epochs], "o-", label="training")
    if epochs[0].val_loss is not None:
        held_out = [getattr(epoch, f"val_{name}") for epoch in epochs]
        axes.plot(numbers, held_out, "s--", label="held out")
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend()


def _by_position(axes: Any, evaluation: Evaluation) -> None:
    places = np.flatnonzero(evaluation.counted)
    axes.plot(places + 1, evaluation.right[places] / evaluation.counted[places], ".-")
    axes.set(xlabel="position in the sentence", ylabel="accuracy", ylim=(None, 1.02))
    axes.set_title(f"{evaluation.accuracy:.3%} of {evaluation.total} characters", fontsize=10)
    axes.grid(alpha=0.3)


def _confusion(figure: Any, axes: Any, evaluation: Evaluation) -> None:
    """Draw the shares of every true character's answers, few ones shown large."""
    order = np.argsort(list(evaluation.characters))
    names = [evaluation.characters[i] for i in order]
    counts = evaluation.confusion[np.ix_(order, order)]
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    image = axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    shown = ["␣" if name.isspace() else name for name in names]
    axes.set_xticks(range(len(names)), shown, fontsize=6, family="monospace")
    axes.set_yticks(range(len(names)), shown, fontsize=6, family="monospace")
    axes.set(xlabel="answer", ylabel="truth")
    shares_shown = (0, 0.01, 0.1, 0.25, 0.5, 1)
    bar = figure.colorbar(image, ax=axes, ticks=np.sqrt(shares_shown), shrink=0.8)
    bar.ax.set_yticklabels([f"{share:.0%}" for share in shares_shown])
