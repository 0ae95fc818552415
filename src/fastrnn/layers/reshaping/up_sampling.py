"""Repetition of every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.reshaping.steps import Steps
from fastrnn.layers.windows import extent
from fastrnn.workspace import Array


class UpSampling1D(Steps):
    """Repeat every step.

    Parameters
    ----------
    size : int, default 2
        How many times.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> x = np.arange(3.0).reshape(1, 3, 1)  # (batch, time, features)
    >>> UpSampling1D(2)(x).ravel().tolist()
    [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    """

    _arguments = ("size",)

    def __init__(self, size: Any = 2, **options: Any) -> None:
        super().__init__(**options)
        self.size = extent(self, "size", size)

    def count(self, steps: int) -> int:
        """Return the number of output steps."""
        return steps * self.size

    def call(self, inputs: Array) -> Array:
        """Repeat the steps."""
        return np.repeat(inputs, self.size, axis=1)

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the sum over the repetitions."""
        batch, steps, features = inputs.shape
        total: Array = gradient.reshape(batch, steps, self.size, features).sum(axis=2)
        return total
