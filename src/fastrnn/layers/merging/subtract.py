"""The difference of two tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.merging.linear import Linear
from fastrnn.layers.shapes import Shape


class Subtract(Linear):
    """The first of two inputs minus the second.

    Examples
    --------
    >>> Subtract()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[-2.,  2.]], dtype=float32)
    """

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless there are two."""
        if len(shapes) != 2:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes two, in a list")

    def factors(self, count: int) -> Sequence[float]:
        """Return 1 and -1."""
        return [1.0, -1.0]


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Subtract` of two tensors or arrays.

    Examples
    --------
    >>> subtract([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[-2.,  2.]], dtype=float32)
    """
    return Subtract(**options)(list(inputs))
