"""One layer at every step of a sequence."""

from __future__ import annotations

from typing import Any

from fastrnn._core.stage import Stage
from fastrnn.layers.activation import Activation
from fastrnn.layers.dense import Dense
from fastrnn.layers.layer import Layer, snake_case
from fastrnn.layers.symbolic import Shape
from fastrnn.workspace import Signal, Workspace


class TimeDistributed(Layer):
    """Apply a layer to every step of (batch, time, features) alike.

    Parameters
    ----------
    layer : Dense or Activation
        Both work on the last axis, so this wrapper adds a check of the shape and nothing else.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(layer, (Dense, Activation)):
            given = layer.__name__ if isinstance(layer, type) else type(layer).__name__
            raise TypeError(
                f"layer of TimeDistributed is {given}; it should be a Dense or an Activation layer"
            )
        self.layer = layer

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return what the inner layer makes of it."""
        if len(input_shape) != 3:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; "
                "it should be (None, time, features)"
            )
        shape = self.layer.compute_output_shape(input_shape)
        assert isinstance(shape, tuple)
        return shape

    def build(self, input_shape: Shape) -> None:
        """Build the inner layer; its weights are this one's."""
        if self.built:
            return
        self.compute_output_shape(input_shape)
        self.layer._dtype = self.layer._dtype or self._dtype
        if self.layer.dtype != self.dtype:
            raise ValueError(
                f"the layer inside {self.name} computes in {self.layer.dtype}, "
                f"its input is {self.dtype}; they should be the same"
            )
        self.layer.stored, self.stored = self.stored, None
        self.layer.build(input_shape)
        if self.layer._name is None:
            self.layer._name = snake_case(type(self.layer).__name__)
        if self.layer._built_for != input_shape[-1]:
            raise ValueError(
                f"the layer inside {self.name} was built for {self.layer._built_for} input "
                f"features; the input has shape {input_shape}"
            )
        self.parameters = self.layer.parameters
        self._built_for = self.layer._built_for
        self.built = True

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers of the inner layer."""
        return self.layer.workspace(source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return those of the inner layer."""
        return self.layer.stages(source)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        inner = {"class_name": type(self.layer).__name__, "config": self.layer.get_config()}
        return {**super().get_config(), "layer": inner}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> TimeDistributed:
        """Return a new layer from what :meth:`get_config` returned."""
        kinds: dict[str, type[Layer]] = {"Dense": Dense, "Activation": Activation}
        options = dict(config)
        inner = options.pop("layer")
        return cls(kinds[inner["class_name"]].from_config(inner["config"]), **options)
