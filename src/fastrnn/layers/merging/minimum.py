"""The minimum of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.extreme import Extreme


class Minimum(Extreme):
    """The elementwise minimum of its inputs; equal ones share the gradient.

    Examples
    --------
    >>> Minimum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[1., 2.]], dtype=float32)
    """

    function = np.minimum


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Minimum` of a list of tensors or arrays.

    Examples
    --------
    >>> minimum([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[1., 2.]], dtype=float32)
    """
    return Minimum(**options)(list(inputs))
