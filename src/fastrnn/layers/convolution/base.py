"""The base of the convolutions: windows of steps, and a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fastrnn import initializers
from fastrnn.layers.affine import Affine
from fastrnn.layers.calling import CallWorkspace
from fastrnn.layers.checks import channels_last
from fastrnn.layers.windows import PADDINGS, Windows, extent, padding_of
from fastrnn.workspace import Array, Signal, Workspace


class Convolution(Affine):
    """Base of the convolutions.

    Parameters
    ----------
    kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias :
        As of :class:`~fastrnn.layers.Conv1D`.
    drawn : mapping of str to str or Initializer
        The initializers of the kernels and of the bias.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    #: The values of `padding` that it accepts.
    paddings: ClassVar[tuple[str, ...]] = PADDINGS
    _arguments: ClassVar[tuple[str, ...]] = ("kernel_size", "strides", "padding", "dilation_rate")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        drawn: Mapping[str, initializers.Identifier],
        **options: Any,
    ) -> None:
        super().__init__(activation, use_bias, drawn, **options)
        self.kernel_size = extent(self, "kernel_size", kernel_size)
        self.strides = extent(self, "strides", strides)
        self.padding = padding_of(self, padding, self.paddings)
        channels_last(self, data_format)
        self.dilation_rate = extent(self, "dilation_rate", dilation_rate)
        if self.strides > 1 and self.dilation_rate > 1:
            raise ValueError(
                f"{type(self).__name__} has strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}; one of them should be 1"
            )
        self.windows = Windows(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return CallWorkspace(self, [source], training, self.activation)

    def _with_bias(self, product: Array) -> Array:
        return product + self.parameter("bias").value if self.use_bias else product

    def _bias_back(self, gradient: Array) -> None:
        if self.use_bias:
            self.parameter("bias").gradient[...] = gradient.sum(axis=(0, 1))
