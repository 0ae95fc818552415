"""The base of layers with several inner recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.shapes import Shape
from fastrnn.layers.states import check_states, states_of
from fastrnn.layers.wrapper import Wrapper, prefixed
from fastrnn.workspace import Signal, Workspace


class SeveralRecurrent(Wrapper):
    """A layer with the states of all inner recurrent layers, in their order."""

    supports_masking = True

    def named_layers(self) -> Sequence[tuple[str, RecurrentLayer]]:
        """Return the layers, with the names of their weights and states in files."""
        raise NotImplementedError

    @property
    def weight_names(self) -> list[str]:
        """The names of the weights in files."""
        return [f"{which}_{n}" for which, layer in self.named_layers() for n in layer.weight_names]

    def reset_states(self, states: Sequence[ArrayLike] | None = None) -> None:
        """Reset the states to zeros, or to `states`, those of the first layer first."""
        given = None if states is None else list(states)
        for _, layer in self.named_layers():
            layer.reset_states(None if given is None else given[: layer.state_count])
            given = None if given is None else given[layer.state_count :]

    def __call__(
        self, inputs: Any, mask: Any = None, training: bool | None = None, initial_state: Any = None
    ) -> Any:
        """Call the layer; see :class:`~fastrnn.layers.RecurrentLayer`.

        `initial_state` is a flat list of the states of all layers, or a list of states for each
        layer.
        """
        given = [one for states in states_of(initial_state) for one in states_of(states)]
        return self._called(inputs, given, mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence, optionally with all initial states."""
        sizes = [size for _, layer in self.named_layers() for size in layer.sizes]
        check_states(self, shapes[1:], sizes)

    def build(self, input_shape: Shape) -> None:
        """Create the weights of all layers, those of the first one first."""
        for which, layer in self.named_layers():
            self.share_dtype(layer)
            layer.stored = prefixed(self.stored, which)
            shapes: Any = [input_shape] if layer.takes_several else input_shape
            layer.build(shapes)
            input_shape = self._shape_behind(layer, input_shape)
        self.parameters = [one for _, layer in self.named_layers() for one in layer.parameters]

    def _shape_behind(self, layer: RecurrentLayer, input_shape: Shape) -> Shape:
        """Return the input shape of the next layer: that of this one, unless layers are stacked."""
        return input_shape


class SeveralSteps(Workspace):
    """Workspaces that run in turn, with the outputs of some of them."""

    def __init__(self, steps: Sequence[Workspace], outputs: Sequence[Signal]) -> None:
        self._steps, self._outputs = steps, outputs

    @property
    def outputs(self) -> Sequence[Signal]:
        """The output, or several, then the final states."""
        return self._outputs

    def forward(self, training: bool) -> None:
        """Run all of them."""
        for step in self._steps:
            step.forward(training)

    def backward(self) -> None:
        """Run all of them backward."""
        for step in reversed(self._steps):
            step.backward()

    def penalty(self) -> float:
        """Return the penalty of the layers."""
        return sum(step.penalty() for step in self._steps)
