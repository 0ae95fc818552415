"""A fixed scale and offset."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.elementwise.base import Elementwise
from fastrnn.workspace import Array


class Rescaling(Elementwise):
    """x · `scale` + `offset`.

    Parameters
    ----------
    scale : float or sequence of float
        One for all features, or one for each.
    offset : float or sequence of float, default 0
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> Rescaling(0.5, offset=-1.0)(np.array([[0.0, 4.0]])).tolist()
    [[-1.0, 1.0]]
    """

    _arguments = ("scale", "offset")

    def __init__(self, scale: Any, offset: Any = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.scale, self.offset = _plain(self, "scale", scale), _plain(self, "offset", offset)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        return inputs * self.slope(inputs) + np.asarray(self.offset, inputs.dtype)

    def slope(self, inputs: Array) -> Any:
        """Return `scale`."""
        return np.asarray(self.scale, inputs.dtype)


def _plain(layer: Rescaling, argument: str, value: Any) -> Any:
    """Return a number or a list of numbers, as JSON can hold them."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.ndim > 1 or not np.isfinite(array).all():
        raise ValueError(
            f"{argument} of Rescaling is {value!r}; it should be a number, or one for each feature"
        )
    return array.astype(float).tolist()
