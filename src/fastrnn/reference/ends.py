"""Sequences that end before the batch does: what stands past an end, and caches that know it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arguments import Array, Cache


class Steps(list[Cache]):
    """The caches of all steps of a sequence, ``steps[t]`` being that of step t.

    Attributes
    ----------
    lengths : ndarray of int (m,), or None
        With which lengths they were made.
    """

    def __init__(
        self, caches: Iterable[Cache] = (), lengths: NDArray[np.int64] | None = None
    ) -> None:
        super().__init__(caches)
        self.lengths = lengths


def zeros_past_ends(X: Array, lengths: NDArray[np.int64] | None) -> Array:
    """Return the input with zeros where its sequences have ended, whatever stood there."""
    T_x = X.shape[2]
    if lengths is None or lengths.min(initial=T_x) == T_x:
        return X
    return np.where(np.arange(T_x) < lengths[:, np.newaxis], X, 0)


def held_past_ends(
    t: int, lengths: NDArray[np.int64] | None, entries: tuple[Any, ...], held: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return what step t made, and in the columns that have ended what holds the state instead.

    Parameters
    ----------
    t : int
    lengths : ndarray of int (m,), or None
    entries : tuple of ndarray (n, m)
        What the step made; None where it makes nothing.
    held : tuple of ndarray (n, m) or float
        What stands for it in the columns that have ended.
    """
    if lengths is None:
        return entries
    return tuple(
        None if entry is None else np.where(t < lengths, entry, other)
        for entry, other in zip(entries, held, strict=True)
    )
