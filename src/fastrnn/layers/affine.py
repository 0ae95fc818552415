"""The base of layers that multiply by a kernel and add a bias."""

from __future__ import annotations

from typing import Any

from fastrnn import initializers
from fastrnn._core.memory import aligned_zeros
from fastrnn.layers.function_kernel import FunctionKernel, kernel_of
from fastrnn.layers.layer import Layer
from fastrnn.settings import boolean
from fastrnn.workspace import Array


class Affine(Layer):
    """Base of the layers with a kernel, a bias and an activation.

    Parameters
    ----------
    activation : str or function, optional
    use_bias : bool
    kernel_initializer, bias_initializer : str or Initializer
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        kernel_initializer: initializers.Identifier,
        bias_initializer: initializers.Identifier,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.activation = kernel_of(activation)
        self.use_bias = boolean("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def add_kernel(self, *shape: int, of_steps: bool) -> None:
        """Create the kernel, whose last axis is that of the output, and the bias.

        `of_steps` says whether the layer computes every step of a sequence.
        """
        if of_steps and isinstance(self.activation, FunctionKernel):
            self.activation.check_positions(shape[-1])
        self.add_parameter("kernel", shape, self.kernel_initializer)
        if self.use_bias:
            self.add_parameter("bias", shape[-1:], self.bias_initializer)

    def bias_or_zeros(self) -> Array:
        """Return the bias, or zeros in its place."""
        if self.use_bias:
            return self.parameter("bias").value
        return aligned_zeros(self.parameter("kernel").shape[-1], self.dtype)

    def sizes(self) -> dict[str, Any]:
        """Return the arguments that are specific to this layer."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {
            **super().get_config(),
            **self.sizes(),
            "activation": self.activation.name,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
