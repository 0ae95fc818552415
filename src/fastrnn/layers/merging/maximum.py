"""The maximum of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.merging.extreme import Extreme


class Maximum(Extreme):
    """The elementwise maximum of its inputs; equal ones share the gradient.

    Examples
    --------
    >>> Maximum()([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[3., 4.]], dtype=float32)
    """

    function = np.maximum


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Maximum` of a list of tensors or arrays.

    Examples
    --------
    >>> maximum([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[3., 4.]], dtype=float32)
    """
    return Maximum(**options)(list(inputs))
