"""The base of elementwise layers."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Elementwise(Layer):
    """Base of the elementwise layers."""

    supports_masking = True
    takes_open_extents = True
    is_per_step = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def slope(self, inputs: Array) -> Any:
        """Return the derivative of each element."""
        raise NotImplementedError

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient times the slope."""
        found: Array = gradient * self.slope(inputs)
        return found
