"""Numbers that were given as arguments: read, and refused where they make no sense."""

from __future__ import annotations

from typing import Any

from fastrnn.settings import number


def in_range(name: str, value: Any, low: float, below: float) -> float:
    """Return `value` as a float with low <= value < below, or say what it should be."""
    return number(name, value, least=low, below=below)


def above_zero(name: str, value: Any) -> float:
    """Return `value` as a finite float that is above zero, or say what it should be."""
    return number(name, value, above=0.0)
