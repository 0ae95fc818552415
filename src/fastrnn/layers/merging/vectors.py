"""The vectors of a tensor along an axis, and their lengths."""

from __future__ import annotations

import numpy as np

from fastrnn.workspace import Array

#: Lower limit of the length that a vector is divided by (Keras's value).
SHORTEST = 1e-7


def as_rows(array: Array, axis: int) -> Array:
    """Return the array as (batch, rest, extent of the axis)."""
    moved = np.moveaxis(array, axis, -1)
    return moved.reshape(len(moved), -1, moved.shape[-1])


def lengths_of(rows: Array) -> Array:
    """Return the lengths of vectors, (batch, rest, 1), of SHORTEST or more."""
    found: Array = np.maximum(
        np.sqrt((rows * rows).sum(axis=-1, keepdims=True)), rows.dtype.type(SHORTEST)
    )
    return found
