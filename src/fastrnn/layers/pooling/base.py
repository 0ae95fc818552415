"""The bases of pooling layers, over windows of steps and over all steps."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.checks import channels_last, require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.layers.windows import Windows, extent, padding_of
from fastrnn.settings import boolean


class Pooling(Layer):
    """Base of the layers that pool windows of steps."""

    _arguments = ("pool_size", "strides", "padding")

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.pool_size = extent(self, "pool_size", pool_size)
        self.strides = self.pool_size if strides is None else extent(self, "strides", strides)
        self.padding = padding_of(self, padding, ("valid", "same"))
        channels_last(self, data_format)
        self._windows = Windows(self.pool_size, self.strides, self.padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, windows, features)."""
        steps = self._windows.output_steps(self, input_shape)
        return (input_shape[0], steps, input_shape[2])


class GlobalPooling(Layer):
    """Base of the layers that pool all steps.

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    keepdims : bool, default False
        Whether the output is (None, 1, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        channels_last(self, data_format)
        self.keepdims = boolean(f"keepdims of {type(self).__name__}", keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` without the time."""
        require_rank(self, input_shape, 3, "(None, time, features)")
        middle = (1,) if self.keepdims else ()
        return (input_shape[0], *middle, input_shape[2])
