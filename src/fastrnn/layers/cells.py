"""What computes single steps, and the layer of it: the cells of Keras's ``RNN``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import Constructible
from fastrnn.layers.gru import GRU
from fastrnn.layers.layer import Layer
from fastrnn.layers.lstm import LSTM
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.registry import KNOWN
from fastrnn.layers.simple_rnn import SimpleRNN
from fastrnn.layers.stacked_rnn import StackedRNN
from fastrnn.layers.states import states_of
from fastrnn.layers.symbolic import SymbolicTensor

Array = NDArray[Any]


class Cell(metaclass=Constructible):
    """One step of a recurrence: called on an input and states, it returns the output and the next.

    Parameters
    ----------
    units : int
    *arguments, **options :
        As of the layer that is named after the cell, but for those of sequences, such as
        `return_sequences`, which :func:`RNN` takes.

    Examples
    --------
    >>> cell = LSTMCell(8)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 8), 2)
    """

    #: The layer that computes such steps in a row.
    kind: ClassVar[type[RecurrentLayer]]
    _OF_SEQUENCES = ("return_sequences", "return_state", "go_backwards", "stateful")

    def __init__(self, units: int, *arguments: Any, **options: Any) -> None:
        for name in self._OF_SEQUENCES:
            if name in options:
                raise TypeError(f"{type(self).__name__} has no argument {name!r}; RNN takes it")
        self._layer = self.kind(units, *arguments, **options, return_state=True)
        self._config = self._layer.get_config()
        del self._config["return_state"], self._config["name"]
        self._is_taken = False

    @property
    def units(self) -> int:
        """Size of the state."""
        return self._layer.units

    @property
    def output_size(self) -> int:
        """Features of the output."""
        return self.units

    @property
    def state_size(self) -> Any:
        """Sizes of the states; one number where there is one."""
        count = self._layer.state_count
        return self.units if count == 1 else [self.units] * count

    def get_initial_state(self, batch_size: int) -> list[Array]:
        """Return states of zeros, each (batch_size, units)."""
        return [np.zeros((batch_size, self.units), self._layer.dtype)] * self._layer.state_count

    def __call__(self, inputs: Any, states: Any = None, training: bool | None = None) -> Any:
        """Return the output and a list of the next states.

        Parameters
        ----------
        inputs : SymbolicTensor or array_like of shape (batch, features)
        states : of shape (batch, units), or sequence of them, optional
            Zeros if left out.
        training : bool, optional
        """
        if self._is_taken:
            raise ValueError("the cell belongs to a layer RNN, which calls it; make another one")
        is_symbolic = isinstance(inputs, SymbolicTensor)
        step = KNOWN["RepeatVector"](n=1)(inputs) if is_symbolic else np.asarray(inputs)[:, None]
        output, *following = self._layer(
            step, training=training, initial_state=states_of(states) or None
        )
        return output, following

    def layer(self, **options: Any) -> RecurrentLayer:
        """Return the layer of such steps; it has the weights of the cell from now on."""
        if self._is_taken or self._layer.built:
            raise ValueError(f"this {type(self).__name__} has been used already; make another one")
        made = type(self._layer).from_config({**self._config, **options})
        assert isinstance(made, RecurrentLayer)
        self._layer, self._is_taken = made, True
        return made

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this cell."""
        return dict(self._config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.units})"


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


class StackedRNNCells:
    """Cells that read one another's outputs at every step.

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
        self.cells = [_checked(cell) for cell in cells]
        if not self.cells:
            raise ValueError("cells is empty; it should hold one cell or more")

    @property
    def state_size(self) -> list[Any]:
        """Sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    def __call__(self, inputs: Any, states: Any = None, training: bool | None = None) -> Any:
        """Return the output of the last cell, and a list of the next states of each."""
        following = []
        for cell, own in zip(self.cells, states or [None] * len(self.cells), strict=True):
            inputs, after = cell(inputs, own, training)
            following.append(after)
        return inputs, following


def RNN(
    cell: Any, return_sequences: bool = False, return_state: bool = False, **options: Any
) -> Layer:
    """Return the layer that runs a cell along a sequence.

    Parameters
    ----------
    cell : SimpleRNNCell, GRUCell, LSTMCell, StackedRNNCells, or list of cells
    return_sequences, return_state, **options :
        As of :class:`~fastrnn.layers.RecurrentLayer`.

    Returns
    -------
    SimpleRNN, GRU, LSTM or StackedRNN
        The last one for several cells.

    Raises
    ------
    TypeError
        If `cell` is a class of one's own.

    Examples
    --------
    >>> from fastrnn.layers import GRUCell, Input
    >>> RNN(GRUCell(8), return_sequences=True)(Input((None, 3))).shape
    (None, None, 8)
    """
    options.update(return_sequences=return_sequences, return_state=return_state)
    if isinstance(cell, StackedRNNCells):
        cell = cell.cells
    if not isinstance(cell, (list, tuple)):
        return _checked(cell).layer(**options)
    cells = [_checked(one) for one in cell]
    inner = {key: options.pop(key) for key in ("go_backwards", "stateful") if key in options}
    layers = [
        one.layer(return_sequences=True, stateful=inner.get("stateful", False)) for one in cells
    ]
    return StackedRNN(layers, go_backwards=inner.get("go_backwards", False), **options)


def _checked(cell: Any) -> Cell:
    if not isinstance(cell, Cell):
        kind = cell.__name__ if isinstance(cell, type) else type(cell).__name__
        raise TypeError(
            f"cell is {kind}; it should be a SimpleRNNCell, GRUCell or LSTMCell, or several. A "
            "recurrence of your own is a Layer with call and backward on whole sequences, or a "
            "loop over tensor[:, i] that calls layers"
        )
    return cell
