"""The reserve: the memory that a forward pass writes, and the backward pass reads."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.memory import padded
from fastrnn._core.recurrence import Recurrence

__all__ = ["views"]


def views(core: Recurrence, reserve: NDArray[Any], T: int, m: int, n_s: int) -> list[NDArray[Any]]:
    """Return the arrays that a reserve consists of, in the order of ``simd/places.h``.

    Parameters
    ----------
    core : Recurrence
        Which cell it is of.
    reserve : ndarray of shape (length,)
        ``core.reserve_length(T, m, n_s, reserve.itemsize)`` elements, or more.
    T, m, n_s : int
        Steps, columns of the batch, units.

    Returns
    -------
    list of ndarray
        States (T + 1, m, ld), of an LSTM also cells; gates (T, m, gates, ld) unless there is only
        one; what the cell keeps beside them, (T, m, ld); with a recurrent dropout the states that
        each gate saw, (T, m, gates, ld).
    """
    ld = padded(n_s, reserve.dtype)
    gates, kept = (T, m, core.gates, ld), (T, m, ld)
    shapes: list[tuple[int, ...]] = [(T + 1, m, ld)] * core.states
    shapes += [gates] * (core.gates > 1) + [kept] * core.kept + [gates] * core.drops
    starts = accumulate((prod(shape) for shape in shapes), initial=0)
    return [
        np.ndarray(shape, reserve.dtype, reserve, start * reserve.itemsize)
        for shape, start in zip(shapes, starts, strict=False)
    ]
