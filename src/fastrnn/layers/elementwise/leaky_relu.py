"""The leaky rectified linear unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import not_negative
from fastrnn.layers.elementwise.base import Elementwise
from fastrnn.workspace import Array


class LeakyReLU(Elementwise):
    """x for positive x, else `negative_slope` · x.

    Parameters
    ----------
    negative_slope : float, default 0.3
    alpha : float, optional
        The name of `negative_slope` before Keras 3.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> LeakyReLU()(np.array([[-1.0, 0.0, 2.0]], np.float32)).round(3)
    array([[-0.3,  0. ,  2. ]], dtype=float32)
    """

    _arguments = ("negative_slope",)

    def __init__(
        self, negative_slope: float = 0.3, *, alpha: float | None = None, **options: Any
    ) -> None:
        if alpha is not None:
            negative_slope = alpha
        super().__init__(**options)
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        return inputs * self.slope(inputs)

    def slope(self, inputs: Array) -> Any:
        """Return 1 for positive x, else `negative_slope`."""
        kind = inputs.dtype.type
        return np.where(inputs >= 0, kind(1), kind(self.negative_slope))
