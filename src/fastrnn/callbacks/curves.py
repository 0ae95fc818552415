"""Plots of logs by epoch, with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

__all__ = ["HELD_OUT", "TRAINING", "Curve", "check_drawing", "draw"]

#: Epochs, and the values after them.
Curve = tuple[Sequence[int], Sequence[float]]

#: Names of the curves in the legend.
TRAINING, HELD_OUT = "training", "held out"

#: Markers and line styles of successive curves.
STYLES = ("o-", "s--")


def check_drawing() -> None:
    """Check that matplotlib is installed, before a long computation.

    Raises
    ------
    ImportError
        matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib, which is not installed: pip install 'fastrnn[plot]'"
        ) from error


def draw(axes: Any, name: str, curves: Mapping[str, Curve], title: str | None = None) -> None:
    """Plot a quantity by epoch, with integer ticks.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        The axes to draw on.
    name : str
        Name of the quantity, such as ``"loss"``.
    curves : mapping of str to (sequence of int, sequence of float)
        By name in the legend: the epochs, from 1, and a value for each.
    title : str, optional
        `name` by epoch if left out.
    """
    for style, (label, (epochs, values)) in zip(cycle(STYLES), curves.items()):
        axes.plot(epochs, values, style, label=label, markersize=4)
    axes.set(xlabel="epoch", ylabel=name, title=title or f"{name} by epoch")
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    there = {epoch for epochs, _ in curves.values() for epoch in epochs}
    if len(there) == 1:
        axes.set_xlim(min(there) - 1, max(there) + 1)
    axes.grid(alpha=0.3)
    axes.legend()
