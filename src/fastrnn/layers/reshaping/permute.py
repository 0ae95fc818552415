"""Permutation of the axes of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.checks import require_rank
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Permute(Layer):
    """Permute the axes of each sample.

    Parameters
    ----------
    dims : tuple of int
        The new order of the axes, counted from 1: (2, 1) exchanges time and features.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> Permute((2, 1))(x).shape
    (2, 3, 10)
    """

    _arguments = ("dims",)

    def __init__(self, dims: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(int(place) for place in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"dims of Permute is {tuple(dims)}; it should have each number from 1 on once"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the permuted shape."""
        require_rank(self, input_shape, len(self.dims) + 1, f"of {len(self.dims) + 1} axes")
        shape = (input_shape[0], *(input_shape[place] for place in self.dims))
        if shape[-1] is None:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; the axis that becomes the "
                "last should be known"
            )
        return shape

    def call(self, inputs: Array) -> Array:
        """Permute the axes."""
        return inputs.transpose(0, *self.dims)

    def backward(self, gradient: Array) -> Array:
        """Permute the axes back."""
        return gradient.transpose(np.argsort((0, *self.dims)))
