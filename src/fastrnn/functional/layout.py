"""Conversion between the layouts of the functional API, features first, and of the core.

Arrays of the functional API are (n, m, T); those of the core are (T, m, n), with rows padded to
whole cache lines.  A transposed view of a time-major array needs no copy.  Other arrays are copied
a few steps at a time by the loops of the core.
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
    """Return a (T, m, ld) array as an (n, m, T) view."""
    return time_major.T[:n]
