"""The base of layers that multiply by a kernel and add a bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fastrnn import initializers
from fastrnn._core.memory import aligned_zeros
from fastrnn.layers.function_kernel import FunctionKernel, kernel_of
from fastrnn.layers.layer import Layer
from fastrnn.settings import boolean
from fastrnn.workspace import Array


class Affine(Layer):
    """Base of the layers with kernels, a bias and an activation.

    Parameters
    ----------
    activation : str or function, optional
    use_bias : bool
    drawn : mapping of str to str or Initializer
        The initializers of the kernels and of the bias: "kernel", "bias".
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    _arguments: ClassVar[tuple[str, ...]] = ("use_bias",)

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        drawn: Mapping[str, initializers.Identifier],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.activation = kernel_of(activation)
        self.use_bias = boolean("use_bias", use_bias)
        self._drawn = tuple(drawn)
        for name, initializer in drawn.items():
            setattr(self, f"{name}_initializer", initializers.get(initializer))

    def initializer_of(self, name: str) -> initializers.Initializer:
        """Return the initializer of a kernel or of the bias."""
        found: initializers.Initializer = getattr(self, f"{name}_initializer")
        return found

    def add_kernel(self, *shape: int, of_steps: bool) -> None:
        """Create the kernel, whose last axis is that of the output, and the bias.

        `of_steps` says whether the layer computes every step of a sequence.
        """
        self.add_parameter("kernel", shape, self.initializer_of("kernel"))
        self.add_bias(shape[-1], of_steps)

    def add_bias(self, count: int, of_steps: bool) -> None:
        """Create the bias, after the kernels, and check the activation of so many features."""
        if of_steps and isinstance(self.activation, FunctionKernel):
            self.activation.check_positions(count)
        if self.use_bias:
            self.add_parameter("bias", (count,), self.initializer_of("bias"))

    def bias_or_zeros(self) -> Array:
        """Return the bias, or zeros in its place."""
        if self.use_bias:
            return self.parameter("bias").value
        return aligned_zeros(self.parameter("kernel").shape[-1], self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        drawn = {f"{name}_initializer": self.initializer_of(name) for name in self._drawn}
        written = {name: initializers.serialize(one) for name, one in drawn.items()}
        return {**super().get_config(), "activation": self.activation.name, **written}
