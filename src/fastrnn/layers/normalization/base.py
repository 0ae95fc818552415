"""The base of normalization layers: scale and offset."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn import initializers
from fastrnn.layers.checks import not_negative
from fastrnn.layers.normalization.axes import Axes
from fastrnn.layers.shapes import Shape
from fastrnn.settings import boolean
from fastrnn.workspace import Array


class ScaledNormalization(Axes):
    """Base of the normalization layers, with the scale gamma and the offset beta."""

    _arguments: ClassVar[tuple[str, ...]] = (
        "epsilon",
        "center",
        "scale",
        "beta_initializer",
        "gamma_initializer",
    )

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
        super().__init__(axis, **options)
        kind = type(self).__name__
        self.epsilon = not_negative(self, "epsilon", epsilon)
        self.center = boolean(f"center of {kind}", center)
        self.scale = boolean(f"scale of {kind}", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)

    @property
    def _epsilon(self) -> Any:
        return self.dtype.type(self.epsilon)

    def build(self, input_shape: Shape) -> None:
        """Create gamma and beta."""
        shape: Any = tuple(input_shape[place] for place in self._places(input_shape))
        if self.scale:
            self.add_parameter("gamma", shape, self.gamma_initializer)
        if self.center:
            self.add_parameter("beta", shape, self.beta_initializer)

    def _standardized(self, x: Array, places: tuple[int, ...], kept: dict[str, Any]) -> Array:
        """Return x with mean 0 and variance 1 along axes."""
        centred = x - x.mean(axis=places, keepdims=True)
        variance = np.square(centred).mean(axis=places, keepdims=True)
        kept["factor"] = factor = 1 / np.sqrt(variance + self._epsilon)
        normal: Array = centred * factor
        kept["normal"] = normal
        return normal

    def _standardized_back(
        self, dnormal: Array, places: tuple[int, ...], kept: dict[str, Any]
    ) -> Array:
        """Return the gradient of `x`, given that of what :meth:`_standardized` returned."""
        normal = kept["normal"]
        along = (dnormal * normal).mean(axis=places, keepdims=True)
        mean = dnormal.mean(axis=places, keepdims=True)
        found: Array = (dnormal - mean - normal * along) * kept["factor"]
        return found

    def _scaled(self, normal: Array) -> Array:
        if self.scale:
            normal = normal * self._spread(self.parameter("gamma").value, normal)
        if self.center:
            normal = normal + self._spread(self.parameter("beta").value, normal)
        return normal

    def _unscaled(self, gradient: Array, normal: Array) -> Array:
        """Compute the gradients of gamma and beta, and return that of the normalized values."""
        if self.center:
            self.parameter("beta").gradient[...] = self._summed(gradient)
        if self.scale:
            self.parameter("gamma").gradient[...] = self._summed(gradient * normal)
            gradient = gradient * self._spread(self.parameter("gamma").value, gradient)
        return gradient
