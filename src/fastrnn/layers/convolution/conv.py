"""A convolution over the steps of a sequence."""

from __future__ import annotations

from typing import Any

from fastrnn import initializers
from fastrnn.layers.convolution.grouped import Grouped
from fastrnn.layers.windows import extent


class Conv1D(Grouped):
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

    _arguments = ("filters", "groups")

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
        drawn = {"kernel": kernel_initializer, "bias": bias_initializer}
        window = kernel_size, strides, padding, data_format, dilation_rate
        super().__init__(*window, activation, use_bias, drawn, **options)
        self.filters = extent(self, "filters", filters)
        self.groups = extent(self, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"filters of Conv1D is {self.filters}; it should be a multiple of groups, "
                f"{self.groups}"
            )
