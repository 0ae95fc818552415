"""Checked conversion of numbers to another type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fitting(array: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """Return numbers converted to a type that can represent them.

    Parameters
    ----------
    array : ndarray
    dtype : dtype
        Floats are rounded; other changes are errors.
    name : str
        What errors call the array.

    Raises
    ------
    TypeError
        If it does not hold numbers, or complex ones where `dtype` is for real ones.
    ValueError
        If a number is not an integer in the range of an integer type, or a finite number becomes
        infinite; the error names the first.
    """
    given = array
    if array.dtype.kind == "O" and all(type(number) is int for number in array.flat):
        if dtype.kind in "iu" and array.size:  # integers of more than 64 bits fit no type of NumPy
            _refuse_first(given, np.ones(array.shape, np.bool_), dtype, name)
        array = array.astype(np.float64)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{name} does not hold numbers, but dtype is {dtype}")
    if array.dtype.kind == "c" and dtype.kind in "biuf":
        raise TypeError(f"{name} holds complex numbers, but dtype is {dtype}")
    if np.can_cast(array.dtype, dtype, "safe") or not array.size:
        return array
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if array.dtype.kind in "iu":
            # As Python's integers, which are compared exactly.
            if limits.min <= int(array.min()) and int(array.max()) <= limits.max:
                return array
            bad = np.frompyfunc(lambda n: not limits.min <= int(n) <= limits.max, 1, 1)(array)
            _refuse_first(given, np.asarray(bad, np.bool_), dtype, name)
        # The end of the range may not be a float, but the next number is a power of two.
        inside = (array >= float(limits.min)) & (array < float(limits.max + 1))
        _refuse_first(given, ~(inside & (array == np.floor(array))), dtype, name)
    elif dtype.kind in "fc":
        with np.errstate(over="ignore"):
            rounded = array.astype(dtype)
        _refuse_first(given, np.isfinite(array) & ~np.isfinite(rounded), dtype, name)
    return array


def _refuse_first(
    array: NDArray[Any], bad: NDArray[np.bool_], dtype: np.dtype[Any], name: str
) -> None:
    if not bad.any():
        return
    place = tuple(int(index) for index in np.argwhere(bad)[0])
    where = f" at {list(place)}" if place else ""
    should = "a finite number within its range"
    if dtype.kind in "iu":
        should = f"a whole number of {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
    raise ValueError(
        f"{name} holds {array[place]}{where}, which does not fit dtype {dtype}: it should be "
        f"{should}, or dtype another"
    )
