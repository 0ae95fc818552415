"""What layers share that keep the order of the numbers."""

from __future__ import annotations

from fastrnn.layers.layer import Layer
from fastrnn.workspace import Array


class Reordered(Layer):
    """Base of the layers whose gradient is their gradient in the shape of the input."""

    def call(self, inputs: Array) -> Array:
        """Give the numbers of each sample the shape of the output."""
        shape = self.compute_output_shape(inputs.shape)
        return inputs.reshape(len(inputs), *shape[1:])

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient in the shape of the input."""
        return gradient.reshape(inputs.shape)
