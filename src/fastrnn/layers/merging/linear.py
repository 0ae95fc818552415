"""Weighted sums of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.merging.base import Merge, aligned, summed
from fastrnn.workspace import Array


class Linear(Merge):
    """A weighted sum of the inputs."""

    def factors(self, count: int) -> Sequence[float]:
        """Return the factors of `count` inputs."""
        return [1.0] * count

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Compute the sum."""
        first, *others = aligned(inputs)
        factors = self.factors(len(inputs))
        total: Array = first * first.dtype.type(factors[0])
        for factor, array in zip(factors[1:], others, strict=True):
            total = total + array * array.dtype.type(factor)
        return total

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient times each factor."""
        factors = self.factors(len(inputs))
        return [
            summed(gradient * gradient.dtype.type(factor), array)
            for factor, array in zip(factors, inputs, strict=True)
        ]
