"""Repetition of a vector at every step."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import positive, require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class RepeatVector(Layer):
    """Repeat a vector at every step: (None, features) becomes (None, n, features).

    Parameters
    ----------
    n : int
        Number of steps.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.layers import Input, RepeatVector
    >>> RepeatVector(4)(Input((32,))).shape
    (None, 4, 32)
    """

    _arguments = ("n",)

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = positive(self, "n", n)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, n, features)."""
        require_rank(self, input_shape, 2, "(None, features)")
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs: Array) -> Array:
        """Repeat."""
        return np.broadcast_to(inputs[:, np.newaxis], (len(inputs), self.n, inputs.shape[1]))

    def backward(self, gradient: Array) -> Array:
        """Return the sum over the steps."""
        total: Array = gradient.sum(axis=1)
        return total
