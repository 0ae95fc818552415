"""One step of a GRU."""

from __future__ import annotations

from fastrnn.layers.cells.base import Cell
from fastrnn.layers.gru import GRU


class GRUCell(Cell):
    """A step of a :class:`~fastrnn.layers.GRU`, with its default of ``reset_after=False``.

    Examples
    --------
    >>> cell = GRUCell(8)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 8)
    """

    kind = GRU
