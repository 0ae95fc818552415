"""Steps of zeros at the ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import channels_last
from fastrnn.layers.reshaping.steps import Steps, both_ends
from fastrnn.workspace import Array


class ZeroPadding1D(Steps):
    """Add steps of zeros at the start and the end.

    Parameters
    ----------
    padding : int or (int, int), default 1
        Number of steps at both ends, or at the start and at the end.
    data_format : {"channels_last"}, optional
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> x = np.ones((1, 2, 1))  # (batch, time, features)
    >>> ZeroPadding1D((2, 1))(x).ravel().tolist()
    [0.0, 0.0, 1.0, 1.0, 0.0]
    """

    _arguments = ("padding",)

    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.padding = both_ends(self, "padding", padding)
        channels_last(self, data_format)

    def count(self, steps: int) -> int:
        """Return the number of output steps."""
        return steps + sum(self.padding)

    def call(self, inputs: Array) -> Array:
        """Add the steps."""
        return np.pad(inputs, ((0, 0), self.padding, (0, 0)))

    def backward(self, gradient: Array) -> Array:
        """Return the gradient without them."""
        return gradient[:, self.padding[0] : gradient.shape[1] - self.padding[1]]
