"""The base of the cells."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import Constructible
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.registry import KNOWN
from fastrnn.layers.states import states_of
from fastrnn.layers.symbolic import SymbolicTensor

Array = NDArray[Any]


class Cell(metaclass=Constructible):
    """One step of a recurrence: called on an input and states, it returns an output and new states.

    Parameters
    ----------
    units : int
    *arguments, **options :
        The arguments of the layer of the same name, except those for sequences, such as
        `return_sequences`, which :func:`RNN` takes.

    Examples
    --------
    >>> cell = LSTMCell(8)
    >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape, len(states)
    ((2, 8), 2)
    """

    #: The layer that computes sequences of these steps.
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
        """Sizes of the states; a number if there is one state."""
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
        """Return the layer of the cell, which takes over its weights."""
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
