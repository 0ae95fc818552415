"""The types that the functional API accepts, and the type in which it computes.

float64 gives float64, float32 throughout gives float32, and any mixture gives float64. Lists,
integers and booleans are read as float64. Everything else (float16, long double, complex, objects,
strings, ``None``) is refused with a :class:`TypeError` that names the argument, because its
conversion would silently change values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .reading import as_array

#: An array of the type that the functional API computes in: float64 or float32.
Array: TypeAlias = NDArray[np.floating[Any]]
#: The type of ``parameters_dict``.
Parameters: TypeAlias = Mapping[str, ArrayLike]
#: Gradients by name.
Gradients: TypeAlias = dict[str, Array]
#: Predictions of the output layer: an :data:`Array`, or None without an output layer.
Prediction: TypeAlias = Any
#: The cache of a forward function for its backward function.
Cache: TypeAlias = tuple[Any, ...]

FLOAT32: np.dtype[np.floating[Any]] = np.dtype(np.float32)
FLOAT64: np.dtype[np.floating[Any]] = np.dtype(np.float64)

_ndarray = np.ndarray


def read_arrays(names: Sequence[str], values: Sequence[Any]) -> Sequence[Array]:
    """Return the values as arrays of one type, float64 or float32: that of the results.

    The arrays are plain ``ndarray`` in native byte order and aligned memory.  They have any
    strides, may be read-only, and share memory with the user's arrays if no conversion is needed:
    never write to them.

    Parameters
    ----------
    names : sequence of str
        The arguments' names, for error messages; more names than values are fine.
    values : sequence
        The arguments, at least one.

    Raises
    ------
    TypeError
        If an argument is not an array of real numbers of a supported type.
    ValueError
        If a list is ragged, or a masked array has masked elements.
    """
    first = values[0]
    if type(first) is _ndarray:
        dtype = first.dtype
        if dtype is FLOAT64 or dtype is FLOAT32:
            for value in values:
                if (
                    type(value) is not _ndarray
                    or value.dtype is not dtype
                    or not value.flags.aligned
                ):
                    break
            else:
                return values
    return _convert(names, values)


def read_arrays_or_none(names: Sequence[str], values: Sequence[Any]) -> list[Any]:
    """Return the arrays of :func:`read_arrays`, with None for values that are None."""
    there = [i for i, value in enumerate(values) if value is not None]
    names = [*names, *[""] * (len(values) - len(names))]
    arrays: list[Any] = [None] * len(values)
    read = read_arrays([names[i] for i in there], [values[i] for i in there])
    for i, array in zip(there, read, strict=True):
        arrays[i] = array
    return arrays


def _convert(names: Sequence[str], values: Sequence[Any]) -> list[Array]:
    arrays = [real_array(name, value) for name, value in zip(names, values, strict=False)]
    all_single = all(_is_single(value, array) for value, array in zip(values, arrays, strict=True))
    return [in_type(array, FLOAT32 if all_single else FLOAT64) for array in arrays]


def result_type(names: Sequence[str], values: Sequence[Any]) -> np.dtype[np.floating[Any]]:
    """Return the type that :func:`read_arrays` would convert the values to."""
    dtype = FLOAT32
    for name, value in zip(names, values, strict=True):
        if type(value) is _ndarray and value.dtype is FLOAT32:
            continue
        if not _is_single(value, real_array(name, value)):
            dtype = FLOAT64
    return dtype


def in_type(array: NDArray[Any], dtype: np.dtype[np.floating[Any]]) -> Array:
    """Return an array with a type, aligned and in native byte order, copied only if necessary."""
    return np.require(array, dtype, "A")


def _is_single(value: Any, array: NDArray[Any]) -> bool:
    """Return whether an argument is float32; a list never is, whatever it holds."""
    return not isinstance(value, list | tuple) and array.dtype.newbyteorder("=") == FLOAT32


def real_array(name: str, value: Any) -> NDArray[Any]:
    """Return a value as an ``ndarray`` of a supported type, not yet converted; else raise."""
    array = as_array(name, value)
    dtype = array.dtype
    if dtype.kind not in "biu" and dtype.newbyteorder("=") not in (FLOAT32, FLOAT64):
        refuse(name, "an array of real numbers (float32, float64 or integers)", value, array)
    return array


def refuse(name: str, expected: str, value: Any, array: NDArray[Any]) -> NoReturn:
    """Raise the :class:`TypeError` of an argument that is of the wrong type."""
    if value is None:
        got = "None"
    elif isinstance(value, np.ndarray | np.generic | list | tuple):
        got = f"dtype {array.dtype}"
    else:
        got = type(value).__name__
    raise TypeError(f"{name} must be {expected}, got {got}")
