"""The mean of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.merging.linear import Linear


class Average(Linear):
    """The mean of its inputs.

    Examples
    --------
    >>> Average()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[2., 3.]], dtype=float32)
    """

    def factors(self, count: int) -> Sequence[float]:
        """Return 1 / count for each input."""
        return [1.0 / count] * count


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Average` of a list of tensors or arrays.

    Examples
    --------
    >>> average([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[2., 3.]], dtype=float32)
    """
    return Average(**options)(list(inputs))
