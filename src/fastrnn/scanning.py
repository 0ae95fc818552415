"""Looking through arrays that may be larger than memory, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Bytes of an array that are looked at together; what is made of them takes a few times as many.
PIECE = 1 << 20


def find(array: Array, marks: Callable[[Array], Array]) -> tuple[int, ...] | None:
    """Return where the first number of `array` stands that `marks` marks.

    Parameters
    ----------
    array : ndarray
        Of any size and strides: a memory map is read once, and not kept in memory.
    marks : callable
        Takes some of `array` and returns booleans of the same shape.

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
