"""Checks of numeric arguments."""

from __future__ import annotations

from typing import Any

from fastrnn.settings import number


def in_range(name: str, value: Any, low: float, below: float) -> float:
    """Return `value` as a float after checking that low <= value < below."""
    return number(name, value, least=low, below=below)


def above_zero(name: str, value: Any) -> float:
    """Return `value` as a float after checking that it is positive and finite."""
    return number(name, value, above=0.0)
