"""One step of an LSTM."""

from __future__ import annotations

from fastrnn.layers.cells.base import Cell
from fastrnn.layers.lstm import LSTM


class LSTMCell(Cell):
    """A step of an :class:`~fastrnn.layers.LSTM`; its states are the output and the cell.

    Examples
    --------
    >>> cell = LSTMCell(8)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 8)
    """

    kind = LSTM
