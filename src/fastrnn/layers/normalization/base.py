"""The base of normalization layers: scale and offset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn import initializers
from fastrnn.layers.checks import axis_of, not_negative
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.settings import boolean
from fastrnn.workspace import Array


class Normalization(Layer):
    """Base of the normalization layers, with the scale gamma and the offset beta."""

    supports_masking = True

    def __init__(
        self,
        axis: Any,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: initializers.Identifier,
        gamma_initializer: initializers.Identifier,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        kind = type(self).__name__
        given = axis if isinstance(axis, (list, tuple)) else [axis]
        self.axis = [axis_of(self, one) for one in given]
        self.epsilon = not_negative(self, "epsilon", epsilon)
        self.center = boolean(f"center of {kind}", center)
        self.scale = boolean(f"scale of {kind}", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)

    @property
    def _epsilon(self) -> Any:
        return self.dtype.type(self.epsilon)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        self._places(input_shape)
        return input_shape

    def _places(self, shape: Sequence[Any]) -> list[int]:
        """Return the axes as non-negative indices, after checking that their extents are known."""
        rank = len(shape)
        places = sorted({axis % rank for axis in self.axis if -rank <= axis < rank} - {0})
        if len(places) < len(self.axis) or None in [shape[place] for place in places]:
            raise ValueError(
                f"{self.name} got an input of shape {tuple(shape)}; axis is {self.axis}, which "
                "should be axes of known extent behind the batch"
            )
        return places

    def build(self, input_shape: Shape) -> None:
        """Create gamma and beta."""
        shape: Any = tuple(input_shape[place] for place in self._places(input_shape))
        if self.scale:
            self.add_parameter("gamma", shape, self.gamma_initializer)
        if self.center:
            self.add_parameter("beta", shape, self.beta_initializer)

    def _spread(self, vector: Array, inputs: Array) -> Array:
        """Return a vector for the axes in a shape that broadcasts to that of the inputs."""
        places = self._places(inputs.shape)
        return vector.reshape([n if p in places else 1 for p, n in enumerate(inputs.shape)])

    def _scaled(self, normal: Array) -> Array:
        if self.scale:
            normal = normal * self._spread(self.parameter("gamma").value, normal)
        if self.center:
            normal = normal + self._spread(self.parameter("beta").value, normal)
        return normal

    def _unscaled(self, gradient: Array, normal: Array) -> Array:
        """Compute the gradients of gamma and beta, and return that of the normalized values."""
        places = self._places(gradient.shape)
        others = tuple(place for place in range(gradient.ndim) if place not in places)
        if self.center:
            self.parameter("beta").gradient[...] = gradient.sum(axis=others)
        if self.scale:
            self.parameter("gamma").gradient[...] = (gradient * normal).sum(axis=others)
            gradient = gradient * self._spread(self.parameter("gamma").value, gradient)
        return gradient

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {
            **super().get_config(),
            "axis": self.axis if len(self.axis) > 1 else self.axis[0],
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **self._initializers("beta", "gamma"),
        }

    def _initializers(self, *weights: str) -> dict[str, Any]:
        """Return what some weights begin with, as JSON can hold it."""
        names = [f"{weight}_initializer" for weight in weights]
        return {name: initializers.serialize(getattr(self, name)) for name in names}
