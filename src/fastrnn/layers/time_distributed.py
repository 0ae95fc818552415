"""One layer at every step of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn._core.memory import aligned_zeros
from fastrnn._core.stage import Stage
from fastrnn.layers.layer import Layer
from fastrnn.layers.registry import deserialize, serialize
from fastrnn.layers.symbolic import Shape, one_or_all
from fastrnn.layers.wrapper import Wrapper
from fastrnn.workspace import Array, Signal, Workspace


class TimeDistributed(Wrapper):
    """Apply a layer to every step of (batch, time, ..., features) alike.

    Parameters
    ----------
    layer : Layer
        What it takes is (batch, ..., features), without the time: ``TimeDistributed(LSTM(8))``
        makes (batch, time, 8) of (batch, time, steps, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    A mask passes, and the layer does not see it: it computes the steps that do not count as well.

    Examples
    --------
    >>> from fastrnn.layers import LSTM, Input, TimeDistributed
    >>> TimeDistributed(LSTM(8))(Input((None, 28, 1))).shape
    (None, None, 8)
    """

    supports_masking = True
    draws_weights = False

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        if hasattr(layer, "as_layer"):
            layer = layer.as_layer()
        if not isinstance(layer, Layer):
            given = layer.__name__ if isinstance(layer, type) else type(layer).__name__
            raise TypeError(
                f"layer of TimeDistributed is {given}; it should be a layer, such as Dense(3)"
            )
        if layer.couples_samples:
            raise ValueError(
                f"layer of TimeDistributed is {type(layer).__name__}, which takes all steps of all "
                "samples together: put it behind the sequence without TimeDistributed"
            )
        self.layer: Layer = layer
        self._dtype = self._dtype or layer._dtype
        if not self.trainable:
            layer.trainable = False

    def named_layers(self) -> Sequence[tuple[str, Layer]]:
        """Return the wrapped layer."""
        return [("layer", self.layer)]

    # What the inner layer says is true of this one.

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it does the same to the features of every step."""
        return self.layer.is_per_step

    @property
    def token_inputs(self) -> tuple[int, ...]:  # type: ignore[override]
        """Which of the things it is called on are integers."""
        return self.layer.token_inputs

    @property
    def token_count(self) -> int:  # type: ignore[override]
        """How many tokens the layer knows."""
        return self.layer.token_count

    @property
    def weight_names(self) -> list[str]:
        """What files call the weights."""
        return self.layer.weight_names

    def check_tokens(self, tokens: Array, argument: str) -> None:
        """Raise ``ValueError`` unless the layer can take all of the integers."""
        self.layer.check_tokens(tokens, argument)

    def check_tokens_at(self, place: int, tokens: Array, argument: str) -> None:
        """Do the same for one of several inputs."""
        self.layer.check_tokens_at(place, tokens, argument)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Draw for rows of larger batches, or for whole ones."""
        if rows is not None and not self.is_per_step:
            raise ValueError(
                f"{self.name} draws random numbers, for every step of every sample; several "
                "processes cannot share that: train it on one"
            )
        super().draw_for(rows)

    def build(self, input_shape: Shape) -> None:
        """Build the inner layer; its weights are this one's."""
        inner = self.layer
        inner._dtype = inner._dtype or self._dtype
        if inner.dtype != self.dtype:
            raise ValueError(
                f"the layer inside {self.name} computes in {inner.dtype}, "
                f"its input is {self.dtype}; they should be the same"
            )
        inner.stored = None if inner.built else self.stored
        inner.prepare([self._shape_within(input_shape)])
        self.parameters = inner.parameters

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless it is called on a sequence that the layer can take."""
        if len(shapes) != 1:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes one")
        if len(shapes[0]) < 3:
            raise ValueError(
                f"{self.name} got an input of shape {shapes[0]}; "
                "it should be (None, time, features)"
            )
        if not self.layer.built:
            self.layer.stored = self.stored
        self.layer.check_inputs([self._shape_within(shapes[0])])

    def compute_output_shape(self, input_shape: Shape) -> Shape | list[Shape]:
        """Return what the inner layer makes of it, at every step."""
        found = self.layer.output_shapes([self._shape_within(input_shape)])
        if not self.is_per_step:
            found = [(*input_shape[:2], *shape[1:]) for shape in found]
        shapes: Shape | list[Shape] = one_or_all(found)
        return shapes

    def _shape_within(self, shape: Shape) -> Shape:
        """Return what the inner layer is given: the steps of all samples as so many samples."""
        return shape if self.is_per_step else (None, *shape[2:])

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if self.is_per_step:
            return self.layer.workspace(source, training)
        return _Distributed(self.layer, source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return those of the inner layer, if it takes one step at a time."""
        return self.layer.stages(source) if self.is_per_step else super().stages(source)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TimeDistributed:
        """Return a new layer from what :meth:`get_config` returned."""
        options = dict(config)
        return cls(deserialize(options.pop("layer")), **options)


class _Distributed(Workspace):
    """The inner layer on a batch of all steps of all samples.

    What has no time of its own within is the same memory, seen as rows; the rest is copied, since
    its own time stands in front there.
    """

    def __init__(self, layer: Layer, source: Signal, training: bool) -> None:
        self.mask = source.mask
        # Each pair is a buffer within, and the same part of the one outside.
        self._in: list[tuple[Array, Array]] = []
        self._out: list[tuple[Array, Array]] = []
        self._dout: list[tuple[Array, Array]] = []
        self._din: list[tuple[Array, Array]] = []
        within = Signal()
        within.features = source.features
        within.output = _fold(source.output, self._in)
        if source.doutput is not None:
            within.doutput = _fold(source.doutput, self._din)
        self._inner = layer.workspace(within, training)
        steps = source.output.shape[:2]
        self._outputs: list[Signal] = []
        for index, inner in enumerate(self._inner.outputs):
            signal = Signal() if index else self
            signal.features = inner.features
            signal.output = _unfold(inner.output, steps, self._out)
            if inner.doutput is not None:
                signal.doutput = _unfold(inner.doutput, steps, self._dout)
            self._outputs.append(signal)

    @property
    def outputs(self) -> Sequence[Signal]:
        """All outputs of the inner layer."""
        return self._outputs

    def forward(self, training: bool) -> None:
        """Run the inner layer."""
        for inside, outside in self._in:
            np.copyto(inside, outside)
        self._inner.forward(training)
        for inside, outside in self._out:
            np.copyto(outside, inside)

    def backward(self) -> None:
        """Run the inner layer back."""
        for inside, outside in self._dout:
            np.copyto(inside, outside)
        self._inner.backward()
        for inside, outside in self._din:
            np.copyto(outside, inside)

    def settle(self) -> None:
        """Let the inner layer end a step."""
        self._inner.settle()


def _fold(outside: Array, pairs: list[tuple[Array, Array]]) -> Array:
    """Return (time, batch, ...) as what a layer within gets for (time · batch) samples."""
    rows = outside.reshape(-1, *outside.shape[2:])
    if rows.ndim == 2 and rows.dtype.kind == "f":
        return rows
    by_time = rows.swapaxes(0, 1)
    inside = aligned_zeros(by_time.shape, by_time.dtype)
    pairs.append((inside, by_time))
    return inside


def _unfold(inside: Array, steps: tuple[int, ...], pairs: list[tuple[Array, Array]]) -> Array:
    """Return what a layer within makes of so many samples as (time, batch, ...)."""
    if inside.ndim == 2:
        return inside.reshape(*steps, -1)
    time, _, *rest = inside.shape
    outside = aligned_zeros((*steps, time, *rest), inside.dtype)
    pairs.append((inside, outside.reshape(-1, time, *rest).swapaxes(0, 1)))
    return outside
