"""Checks of the states of recurrent layers, from users and from files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arguments import as_array
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape

Array = NDArray[Any]


def states_of(initial_state: Any) -> list[Any]:
    """Return initial states as a list, which is empty for None."""
    if initial_state is None:
        return []
    return list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]


def check_states(layer: Layer, shapes: Sequence[Shape], units: Sequence[int]) -> None:
    """Raise ``ValueError`` unless there are no initial states, or all of the right sizes."""
    if shapes and [shape[1:] for shape in shapes] != [(size,) for size in units]:
        should = ", ".join(f"(None, {size})" for size in units)
        raise ValueError(
            f"initial_state of {layer.name} has the shapes {list(shapes)}; it should have {should}"
        )


def read_states(
    name: str, states: ArrayLike | Sequence[ArrayLike], sizes: Sequence[int], dtype: Any
) -> list[Array]:
    """Return checked copies of initial states, each (batch, size).

    Parameters
    ----------
    name : str
        Of the layer.
    states : array_like of shape (batch, size), or sequence of them
    sizes : sequence of int
        Of the layer's states.
    dtype : str
        Of the layer.

    Raises
    ------
    TypeError, ValueError
        If they are not real numbers, or do not fit the layer or one another.
    """
    title = f"states of {name}"
    if not isinstance(states, (list, tuple)) or len(sizes) == 1:
        whole = as_array(title, states)
        given: Sequence[Any] = [whole] if whole.ndim == 2 else list(whole)
    else:
        given = states
    arrays = [as_array(title, state) for state in given]
    for array in arrays:
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{title} are of type {array.dtype}; they should be real numbers")
    arrays = [np.array(array, dtype) for array in arrays]
    if not fit(arrays, sizes):
        raise ValueError(
            f"{title} have the shapes {[array.shape for array in arrays]}; "
            f"there should be {wanted(sizes)}"
        )
    return arrays


def wanted(sizes: Sequence[int]) -> str:
    """Return the states that a layer has, for error messages."""
    if len(set(sizes)) == 1:
        return f"{len(sizes)} of shape (batch, {sizes[0]})"
    return ", ".join(f"(batch, {size})" for size in sizes)


def fit(states: Any, sizes: Sequence[int]) -> bool:
    """Return whether these are arrays (batch, size) of these sizes, with the same batch size."""
    return (
        isinstance(states, list)
        and len(states) == len(sizes)
        and all(isinstance(array, np.ndarray) and array.ndim == 2 for array in states)
        and [array.shape[1] for array in states] == list(sizes)
        and len({len(array) for array in states}) == 1
    )
