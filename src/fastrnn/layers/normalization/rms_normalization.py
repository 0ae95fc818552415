"""Normalization by the root mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn import initializers
from fastrnn.layers.checks import not_negative
from fastrnn.layers.normalization.axes import Axes
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class RMSNormalization(Axes):
    """x / √(mean of x² + ε) · scale, over the features of every step.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        Axes of the mean; the weight `scale` has their extents.
    epsilon : float, default 1e-6
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    References
    ----------
    B. Zhang, R. Sennrich, Root mean square layer normalization, NeurIPS 2019.

    Examples
    --------
    >>> RMSNormalization()(np.array([[3.0, 4.0, 0.0, 0.0]]))
    array([[1.2, 1.6, 0. , 0. ]], dtype=float32)
    """

    supports_masking = False
    _arguments = ("epsilon",)

    def __init__(
        self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **options: Any
    ) -> None:
        super().__init__(axis, **options)
        self.epsilon = not_negative(self, "epsilon", epsilon)

    def build(self, input_shape: Shape) -> None:
        """Create the weight."""
        shape: Any = tuple(input_shape[place] for place in self._places(input_shape))
        self.add_parameter("scale", shape, initializers.get("ones"))

    def call(self, inputs: Array, kept: dict[str, Any]) -> Any:
        """Normalize."""
        places = tuple(self._places(inputs.shape))
        mean = np.square(inputs).mean(axis=places, keepdims=True)
        kept["factor"] = 1 / np.sqrt(mean + inputs.dtype.type(self.epsilon))
        kept["normal"] = inputs * kept["factor"]
        return kept["normal"] * self._spread(self.parameter("scale").value, inputs)

    def backward(self, gradient: Array, kept: dict[str, Any]) -> Any:
        """Return the gradient of the input."""
        normal, scale = kept["normal"], self.parameter("scale")
        scale.gradient[...] = self._summed(gradient * normal)
        dnormal = gradient * self._spread(scale.value, gradient)
        places = tuple(self._places(gradient.shape))
        along = (dnormal * normal).mean(axis=places, keepdims=True)
        return (dnormal - normal * along) * kept["factor"]
