"""Reading users' arrays, with one rule for the whole package."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ndarray = np.ndarray

#: Types that NumPy treats as scalars.
_SINGLE = (numbers.Number, np.generic, str, bytes, type(None))
#: Attributes of types whose objects convert themselves to arrays.
_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__", "__buffer__")
#: NumPy's limit of dimensions; deeper lists are left to NumPy's error.
_DEEPEST = 64


def as_array(name: str, value: Any) -> NDArray[Any]:
    """Return a value as a plain ``ndarray`` of any type.

    Parameters
    ----------
    name : str
        What errors call it.
    value : array_like
        An array, or an object that converts itself to one, such as a tensor of another package or a
        pandas table; a number; or lists, tuples, ranges and other sequences of these.

    Raises
    ------
    TypeError
        If it is, or contains, an object that is only iterable or can only be indexed: a generator,
        a set, a dict, a dataset.  Such an object may be endless, and is not iterated.
    ValueError
        If a masked array has masked elements, in a list too, or lists are ragged.
    """
    if type(value) is _ndarray:
        return value
    value = _readable(name, value)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} cannot be read as an array: {error}") from None


def _readable(name: str, value: Any, depth: int = 0) -> Any:
    """Return a value that NumPy can convert completely, without losing a mask; else raise."""
    if isinstance(value, np.ma.MaskedArray):
        if np.ma.is_masked(value):
            raise ValueError(
                f"{name} has masked elements, which have no value to compute with; "
                f"give {name}.filled(value) instead"
            )
        return value
    if isinstance(value, (_ndarray, *_SINGLE)) or depth > _DEEPEST:
        return value
    if isinstance(value, (list, tuple)):
        # Most lists hold only numbers, which their types show.
        if all(issubclass(kind, _SINGLE) for kind in set(map(type, value))):
            return value
        return [_readable(name, part, depth + 1) for part in value]
    if isinstance(value, range):
        return np.arange(value.start, value.stop, value.step)
    kind = type(value)
    if any(hasattr(kind, protocol) for protocol in _PROTOCOLS) or _is_buffer(value):
        return np.asarray(value) if depth else value  # NumPy 1 warns of such an object in a list
    if isinstance(value, Sequence):
        parts = list(islice(value, len(value) + 1))
        if len(parts) <= len(value):
            return _readable(name, parts, depth + 1)
    elif not isinstance(value, Iterable) and not hasattr(kind, "__getitem__"):
        return value  # a single object; its type is checked like that of any array
    raise TypeError(
        f"{name} must be an array or lists of numbers, got an object of type {kind.__name__}"
    )


def _is_buffer(value: Any) -> bool:
    try:
        memoryview(value)
    except TypeError:
        return False
    return True
