"""A convolution of each feature by itself, as a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from fastrnn import initializers
from fastrnn.layers.convolution.featurewise import Featurewise
from fastrnn.layers.shapes import Shape
from fastrnn.layers.windows import extent
from fastrnn.workspace import Array


class DepthwiseConv1D(Featurewise):
    """A convolution of each feature by itself, with `depth_multiplier` results for each.

    Parameters
    ----------
    kernel_size : int
        Steps of a window.
    strides : int, default 1
        Distance between the starts of windows.
    padding : {"valid", "same"}
        As of :class:`Conv1D`.
    depth_multiplier : int, default 1
        Output features for each input feature.
    data_format : {"channels_last"}, optional
    dilation_rate : int, default 1
        Distance between the steps of a window; not with `strides` above 1.
    activation : str or function of fastrnn.activations, optional
    use_bias : bool, default True
    depthwise_initializer : default "glorot_uniform"
        For the kernel (kernel_size, n_x, depth_multiplier).
    bias_initializer : default "zeros"
        For the bias (n_x · depth_multiplier,).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> from fastrnn.layers import DepthwiseConv1D, Input
    >>> DepthwiseConv1D(5, depth_multiplier=2)(Input((101, 8))).shape
    (None, 97, 16)
    """

    _arguments = ("depth_multiplier",)
    attached_to: ClassVar[Mapping[str, str]] = {"depthwise": "kernel"}

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: initializers.Identifier = "glorot_uniform",
        bias_initializer: initializers.Identifier = "zeros",
        **options: Any,
    ) -> None:
        drawn = {"depthwise": depthwise_initializer, "bias": bias_initializer}
        window = kernel_size, strides, padding, data_format, dilation_rate
        super().__init__(*window, activation, use_bias, drawn, **options)
        self.depth_multiplier = extent(self, "depth_multiplier", depth_multiplier)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, features · depth_multiplier)."""
        steps = self.windows.output_steps(self, input_shape)
        return (input_shape[0], steps, (input_shape[-1] or 0) * self.depth_multiplier)

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        features = input_shape[-1] or 0
        shape = self.kernel_size, features, self.depth_multiplier
        self.add_parameter("kernel", shape, self.initializer_of("depthwise"))
        self.add_bias(features * self.depth_multiplier, of_steps=True)

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the products of all windows with the kernel, before the activation."""
        return self._with_bias(self._convolved(inputs, self.parameter("kernel"), kept))

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        self._bias_back(gradient)
        return self._convolved_back(gradient, inputs, self.parameter("kernel"), kept)
