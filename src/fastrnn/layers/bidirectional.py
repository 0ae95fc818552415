"""A recurrent layer that reads a sequence in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.layers.masked import Masked
from fastrnn.layers.passing import Passing, Reversed
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.serialization import deserialize, serialize
from fastrnn.layers.shapes import Shape
from fastrnn.layers.states import check_states, states_of
from fastrnn.layers.wrapper import Wrapper, prefixed
from fastrnn.workspace import Array, Fork, Signal, Workspace, empty, zeros

#: How the outputs of the two directions can be merged.
MERGE_MODES = ("concat", "sum", "mul", "ave", None)


class Bidirectional(Wrapper):
    """Run a recurrent layer over a sequence in both directions, and merge the outputs.

    Parameters
    ----------
    layer : RecurrentLayer
        Such as ``GRU(64)``; two layers with its arguments are created, and this one is not changed.
    merge_mode : {"concat", "sum", "mul", "ave", None}
        Concatenation, sum, product, mean, or None: a call then returns a list of both outputs.
    backward_layer : RecurrentLayer, optional
        A layer with other arguments for the backward direction; with ``go_backwards=True``, unless
        `layer` has it.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    With ``return_sequences`` the outputs of the backward direction are reversed, so that both
    outputs at a step belong to that step; outputs at masked steps are zero.  Without it, the output
    merges the final outputs of both directions.  With ``return_state`` the states follow the
    output, those of the forward direction first; ``initial_state`` takes them in the same order.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> Bidirectional(GRU(4))(x).shape
    (2, 8)
    >>> Bidirectional(GRU(4, return_sequences=True), merge_mode="sum")(x).shape
    (2, 10, 4)
    """

    supports_masking = True

    def __init__(
        self,
        layer: RecurrentLayer,
        merge_mode: str | None = "concat",
        backward_layer: RecurrentLayer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        for argument, given in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(given, RecurrentLayer) and (argument == "layer" or given is not None):
                raise TypeError(
                    f"{argument} of Bidirectional is {_described(given)}; "
                    "it should be a recurrent layer such as GRU(64)"
                )
        if merge_mode not in MERGE_MODES:
            raise ValueError(f"merge_mode is {merge_mode!r}; it should be one of {MERGE_MODES}")
        self.merge_mode = merge_mode
        self._given = layer, backward_layer
        self.forward_layer = _copy(layer, "forward", layer.go_backwards)
        self.backward_layer = _copy(backward_layer or layer, "backward", not layer.go_backwards)
        if backward_layer is not None:
            self._check_backward(backward_layer)
        if not self.trainable:
            for inner in self.inner_layers:
                inner.trainable = False

    def named_layers(self) -> tuple[tuple[str, RecurrentLayer], tuple[str, RecurrentLayer]]:
        """Return the layers of both directions, the forward one first."""
        return ("forward", self.forward_layer), ("backward", self.backward_layer)

    def _check_backward(self, given: RecurrentLayer) -> None:
        one, other = self.forward_layer, given
        if one.go_backwards == other.go_backwards:
            raise ValueError(
                f"backward_layer of Bidirectional has go_backwards={other.go_backwards}, and so "
                "has layer; they should differ"
            )
        for argument in ("return_sequences", "return_state", "stateful"):
            if getattr(one, argument) != getattr(other, argument):
                raise ValueError(
                    f"backward_layer of Bidirectional has {argument}={getattr(other, argument)}; "
                    f"it should have that of layer, {getattr(one, argument)}"
                )
        if one.units != other.units and self.merge_mode not in ("concat", None):
            raise ValueError(
                f"backward_layer of Bidirectional has {other.units} units and layer {one.units}; "
                f"merge_mode={self.merge_mode!r} wants equally many"
            )

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights."""
        return [
            f"{which}_{name}" for which, layer in self.named_layers() for name in layer.weight_names
        ]

    def reset_states(self, states: Sequence[ArrayLike] | None = None) -> None:
        """Reset the states to zeros, or to `states`, those of the forward direction first."""
        count = self.forward_layer.state_count
        self.forward_layer.reset_states(None if states is None else states[:count])
        self.backward_layer.reset_states(None if states is None else states[count:])

    def __call__(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = None,
        initial_state: Any = None,
    ) -> Any:
        """Call the layer; see :class:`~fastrnn.layers.RecurrentLayer`."""
        return self._called(inputs, states_of(initial_state), mask, training)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless these are a sequence, optionally with all initial states."""
        units = [layer.units for _, layer in self.named_layers() for _ in range(layer.state_count)]
        check_states(self, shapes[1:], units)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the output has a mask: if it is a sequence and the input has one."""
        return self.forward_layer.carries_mask(masked)

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return the shape of the merged output; a list if there are several outputs."""
        found = [layer.compute_output_shape(input_shape) for _, layer in self.named_layers()]
        one, other = (shapes if isinstance(shapes, list) else [shapes] for shapes in found)
        outputs = [one[0], other[0]]
        if self.merge_mode is not None:
            units = self.forward_layer.units
            if self.merge_mode == "concat":
                units += self.backward_layer.units
            outputs = [(*one[0][:-1], units)]
        outputs += one[1:] + other[1:]
        return outputs if len(outputs) > 1 else outputs[0]

    def build(self, input_shape: Shape) -> None:
        """Create the weights of both directions, those of forward first."""
        for which, layer in self.named_layers():
            layer._dtype = layer._dtype or self.dtype
            if layer.dtype != self.dtype:
                raise ValueError(
                    f"the layer inside {self.name} computes in {layer.dtype}, its input is "
                    f"{self.dtype}; they should be the same"
                )
            layer.stored = prefixed(self.stored, which)
            layer.build(input_shape)
        self.parameters = [
            parameter for _, layer in self.named_layers() for parameter in layer.parameters
        ]

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _BidirectionalWorkspace(self, source, training, others)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        layer, backward = self._given
        frozen = [not inner.trainable for inner in self.inner_layers]
        config = {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": _written(layer, layer.go_backwards, frozen[0]),
        }
        if backward is None and frozen[0] == frozen[1]:
            return config
        written = _written(backward or layer, not layer.go_backwards, frozen[1])
        return {**config, "backward_layer": written}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Bidirectional:
        """Return a new layer from what :meth:`get_config` returned."""
        made = dict(config)
        for argument in ("layer", "backward_layer"):
            if argument in made:
                made[argument] = deserialize(made[argument])
        return cls(**made)


class _BidirectionalWorkspace(Workspace):
    """The workspaces of both directions, and of the merged output."""

    def __init__(
        self, layer: Bidirectional, source: Signal, training: bool, initial: Sequence[Signal]
    ) -> None:
        fork = Fork(source, 2)
        one, other = layer.forward_layer, layer.backward_layer
        count = one.state_count
        forwards = one.penalized_workspace(fork.outputs[0], training, *initial[:count])
        backwards = other.penalized_workspace(fork.outputs[1], training, *initial[count:])
        self._steps: list[Workspace] = [fork, forwards, backwards]
        ends: list[Signal] = [forwards.outputs[0], backwards.outputs[0]]
        if one.return_sequences:
            # One direction has its steps in reverse order.
            turned = Reversed(ends[not one.go_backwards])
            ends[not one.go_backwards] = turned
            self._steps.append(turned)
        if layer.merge_mode is None:
            merged: list[Workspace] = [
                Passing(end) if end.mask is None else Masked(end, end.mask) for end in ends
            ]
        else:
            merged = [_Merged(layer.merge_mode, ends[0], ends[1], training)]
        self._steps += merged
        states = [*forwards.outputs[1:], *backwards.outputs[1:]]
        self._outputs: list[Signal] = [*merged, *states]

    @property
    def outputs(self) -> Sequence[Signal]:
        """The merged output, or both, then the last states."""
        return self._outputs

    def forward(self, training: bool) -> None:
        for step in self._steps:
            step.forward(training)

    def backward(self) -> None:
        for step in reversed(self._steps):
            step.backward()

    def penalty(self) -> float:
        return sum(step.penalty() for step in self._steps)


class _Merged(Workspace):
    """The merged output of both directions, with zeros at masked steps."""

    needs_output = False

    def __init__(self, mode: str, one: Signal, other: Signal, training: bool) -> None:
        self._mode, self._sources = mode, (one, other)
        n = one.features
        self.features = n + other.features if mode == "concat" else n
        shape = (*one.output.shape[:-1], self.features)
        self.output = empty(shape, one.output.dtype)
        self.mask = one.mask
        self._ignored = None if self.mask is None else np.empty((*self.mask.shape, 1), np.bool_)
        self._read = one.output[..., :n], other.output[..., : other.features]
        if training:
            assert one.doutput is not None
            assert other.doutput is not None
            self.doutput = zeros(shape, one.output.dtype)
            self._written = one.doutput[..., :n], other.doutput[..., : other.features]

    def forward(self, training: bool) -> None:
        (one, other), out = self._read, self.output[..., : self.features]
        if self.mask is not None:
            np.equal(self.mask[..., np.newaxis], 0, out=self._ignored)
        if self._mode == "concat":
            n = self._sources[0].features
            np.copyto(out[..., :n], one)
            np.copyto(out[..., n:], other)
        elif self._mode == "mul":
            np.multiply(one, other, out=out)
        else:
            np.add(one, other, out=out)
            if self._mode == "ave":
                np.multiply(out, 0.5, out=out)
        self._clear(out)

    def backward(self) -> None:
        assert self.doutput is not None
        (done, dother), dout = self._written, self.doutput[..., : self.features]
        if self._mode == "concat":
            n = self._sources[0].features
            np.copyto(done, dout[..., :n])
            np.copyto(dother, dout[..., n:])
        elif self._mode == "mul":
            np.multiply(dout, self._read[1], out=done)
            np.multiply(dout, self._read[0], out=dother)
        else:
            np.multiply(dout, 0.5 if self._mode == "ave" else 1.0, out=done)
            np.copyto(dother, done)
        self._clear(done)
        self._clear(dother)

    def _clear(self, rows: Array) -> None:
        if self._ignored is not None:
            np.copyto(rows, 0, where=self._ignored)


def _copy(layer: RecurrentLayer, which: str, go_backwards: bool) -> RecurrentLayer:
    config = {**layer.get_config(), "name": f"{which}_{layer.name}", "go_backwards": go_backwards}
    made = type(layer).from_config(config)
    assert isinstance(made, RecurrentLayer)
    return made


def _written(layer: RecurrentLayer, go_backwards: bool, frozen: bool) -> dict[str, Any]:
    written = serialize(layer)
    for argument, value, default in (
        ("go_backwards", go_backwards, False),
        ("trainable", not frozen, True),
    ):
        written["config"].pop(argument, None)
        if value is not default:
            written["config"][argument] = value
    return written


def _described(given: object) -> str:
    return given.__name__ if isinstance(given, type) else type(given).__name__
