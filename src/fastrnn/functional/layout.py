"""From the layout of the contract, features first and time last, to the core's and back.

The contract's arrays are (n, m, T); the core's are (T, m, n), rows padded to whole cache lines.
Where an array already lies in memory as the core wants it (a transposed view of a time-major array)
it passes without a copy.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastrnn._core.layout import padded_copy
from fastrnn.arguments import Array


def readable_rows(array: Array) -> Array:
    """Return an (n, m, T) array as (T, m, >= n): a view where the core can read it, else a copy."""
    size, strides = array.itemsize, array.strides
    if strides[0] == size:
        n, m, T = array.shape
        _, over_batch, over_time = strides
        if over_batch >= n * size and (
            over_time == m * over_batch or T == 1 or (m == 1 and over_time >= n * size)
        ):
            return array.T
    return padded_copy(array)


def features_first(time_major: NDArray[Any], n: int) -> Array:
    """Return a (T, m, ld) array as the (n, m, T) view that the contract speaks of."""
    return time_major.T[:n]
