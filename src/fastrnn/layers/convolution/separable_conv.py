"""A convolution in two: of each feature by itself, then of the features of each step."""

from __future__ import annotations

from typing import Any

from fastrnn import initializers
from fastrnn.layers.convolution.featurewise import Featurewise
from fastrnn.layers.shapes import Shape
from fastrnn.layers.windows import extent
from fastrnn.workspace import Array


class SeparableConv1D(Featurewise):
    """A convolution of each feature by itself, then an affine map of the results of each step.

    Parameters
    ----------
    filters : int
        Output features.
    kernel_size : int
        Steps of a window.
    strides : int, default 1
        Distance between the starts of windows.
    padding : {"valid", "same"}
        As of :class:`Conv1D`.
    data_format : {"channels_last"}, optional
    dilation_rate : int, default 1
        Distance between the steps of a window; not with `strides` above 1.
    depth_multiplier : int, default 1
        Results of the first convolution for each feature.
    activation : str or function of fastrnn.activations, optional
    use_bias : bool, default True
    depthwise_initializer : default "glorot_uniform"
        For the first kernel (kernel_size, n_x, depth_multiplier).
    pointwise_initializer : default "glorot_uniform"
        For the second kernel (1, n_x · depth_multiplier, filters).
    bias_initializer : default "zeros"
        For the bias (filters,).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> from fastrnn.layers import Input, SeparableConv1D
    >>> SeparableConv1D(16, 5)(Input((101, 8))).shape
    (None, 97, 16)
    """

    _arguments = ("filters", "depth_multiplier")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: initializers.Identifier = "glorot_uniform",
        pointwise_initializer: initializers.Identifier = "glorot_uniform",
        bias_initializer: initializers.Identifier = "zeros",
        **options: Any,
    ) -> None:
        drawn = {"depthwise": depthwise_initializer, "pointwise": pointwise_initializer}
        drawn["bias"] = bias_initializer
        window = kernel_size, strides, padding, data_format, dilation_rate
        super().__init__(*window, activation, use_bias, drawn, **options)
        self.filters = extent(self, "filters", filters)
        self.depth_multiplier = extent(self, "depth_multiplier", depth_multiplier)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, filters)."""
        return (input_shape[0], self.windows.output_steps(self, input_shape), self.filters)

    def build(self, input_shape: Shape) -> None:
        """Create both kernels and the bias."""
        features, m = input_shape[-1] or 0, self.depth_multiplier
        shapes = {
            "depthwise": (self.kernel_size, features, m),
            "pointwise": (1, features * m, self.filters),
        }
        for name, shape in shapes.items():
            self.add_parameter(f"{name}_kernel", shape, self.initializer_of(name))
        self.add_bias(self.filters, of_steps=True)

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the result of both products, before the activation."""
        kept["between"] = self._convolved(inputs, self.parameter("depthwise_kernel"), kept)
        return self._with_bias(kept["between"] @ self.parameter("pointwise_kernel").value[0])

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        self._bias_back(gradient)
        pointwise, between = self.parameter("pointwise_kernel"), kept["between"]
        drows = gradient.reshape(-1, self.filters)
        pointwise.gradient[0] = between.reshape(len(drows), -1).T @ drows
        dbetween = gradient @ pointwise.value[0].T
        return self._convolved_back(dbetween, inputs, self.parameter("depthwise_kernel"), kept)
