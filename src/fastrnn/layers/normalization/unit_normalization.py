"""Normalization by the Euclidean norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from fastrnn.layers.normalization.axes import Axes
from fastrnn.workspace import Array

#: The smallest norm to divide by, Keras's.
LEAST = 1e-12


class UnitNormalization(Axes):
    """x / √(sum of x²), over the features of every step.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        Axes of the sum.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> UnitNormalization()(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]], dtype=float32)
    """

    are_known: ClassVar[bool] = False

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any) -> None:
        super().__init__(axis, **options)

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Normalize."""
        places = tuple(self._places(inputs.shape))
        norm = np.sqrt(np.square(inputs).sum(axis=places, keepdims=True))
        kept["factor"] = 1 / np.maximum(norm, inputs.dtype.type(LEAST))
        kept["is_long"] = norm > LEAST
        return np.asarray(inputs * kept["factor"])

    def backward(self, gradient: Array, output: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient of the input."""
        places = tuple(self._places(gradient.shape))
        along = (gradient * output).sum(axis=places, keepdims=True)
        shift = np.where(kept["is_long"], along, 0)
        return np.asarray((gradient - output * shift) * kept["factor"])
