"""Conversion between arrays with the batch first, as in CS231n, and with the features first."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastrnn.arguments import Array, read_arrays


def ranked(name: str, value: ArrayLike, axes: str) -> Array:
    """Return an array after checking that it has the given axes."""
    (array,) = read_arrays((name,), (value,))
    if array.ndim != len(axes):
        raise ValueError(f"{name} has shape {array.shape}, expected ({', '.join(axes)})")
    return array


def features_first(name: str, value: ArrayLike, features: str) -> Array:
    """Return (N, T, D) as (D, N, T)."""
    return ranked(name, value, f"NT{features}").transpose(2, 0, 1)


def batch_first(array: Array) -> Array:
    """Return (D, N, T) as (N, T, D)."""
    return array.transpose(1, 2, 0)
