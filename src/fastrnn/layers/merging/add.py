"""The sum of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn.layers.merging.linear import Linear


class Add(Linear):
    """The sum of its inputs.

    Examples
    --------
    >>> from fastrnn.layers import Add, Input
    >>> Add()([Input((5, 3)), Input((3,))]).shape
    (None, 5, 3)
    """


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Add` of a list of tensors or arrays.

    Examples
    --------
    >>> add([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[4., 6.]], dtype=float32)
    """
    return Add(**options)(list(inputs))
