"""From the layout of the contract, features first and time last, to the core's and back.

The contract's arrays are (n, m, T); the core's are (T, m, n), rows padded to whole cache lines.
Where an array already lies in memory as the core wants it (a transposed view of a time-major array)
it passes without a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import layout as core
from fastrnn._core.memory import padded
from fastrnn.arguments import Array

from .typed import typed

_to_time_major = typed(core.to_time_major)


def padded_copy(array: Array) -> Array:
    """Return an (n, m, T) array as a new (T, m, ld) array; zeros in the padding."""
    n, m, T = array.shape
    copy = np.empty((T, m, padded(n, array.dtype)), array.dtype)
    _to_time_major[array.dtype](array, copy)
    return copy


def readable_rows(array: Array) -> Array:
    """Return an (n, m, T) array as (T, m, >= n): a view where the core can read it, else a copy."""
    size = array.itemsize
    over_features, over_batch, over_time = array.strides
    if over_features == size:
        n, m, T = array.shape
        if over_batch >= n * size and (
            over_time == m * over_batch or T == 1 or (m == 1 and over_time >= n * size)
        ):
            return array.transpose(2, 1, 0)
    return padded_copy(array)


def features_first(time_major: NDArray[Any], n: int) -> Array:
    """Return a (T, m, ld) array as the (n, m, T) view that the contract speaks of."""
    return time_major[:, :, :n].transpose(2, 1, 0)
