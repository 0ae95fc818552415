"""The layer of a custom cell, which is computed step by step in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.calling import asked_for
from fastrnn.layers.composing import held_layers
from fastrnn.layers.one_inside import OneInside
from fastrnn.layers.returning import Returning
from fastrnn.layers.shapes import Shape
from fastrnn.layers.states import check_states, states_of


class OwnRNN(Returning, OneInside):
    """Run a custom cell over a sequence; :func:`~fastrnn.layers.RNN` creates it.

    Parameters
    ----------
    cell : Layer
        With ``state_size``, an integer or a list of integers, and ``call(inputs, states)``, which
        returns the output and a list of the new states.  `call` may have the parameter
        ``training``.  It uses operations of NumPy or :mod:`fastrnn.backend`, and is differentiated
        automatically, so it needs no `backward`.
    return_sequences, return_state, go_backwards : bool, default False
        As of :class:`~fastrnn.layers.RecurrentLayer`.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    It is computed by a loop in Python, which is good for trying out a recurrence, but slower than
    the compiled layers.  It cannot be stateful or run in a stream.

    Examples
    --------
    >>> class Decay(Layer):
    ...     state_size = 3
    ...
    ...     def call(self, inputs, states):
    ...         after = 0.5 * states[0] + inputs
    ...         return after, [after]
    >>> RNN(Decay())(np.ones((1, 2, 3)))
    array([[1.5, 1.5, 1.5]], dtype=float32)
    """

    takes_several = True
    is_per_step = False

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(return_sequences, return_state, go_backwards, **options)
        if held_layers(cell):
            raise TypeError(
                f"the cell {cell.name} is made of layers; compute with weights of add_weight, or "
                "call the layers in a loop over tensor[:, i]"
            )
        self.layer = cell
        self.share_frozen()

    @property
    def sizes(self) -> list[int]:
        """Sizes of the states."""
        return [int(size) for size in states_of(self.layer.state_size)]  # type: ignore[attr-defined]

    def __call__(
        self, inputs: Any, mask: Any = None, training: bool | None = None, initial_state: Any = None
    ) -> Any:
        """Call the layer; see :class:`~fastrnn.layers.RecurrentLayer`."""
        return self._called(inputs, states_of(initial_state), mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence, optionally with all initial states."""
        if len(shapes[0]) < 3:
            raise ValueError(
                f"{self.name} got an input of shape {shapes[0]}; "
                "it should be (None, time, features)"
            )
        check_states(self, shapes[1:], self.sizes)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the sequence, in the order of processing."""
        return previous_mask[0][:, ::-1] if self.go_backwards else previous_mask[0]

    def build(self, input_shape: Any) -> None:
        """Build the cell for one step; its weights are this layer's."""
        self.share_dtype(self.layer)
        self.layer.stored = None if self.layer.built else self.stored
        sequence = input_shape[0]
        self.layer.build((sequence[0], *sequence[2:]))
        self.parameters = self.layer.parameters

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Compute all steps in turn."""
        sequence, *states = inputs
        batch, steps = sequence.shape[:2]
        states = states or [np.zeros((batch, size), self.dtype) for size in self.sizes]
        named = asked_for(type(self.layer).call, {"training": training})
        outputs: list[Any] = []
        order = range(steps)[::-1] if self.go_backwards else range(steps)
        for step in order:
            output, after = self.layer.call(sequence[:, step], states, **named)
            after = states_of(after)
            if mask[0] is not None:
                counts = mask[0][:, step, np.newaxis]
                output = np.where(counts, output, outputs[-1] if outputs else np.zeros_like(output))
                after = [np.where(counts, a, b) for a, b in zip(after, states, strict=True)]
            outputs.append(output)
            states = after
        made = np.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return [made, *states] if self.return_state else made
