"""Recurrent layers in a row, with their states together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from fastrnn._core.stage import Stage
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.serialization import deserialize, serialize
from fastrnn.layers.shapes import Shape
from fastrnn.layers.states import check_states, states_of
from fastrnn.layers.wrapper import Wrapper, prefixed
from fastrnn.settings import boolean
from fastrnn.workspace import Signal, Workspace


class StackedRNN(Wrapper):
    """Recurrent layers, each of which reads the steps of the one before.

    :func:`~fastrnn.layers.RNN` makes it of several cells.

    Parameters
    ----------
    layers : sequence of RecurrentLayer
        The first one first; each with ``return_sequences=True``.
    return_sequences, return_state, go_backwards : bool, default False
        Of the whole: the last layer's output at every step or at the last one; the last states of
        all layers behind it; whether the first layer reads the steps from last to first.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.models import Sequential
    >>> cells = [GRU(8, return_sequences=True), GRU(4, return_sequences=True)]
    >>> model = Sequential([Input((None, 3)), StackedRNN(cells, return_sequences=True)])
    >>> model.output_shape
    (None, None, 4)
    """

    supports_masking = True
    reads_sequences = True

    def __init__(
        self,
        layers: Sequence[RecurrentLayer],
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.return_sequences = boolean("return_sequences", return_sequences)
        self.return_state = boolean("return_state", return_state)
        self.go_backwards = boolean("go_backwards", go_backwards)
        self.layers = [
            _with(
                layer,
                name=f"{place}",
                return_state=self.return_state,
                go_backwards=self.go_backwards and not place,
                return_sequences=self.return_sequences or place < len(layers) - 1,
            )
            for place, layer in enumerate(layers)
        ]
        if not self.trainable:
            for layer in self.layers:
                layer.trainable = False

    def named_layers(self) -> Sequence[tuple[str, RecurrentLayer]]:
        """Return the layers, by their places."""
        return [(str(place), layer) for place, layer in enumerate(self.layers)]

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights."""
        return [f"{which}_{n}" for which, layer in self.named_layers() for n in layer.weight_names]

    def reset_states(self, states: Sequence[ArrayLike] | None = None) -> None:
        """Let the next batch begin with zeros, or with `states`, those of the first layer first."""
        given = None if states is None else list(states)
        for layer in self.layers:
            layer.reset_states(None if given is None else given[: layer.state_count])
            given = None if given is None else given[layer.state_count :]

    def __call__(
        self, inputs: Any, mask: Any = None, training: bool | None = None, initial_state: Any = None
    ) -> Any:
        """Put this layer behind `inputs`; see :class:`~fastrnn.layers.RecurrentLayer`.

        `initial_state` has the states of all layers in a row, or a list of them for each layer.
        """
        given = [one for states in states_of(initial_state) for one in states_of(states)]
        return self._called(inputs, given, mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence and, or not, all initial states."""
        units = [layer.units for layer in self.layers for _ in range(layer.state_count)]
        check_states(self, shapes[1:], units)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: that of the input, if it is a sequence."""
        return masked[0] and self.return_sequences

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the shape of the output; with ``return_state`` a list with those of all states."""
        states: list[Shape] = []
        for layer in self.layers:
            found = layer.compute_output_shape(input_shape)
            input_shape, *after = found if isinstance(found, list) else [found]
            states += after
        return [input_shape, *states] if states else input_shape

    def build(self, input_shape: Shape) -> None:
        """Create the weights of all layers."""
        for which, layer in self.named_layers():
            layer._dtype = self.dtype
            layer.stored = prefixed(self.stored, which)
            layer.build(input_shape)
            input_shape = (*input_shape[:-1], layer.units)
        self.parameters = [one for layer in self.layers for one in layer.parameters]

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _Stacked(self, source, training, others)

    def stages(self, source: Stage) -> list[Stage]:
        """Return those of the layers, one behind the other."""
        found: list[Stage] = []
        for layer in self.layers:
            found += layer.stages(found[-1] if found else source)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        names = ("return_sequences", "return_state", "go_backwards")
        given = {name: True for name in names if getattr(self, name)}
        return {**super().get_config(), "layers": [serialize(one) for one in self.layers], **given}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> StackedRNN:
        """Return a new layer from what :meth:`get_config` returned."""
        options = dict(config)
        return cls([deserialize(one) for one in options.pop("layers")], **options)  # type: ignore[misc]


class _Stacked(Workspace):
    """The workspaces of the layers, one behind the other."""

    def __init__(
        self, layer: StackedRNN, source: Signal, training: bool, initial: Sequence[Signal]
    ) -> None:
        self._steps: list[Workspace] = []
        states: list[Signal] = []
        given = list(initial)
        for inner in layer.layers:
            own, given = given[: inner.state_count], given[inner.state_count :]
            step = inner.penalized_workspace(source, training, *own)
            source, *after = step.outputs
            self._steps.append(step)
            states += after
        self._outputs = [source, *states]

    @property
    def outputs(self) -> Sequence[Signal]:
        """The output of the last layer, then the last states of all."""
        return self._outputs

    def forward(self, training: bool) -> None:
        for step in self._steps:
            step.forward(training)

    def backward(self) -> None:
        for step in reversed(self._steps):
            step.backward()

    def penalty(self) -> float:
        return sum(step.penalty() for step in self._steps)


def _with(layer: RecurrentLayer, **options: Any) -> RecurrentLayer:
    made = type(layer).from_config({**layer.get_config(), **options})
    assert isinstance(made, RecurrentLayer)
    return made
