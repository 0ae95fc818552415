"""The layer of a cell."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.cells.own import OwnRNN
from fastrnn.layers.cells.stacked_cells import StackedRNNCells, checked
from fastrnn.layers.layer import Layer
from fastrnn.layers.stacked_rnn import StackedRNN


def RNN(
    cell: Any, return_sequences: bool = False, return_state: bool = False, **options: Any
) -> Layer:
    """Return the layer that runs a cell over a sequence.

    Parameters
    ----------
    cell : SimpleRNNCell, GRUCell, LSTMCell, StackedRNNCells, or list of cells
        Or a custom cell: a :class:`~fastrnn.layers.Layer` with ``state_size`` and ``call(inputs,
        states)``, which returns the output and a list of the new states.
    return_sequences, return_state, **options :
        As of :class:`~fastrnn.layers.RecurrentLayer`.

    Returns
    -------
    SimpleRNN, GRU, LSTM, StackedRNN or OwnRNN
        `StackedRNN` for several cells, `OwnRNN` for a custom cell.

    Raises
    ------
    TypeError
        If `cell` is not a cell.

    Examples
    --------
    >>> from fastrnn.layers import GRUCell, Input
    >>> RNN(GRUCell(8), return_sequences=True)(Input((None, 3))).shape
    (None, None, 8)
    """
    options.update(return_sequences=return_sequences, return_state=return_state)
    if isinstance(cell, StackedRNNCells):
        cell = cell.cells
    if isinstance(cell, Layer) and hasattr(cell, "state_size"):
        return OwnRNN(cell, **options)
    if not isinstance(cell, (list, tuple)):
        return checked(cell).layer(**options)
    cells = [checked(one) for one in cell]
    inner = {key: options.pop(key) for key in ("go_backwards", "stateful") if key in options}
    layers = [
        one.layer(return_sequences=True, stateful=inner.get("stateful", False)) for one in cells
    ]
    return StackedRNN(layers, go_backwards=inner.get("go_backwards", False), **options)
