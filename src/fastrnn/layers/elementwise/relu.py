"""The rectified linear unit, with a threshold, a slope and a maximum."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import not_negative
from fastrnn.layers.elementwise.base import Elementwise
from fastrnn.workspace import Array


class ReLU(Elementwise):
    """x from the threshold on, below it `negative_slope` · (x − `threshold`).

    Parameters
    ----------
    max_value : float, optional
        Upper limit of the output.
    negative_slope : float, default 0
    threshold : float, default 0
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> ReLU()(np.array([[-1.0, 0.0, 2.0]], np.float32)).round(3)
    array([[-0.,  0.,  2.]], dtype=float32)
    """

    _arguments = ("max_value", "negative_slope", "threshold")

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_value = None if max_value is None else not_negative(self, "max_value", max_value)
        self.negative_slope = not_negative(self, "negative_slope", negative_slope)
        self.threshold = not_negative(self, "threshold", threshold)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        kind = inputs.dtype.type
        below = kind(self.negative_slope) * (inputs - kind(self.threshold))
        found = np.where(inputs > kind(self.threshold), inputs, below)
        return found if self.max_value is None else np.minimum(found, kind(self.max_value))

    def slope(self, inputs: Array) -> Any:
        """Return 1 above the threshold, and `negative_slope` below it; 0 above the maximum."""
        kind = inputs.dtype.type
        found = np.where(inputs > kind(self.threshold), kind(1), kind(self.negative_slope))
        if self.max_value is not None:
            found = np.where(inputs >= kind(self.max_value), kind(0), found)
        return found
