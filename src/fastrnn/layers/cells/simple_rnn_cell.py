"""One step of a simple RNN."""

from __future__ import annotations

from fastrnn.layers.cells.base import Cell
from fastrnn.layers.simple_rnn import SimpleRNN


class SimpleRNNCell(Cell):
    """A step of a :class:`~fastrnn.layers.SimpleRNN`.

    Examples
    --------
    >>> cell = SimpleRNNCell(8)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 8)
    """

    kind = SimpleRNN
