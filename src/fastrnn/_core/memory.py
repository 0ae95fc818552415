"""Arrays with the layout that the compiled core needs.

Every array that the core writes has its features on the last axis, padded to whole cache lines, so
that vector stores never need a special last element.  What the padding holds is unspecified: only
the first ``n`` features of a row count.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn._core.layout import LINE, padded
from fastrnn._core.recycled import empty

__all__ = ["LINE", "aligned_empty", "aligned_zeros", "padded"]


def aligned_empty(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[np.generic]:
    """Return an uninitialised C-contiguous array whose first element starts a cache line.

    A large one gets the memory of one that was freed, if there is one.
    """
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, int) else shape
    size = dtype.itemsize
    for extent in shape:
        size *= extent
    raw = empty((size + LINE,), np.dtype(np.uint8))
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(dtype).reshape(shape)


def aligned_zeros(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[np.generic]:
    """Return :func:`aligned_empty` filled with zeros."""
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, int) else shape
    # Large blocks are zero from the system, which commits memory only as they are written.
    raw = np.zeros(math.prod(shape) * dtype.itemsize + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + len(raw) - LINE].view(dtype).reshape(shape)
