"""Checks of the values in a callback's state that was read from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

#: The checks of attributes by name; a check takes name, value and model.
Kept = Mapping[str, Callable[[str, Any, Any], None]]

#: Upper limit of plausible counts of steps and epochs.
MOST = 2**53


def count(name: str, value: Any, model: Any) -> None:
    """Raise ``ValueError`` unless a value is a count of steps or epochs."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise ValueError(f"{name} is {value!r}; it should be a count")


def measured(name: str, value: Any, model: Any) -> None:
    """Raise ``ValueError`` unless a value is a number or None."""
    if value is None or isinstance(value, float):
        return
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise ValueError(f"{name} is {value!r}; it should be a number")


def weights(name: str, value: Any, model: Any) -> None:
    """Raise ``ValueError`` unless a value is None, or a list of arrays like the model's weights."""
    if value is None:
        return
    shapes = [weight.shape for weight in model.weights]
    if not isinstance(value, list) or not all(isinstance(array, np.ndarray) for array in value):
        raise ValueError(f"{name} is not a list of arrays")
    if [array.shape for array in value] != shapes:
        raise ValueError(f"the shapes of {name} are not those of the model's weights")


def text(name: str, value: Any, model: Any) -> None:
    """Raise ``ValueError`` unless a value is text that a file can hold."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; it should be a text")
    value.encode()


def texts(name: str, value: Any, model: Any) -> None:
    """Raise ``ValueError`` unless a value is None, or a list of texts."""
    if value is None:
        return
    if not isinstance(value, list):
        raise ValueError(f"{name} is {value!r}; it should be a list")
    for part in value:
        text(name, part, model)
