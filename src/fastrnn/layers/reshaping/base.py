"""The base of layers that keep the order of the elements."""

from __future__ import annotations

from fastrnn.layers.layer import Layer
from fastrnn.workspace import Array


class Reordered(Layer):
    """Base of the layers that only reshape."""

    takes_open_extents = True

    def call(self, inputs: Array) -> Array:
        """Reshape each sample to the output shape."""
        shape = self.compute_output_shape(inputs.shape)
        return inputs.reshape(len(inputs), *shape[1:])

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Reshape the gradient to the shape of the input."""
        return gradient.reshape(inputs.shape)
