"""The exponential linear unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import not_negative
from fastrnn.layers.elementwise.base import Elementwise
from fastrnn.workspace import Array


class ELU(Elementwise):
    """x for positive x, else `alpha` · (exp(x) − 1).

    Parameters
    ----------
    alpha : float, default 1
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> ELU()(np.array([[-1.0, 0.0, 2.0]], np.float32)).round(3)
    array([[-0.632,  0.   ,  2.   ]], dtype=float32)
    """

    _arguments = ("alpha",)

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = not_negative(self, "alpha", alpha)

    def call(self, inputs: Array) -> Array:
        """Apply it."""
        below = inputs.dtype.type(self.alpha) * np.expm1(np.minimum(inputs, 0))
        return np.where(inputs > 0, inputs, below)

    def slope(self, inputs: Array) -> Any:
        """Return 1 for positive x, else alpha · exp(x)."""
        kind = inputs.dtype.type
        return np.where(inputs > 0, kind(1), kind(self.alpha) * np.exp(np.minimum(inputs, 0)))
