"""The product of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.base import Merge, aligned, spread, summed
from fastrnn.workspace import Array


class Multiply(Merge):
    """The product of its inputs; masked steps of an input count as ones.

    Examples
    --------
    >>> Multiply()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[3., 8.]], dtype=float32)
    """

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Multiply."""
        product = self._product(inputs, mask)
        if all(one is not None for one in mask):
            np.multiply(product, np.expand_dims(np.logical_or.reduce(mask), -1), out=product)
        return product

    def _product(self, inputs: Sequence[Array], mask: Any, without: int | None = None) -> Array:
        product: Any = np.ones((), inputs[0].dtype)
        for place, (array, counts) in enumerate(zip(aligned(inputs), mask, strict=True)):
            if place != without:
                product = product * (array if counts is None else _ones_where(~counts, array))
        found: Array = product
        return found

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient times the product of the others."""
        if all(one is not None for one in mask):
            gradient = gradient * np.expand_dims(np.logical_or.reduce(mask), -1)
        found = []
        for place, (array, counts) in enumerate(zip(inputs, mask, strict=True)):
            share = gradient * self._product(inputs, mask, without=place)
            if counts is not None:
                share = share * np.expand_dims(counts, -1)
            found.append(summed(share, array))
        return found


def _ones_where(ignored: Array, array: Array) -> Array:
    return np.where(spread(ignored, array), array.dtype.type(1), array)


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Multiply` of a list of tensors or arrays.

    Examples
    --------
    >>> multiply([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[3., 8.]], dtype=float32)
    """
    return Multiply(**options)(list(inputs))
