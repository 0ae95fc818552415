"""A tensor that a file holds, which is read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: Types of PyTorch, by the names that it has for them, and how files hold their numbers.
KINDS: dict[str, np.dtype[Any]] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "int16": np.dtype("<i2"),
    "int8": np.dtype("i1"),
    "uint8": np.dtype("u1"),
    "bool": np.dtype("?"),
}


@dataclass(frozen=True)
class StoredTensor:
    """A tensor of a file.

    Attributes
    ----------
    kind : str
        One of `KINDS`, or another type of NumPy by its name.
    shape : tuple of int
    read : callable
        Returns a new array: of NumPy's type of that name, float32 for bfloat16.
    """

    kind: str
    shape: tuple[int, ...]
    read: Callable[[], Array]

    @classmethod
    def of(cls, array: Array) -> StoredTensor:
        """Return an array that is in memory."""
        return cls(array.dtype.name, array.shape, lambda: np.array(array))

    def __str__(self) -> str:
        return f"{self.kind} {self.shape}"


def numbers(raw: Array, kind: str) -> Array:
    """Return what a file holds as the numbers that it means, in this machine's byte order.

    Parameters
    ----------
    raw : ndarray
        Of the type that `KINDS` has for `kind`, in either byte order.
    kind : str
    """
    native = raw.astype(raw.dtype.newbyteorder("="))
    if kind != "bfloat16":
        return native
    # The upper half of a float32.
    return (native.astype(np.uint32) << np.uint32(16)).view(np.float32)
