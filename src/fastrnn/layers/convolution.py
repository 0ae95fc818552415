"""A convolution over the steps of a sequence."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastrnn import initializers
from fastrnn.layers.checks import channels_last
from fastrnn.layers.convolving import Convolution
from fastrnn.layers.windows import Windows, extent, padding_of

Array = NDArray[Any]


class Conv1D(Convolution):
    """y at a step = activation(the window of steps there · kernel + bias).

    Parameters
    ----------
    filters : int
        Output features.
    kernel_size : int
        Steps of a window.
    strides : int, default 1
        Distance between the starts of windows.
    padding : {"valid", "same", "causal"}
        No padding; "same": zeros at both ends, so that the output has as many steps as the input
        (divided by `strides`); "causal": zeros before the first step, so that no output depends on
        later steps.
    data_format : {"channels_last"}, optional
    dilation_rate : int, default 1
        Distance between the steps of a window; not with `strides` above 1.
    groups : int, default 1
        Number of groups of features, each with its own filters.
    activation : str or function of fastrnn.activations, optional
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (kernel_size, n_x / groups, filters).
    bias_initializer : default "zeros"
        For the bias (filters,).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> from fastrnn.layers import Conv1D, Input
    >>> Conv1D(64, 5, strides=2)(Input((101, 8))).shape
    (None, 49, 64)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        bias_initializer: initializers.Identifier = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(activation, use_bias, kernel_initializer, bias_initializer, **options)
        self.filters = extent(self, "filters", filters)
        self.kernel_size = extent(self, "kernel_size", kernel_size)
        self.strides = extent(self, "strides", strides)
        self.padding = padding_of(self, padding)
        channels_last(self, data_format)
        self.dilation_rate = extent(self, "dilation_rate", dilation_rate)
        self.groups = extent(self, "groups", groups)
        if self.strides > 1 and self.dilation_rate > 1:
            raise ValueError(
                f"Conv1D has strides={self.strides} and dilation_rate={self.dilation_rate}; "
                "one of them should be 1"
            )
        if self.filters % self.groups:
            raise ValueError(
                f"filters of Conv1D is {self.filters}; it should be a multiple of groups, "
                f"{self.groups}"
            )
        self.windows = Windows(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def sizes(self) -> dict[str, Any]:
        """Return the arguments of the windows and filters."""
        return {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
        }
