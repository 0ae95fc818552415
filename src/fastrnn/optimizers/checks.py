"""Numbers that were given as arguments: read, and refused where they make no sense."""

from __future__ import annotations

import math

import numpy as np


def in_range(name: str, value: float, low: float, below: float) -> float:
    """Return `value` as a float with low <= value < below, or say what it should be."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}; it should be a number")
    if not low <= value < below:
        limit = "finite" if below == math.inf else f"below {below:g}"
        raise ValueError(f"{name} is {value}; it should be at least {low:g} and {limit}")
    return float(value)


def above_zero(name: str, value: float) -> float:
    """Return `value` as a finite float that is above zero, or say what it should be."""
    number = in_range(name, value, 0.0, math.inf)
    if not number:
        raise ValueError(f"{name} is {value}; it should be above 0 and finite")
    return number
