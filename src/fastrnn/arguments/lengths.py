"""The lengths of the sequences of a batch, and the columns that count at a step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .activations import activations_of, make_cache
from .arrays import refuse
from .reading import as_array

#: Columns of a batch: all of them, or a boolean for each.
Columns: TypeAlias = slice | NDArray[np.bool_]


def read_lengths(
    lengths: Any, shape: tuple[int, ...], name: str = "lengths"
) -> NDArray[np.int64] | None:
    """Return the lengths of the sequences in ``X``, as a new array of integers (m,).

    `shape` is that of ``X``, (n_x, m, T_x).

    None, for sequences of length T_x, is returned as None.

    Raises
    ------
    TypeError
        If they are no integers.
    ValueError
        If there are not m of them, or one is not from 0 to T_x.
    """
    if lengths is None:
        return None
    # A copy, so that no other thread can change it after the check.
    array = np.array(as_array(name, lengths))
    if array.dtype.kind not in "iu" and not (isinstance(lengths, list | tuple) and not array.size):
        refuse(name, "an array of integers", lengths, array)
    _, m, T_x = shape
    if array.shape != (m,):
        raise ValueError(
            f"{name} has shape {array.shape}, expected (m,) = ({m},) "
            f"to fit X, which has shape {shape}"
        )
    wrong = (array < 0) | (array > T_x)
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(f"{name} has {array[place]} at {place}, expected 0 to T_x = {T_x}")
    return array.astype(np.int64, copy=False)


def lengths_of(steps: Any, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """Return the lengths of the sequences of caches; `shape` is that of ``X``.

    A list of caches of single steps has no lengths, and every step counts.
    """
    return read_lengths(getattr(steps, "lengths", None), shape, "caches[0].lengths")


def columns_that_count(lengths: NDArray[np.int64] | None, T_x: int) -> list[Columns]:
    """Return, for every step, the columns of sequences that have not ended."""
    if lengths is None:
        return [slice(None)] * T_x
    shortest = lengths.min(initial=T_x)
    return [slice(None) if t < shortest else t < lengths for t in range(T_x)]


def of_columns(cache: Any, columns: Columns) -> Any:
    """Return the cache of a step for some columns of its batch."""
    if isinstance(columns, slice):
        return cache
    some = tuple(
        entry if entry is None or isinstance(entry, Mapping) else np.asarray(entry)[:, columns]
        for entry in cache
    )
    return make_cache(activations_of(cache), some)
