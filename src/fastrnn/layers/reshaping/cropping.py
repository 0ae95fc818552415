"""The steps between the ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.reshaping.steps import Steps, both_ends
from fastrnn.workspace import Array


class Cropping1D(Steps):
    """Remove steps at the start and the end.

    Parameters
    ----------
    cropping : int or (int, int), default (1, 1)
        Number of steps at both ends, or at the start and at the end.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> x = np.arange(5.0).reshape(1, 5, 1)  # (batch, time, features)
    >>> Cropping1D((2, 1))(x).ravel().tolist()
    [2.0, 3.0]
    """

    _arguments = ("cropping",)

    def __init__(self, cropping: Any = (1, 1), **options: Any) -> None:
        super().__init__(**options)
        self.cropping = both_ends(self, "cropping", cropping)

    def count(self, steps: int) -> int:
        """Return the number of output steps."""
        left = steps - sum(self.cropping)
        if left < 1:
            raise ValueError(
                f"{self.name} got a sequence of {steps} steps; cropping is {self.cropping}, so it "
                f"should have {sum(self.cropping) + 1} or more"
            )
        return left

    def call(self, inputs: Array) -> Array:
        """Return the steps between the ends."""
        return inputs[:, self.cropping[0] : inputs.shape[1] - self.cropping[1]]

    def backward(self, gradient: Array) -> Array:
        """Return the gradient, zero at the removed steps."""
        return np.pad(gradient, ((0, 0), self.cropping, (0, 0)))
