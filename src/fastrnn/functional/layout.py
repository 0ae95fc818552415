"""From the layout of the contract, features first and time last, to the core's and back.

The contract's arrays are (n, m, T); the core's are (T, m, n), rows padded to whole cache lines.
Where an array already lies in memory as the core wants it (a transposed view of a time-major array)
it passes without a copy.  Of others the core's loops over time take some steps at a time.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastrnn._core.layout import padded_copy, rows_in_place
from fastrnn.arguments import Array


def readable_rows(array: Array) -> Array:
    """Return an (n, m, T) array as (T, m, >= n): a view where the core can read it, else a copy."""
    rows = rows_in_place(array)
    return padded_copy(array) if rows is None else rows


def features_first(time_major: NDArray[Any], n: int) -> Array:
    """Return a (T, m, ld) array as the (n, m, T) view that the contract speaks of."""
    return time_major.T[:n]
