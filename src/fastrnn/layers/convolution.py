"""A convolution over the steps of a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import activations, initializers
from fastrnn.layers.calling import CallWorkspace
from fastrnn.layers.checks import channels_last
from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape
from fastrnn.layers.windows import Windows, extent, padding_of
from fastrnn.settings import boolean
from fastrnn.workspace import Signal, Workspace

Array = NDArray[Any]


class Conv1D(Layer):
    """y at a step = activation(the window of steps there · kernel + bias).

    Parameters
    ----------
    filters : int
        Output features.
    kernel_size : int
        Steps of a window.
    strides : int, default 1
        How far windows are apart.
    padding : {"valid", "same", "causal"}
        Whether windows lie within the sequence, or zeros are added at both ends so that as many
        steps come out as go in (divided by `strides`), or in front only, so that no step sees a
        later one.
    data_format : {"channels_last"}, optional
    dilation_rate : int, default 1
        How far the steps of a window are apart; not with `strides` above 1.
    groups : int, default 1
        Into how many groups the features fall, each with filters of its own.
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
    A mask ends here, as in Keras.

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
        super().__init__(**options)
        self.filters = extent(self, "filters", filters)
        self.kernel_size = extent(self, "kernel_size", kernel_size)
        self.strides = extent(self, "strides", strides)
        self.padding = padding_of(self, padding)
        channels_last(self, data_format)
        self.dilation_rate = extent(self, "dilation_rate", dilation_rate)
        self.groups = extent(self, "groups", groups)
        self.activation = activations.get(activation)
        self.use_bias = boolean("use_bias of Conv1D", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
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
        self._windows = Windows(self.kernel_size, self.strides, self.padding, self.dilation_rate)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, filters)."""
        steps = self._windows.output_steps(self, input_shape)
        if (input_shape[-1] or 0) % self.groups:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; its features should be a "
                f"multiple of groups, {self.groups}"
            )
        return (input_shape[0], steps, self.filters)

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        features = input_shape[-1]
        assert features is not None
        shape = (self.kernel_size, features // self.groups, self.filters)
        self.add_parameter("kernel", shape, self.kernel_initializer)
        if self.use_bias:
            self.add_parameter("bias", (self.filters,), self.bias_initializer)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return CallWorkspace(self, [source], training, self.activation)

    def _parts(self, features: int) -> list[tuple[slice, slice]]:
        """Return which features and which filters belong to each group."""
        n, f = features // self.groups, self.filters // self.groups
        return [(slice(g * n, g * n + n), slice(g * f, g * f + f)) for g in range(self.groups)]

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the products of all windows with the kernel, before the activation."""
        windows = self._windows.of(inputs).swapaxes(2, 3)  # (batch, windows, size, features)
        kernel = self.parameter("kernel").value
        kept["rows"] = []
        out = np.empty((*windows.shape[:2], self.filters), inputs.dtype)
        for read, written in self._parts(inputs.shape[-1]):
            rows = np.ascontiguousarray(windows[..., read]).reshape(-1, kernel[..., 0].size)
            kept["rows"].append(rows)
            product = rows @ kernel[..., written].reshape(rows.shape[1], -1)
            out[..., written] = product.reshape(*out.shape[:2], -1)
        return out + self.parameter("bias").value if self.use_bias else out

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        kernel = self.parameter("kernel")
        dwindows = np.empty((*gradient.shape[:2], self.kernel_size, inputs.shape[-1]), inputs.dtype)
        for (read, written), rows in zip(self._parts(inputs.shape[-1]), kept["rows"], strict=True):
            part = kernel.value[..., written]
            drows = np.ascontiguousarray(gradient[..., written]).reshape(len(rows), -1)
            kernel.gradient[..., written] = (rows.T @ drows).reshape(part.shape)
            back = drows @ part.reshape(rows.shape[1], -1).T
            dwindows[..., read] = back.reshape(*dwindows.shape[:3], -1)
        if self.use_bias:
            self.parameter("bias").gradient[...] = gradient.sum(axis=(0, 1))
        return self._windows.add_up(dwindows, inputs.shape[1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": self.activation.name,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
