"""Searching arrays that may be larger than memory, in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Size in bytes of the pieces; temporary arrays take a few times as much.
PIECE = 1 << 20


def find(array: Array, marks: Callable[[Array], Array]) -> tuple[int, ...] | None:
    """Return the index of the first element of `array` for which `marks` is true.

    Parameters
    ----------
    array : ndarray
        Any size and strides; a memory map is read once, and not held in memory.
    marks : callable
        Takes a piece of `array` and returns booleans of the same shape.

    Returns
    -------
    tuple of int, or None
        The index; None where there is none.
    """
    if not array.size:
        return None
    if not array.ndim:
        return () if marks(array) else None
    row = array.nbytes // len(array)
    if row > PIECE and array.ndim > 1:
        for index, part in enumerate(array):
            place = find(part, marks)
            if place is not None:
                return index, *place
        return None
    rows = max(1, PIECE // row)
    for start in range(0, len(array), rows):
        marked = marks(array[start : start + rows])
        if marked.any():
            first, *rest = np.unravel_index(marked.argmax(), marked.shape)
            return start + int(first), *map(int, rest)
    return None
