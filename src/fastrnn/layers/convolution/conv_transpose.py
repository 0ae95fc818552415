"""The transpose of a convolution, which makes a window of steps of each step."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn import initializers
from fastrnn.layers.checks import require_rank
from fastrnn.layers.convolution.base import Convolution
from fastrnn.layers.shapes import Shape
from fastrnn.layers.windows import extent
from fastrnn.workspace import Array


class Conv1DTranspose(Convolution):
    """Each step times the kernel is a window of steps; windows that overlap are added up.

    Parameters
    ----------
    filters : int
        Output features.
    kernel_size : int
        Steps of a window.
    strides : int, default 1
        Distance between the starts of windows in the output.
    padding : {"valid", "same"}
        "valid": the output has all steps of all windows; "same": `strides` times as many steps as
        the input.
    output_padding : None
        Keras's other number of output steps is not supported.
    data_format : {"channels_last"}, optional
    dilation_rate : int, default 1
        Distance between the steps of a window; not with `strides` above 1.
    activation : str or function of fastrnn.activations, optional
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (kernel_size, filters, n_x).
    bias_initializer : default "zeros"
        For the bias (filters,).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> from fastrnn.layers import Conv1DTranspose, Input
    >>> Conv1DTranspose(4, 3, strides=2, padding="same")(Input((50, 8))).shape
    (None, 100, 4)
    """

    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    _arguments = ("filters",)

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: None = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        if output_padding is not None:
            raise ValueError(
                f"output_padding of Conv1DTranspose is {output_padding!r}; it should be None: add "
                "or remove steps with ZeroPadding1D or Cropping1D"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, steps, filters)."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        steps = input_shape[1]
        if steps is not None:
            more = max(self.windows.reach - self.strides, 0) if self.padding == "valid" else 0
            steps = steps * self.strides + more
        return (input_shape[0], steps, self.filters)

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        shape = self.kernel_size, self.filters, input_shape[-1] or 0
        self.add_parameter("kernel", shape, self.initializer_of("kernel"))
        self.add_bias(self.filters, of_steps=True)

    def call(self, inputs: Array) -> Array:
        """Return the sum of the windows, before the activation."""
        windows = np.tensordot(inputs, self.parameter("kernel").value, (2, 2))
        steps = self.compute_output_shape(inputs.shape)[1] or 0
        return self._with_bias(self.windows.add_up(windows, steps))

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient of the input."""
        self._bias_back(gradient)
        kernel = self.parameter("kernel")
        windows = self.windows.of(gradient)  # (batch, steps of the input, filters, size)
        kernel.gradient[...] = np.tensordot(windows, inputs, ((0, 1), (0, 1))).swapaxes(0, 1)
        found: Array = np.tensordot(windows, kernel.value, ((3, 2), (0, 1)))
        return found
