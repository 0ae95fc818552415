"""The layer of a custom cell, which is computed step by step in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn._core.stage import Stage
from fastrnn.layers.calling import asked_for
from fastrnn.layers.cells.own_stage import stage
from fastrnn.layers.cells.stepping import Stepping
from fastrnn.layers.composing import held_layers
from fastrnn.layers.shapes import Shape


class OwnRNN(Stepping):
    """Run a custom cell over a sequence; :func:`~fastrnn.layers.RNN` creates it.

    Parameters
    ----------
    cell : Layer
        With ``state_size``, an integer or a list of integers, and ``call(inputs, states)``, which
        returns the output and a list of the new states.  `call` may have the parameter
        ``training``.  It uses operations of NumPy or :mod:`fastrnn.backend`, and is differentiated
        automatically, so it needs no `backward`.
    return_sequences, return_state, go_backwards, stateful : bool, default False
        As of :class:`~fastrnn.layers.RecurrentLayer`.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    It is computed by a loop in Python, which is good for trying out a recurrence, but slower than
    the compiled layers.

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

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(return_sequences, return_state, go_backwards, stateful, **options)
        if held_layers(cell):
            raise TypeError(
                f"the cell {cell.name} is made of layers; compute with weights of add_weight, or "
                "call the layers in a loop over tensor[:, i]"
            )
        self.layer = cell
        self.share_frozen()

    def build(self, input_shape: Any) -> None:
        """Build the cell for one step; its weights are this layer's."""
        self.share_dtype(self.layer)
        self.layer.stored = None if self.layer.built else self.stored
        sequence = _sequence_of(input_shape)
        self.layer.build((sequence[0], *sequence[2:]))
        self.parameters = self.layer.parameters

    def compute_output_shape(self, input_shape: Any) -> Shape | list[Shape]:
        """Return the shape that a step makes of ones; with ``return_state`` a list."""
        batch, time, *features = _sequence_of(input_shape)
        states = [np.ones((1, size), self.dtype) for size in self.sizes]
        output, _ = self.step(np.ones((1, *features), self.dtype), states, False)
        made = np.shape(output)[1:]
        first: Shape = (batch, time, *made) if self.return_sequences else (batch, *made)
        return [first, *((batch, size) for size in self.sizes)] if self.return_state else first

    def step(self, inputs: Any, states: Sequence[Any], training: bool) -> tuple[Any, list[Any]]:
        """Return the output of the cell and the states after one step."""
        named = asked_for(type(self.layer).call, {"training": training})
        with np.errstate(all="ignore"):
            output, after = self.layer.call(inputs, list(states), **named)
        return output, list(after) if isinstance(after, (list, tuple)) else [after]

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Compute all steps in turn."""
        sequence, *given = inputs
        batch, steps = sequence.shape[:2]
        states = self.begun(batch, given)
        outputs: list[Any] = []
        order = range(steps)[::-1] if self.go_backwards else range(steps)
        for step in order:
            output, after = self.step(sequence[:, step], states, training)
            if mask[0] is not None:
                counts = mask[0][:, step, np.newaxis]
                output = np.where(counts, output, outputs[-1] if outputs else np.zeros_like(output))
                after = [np.where(counts, a, b) for a, b in zip(after, states, strict=True)]
            outputs.append(output)
            states = after
        self.keep(states)
        made = np.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return [made, *states] if self.return_state else made

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stage that computes the layer in a stream, from states of zero."""
        self.check_stream()
        return [stage(self, source)]


def _sequence_of(input_shape: Any) -> Any:
    """Return the shape of the sequence, also if those of initial states follow it."""
    return input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
