"""Stacked cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.cells.base import Cell


class StackedRNNCells:
    """Stacked cells: each reads the output of the previous one at every step.

    Parameters
    ----------
    cells : sequence of Cell

    Examples
    --------
    >>> layer = RNN(StackedRNNCells([GRUCell(8), GRUCell(4)]))
    >>> layer(np.ones((2, 10, 3))).shape
    (2, 4)
    """

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = [checked(cell) for cell in cells]
        if not self.cells:
            raise ValueError("cells is empty; it should hold one cell or more")

    @property
    def state_size(self) -> list[Any]:
        """Sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    def __call__(self, inputs: Any, states: Any = None, training: bool | None = None) -> Any:
        """Return the output of the last cell, and a list of the new states of each."""
        following = []
        for cell, own in zip(self.cells, states or [None] * len(self.cells), strict=True):
            inputs, after = cell(inputs, own, training)
            following.append(after)
        return inputs, following


def checked(cell: Any) -> Cell:
    """Return a cell; raise an error if it is none."""
    if not isinstance(cell, Cell):
        kind = cell.__name__ if isinstance(cell, type) else type(cell).__name__
        raise TypeError(
            f"cell is {kind}; it should be a SimpleRNNCell, GRUCell or LSTMCell, several of these, "
            "or by itself a cell of your own: a class derived from Layer with state_size and "
            "call(inputs, states)"
        )
    return cell
