"""The values of settings: read as Python's own types, and refused by name."""

from __future__ import annotations

import math
import os
from operator import index
from typing import Any

from fastrnn.cipher.errors import SettingsError, brief

__all__ = ["MOST", "float_of", "number", "path_of", "whole"]

#: What whole numbers may be at most; a seed may be anything.
MOST = 2**31 - 1


def whole(name: str, value: Any, least: int) -> int:
    """Return a whole number of Python's own type."""
    try:
        number = least - 1 if isinstance(value, bool) else index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise SettingsError(
            f"{brief(value)}, but it should be a whole number of at least {least}", (name,)
        )
    if number > MOST and name != "seed":
        raise SettingsError(f"{brief(value)}, but it should be at most {MOST}", (name,))
    return number


def number(name: str, value: Any) -> float:
    """Return a number above 0 of Python's own type."""
    found = float_of(value)
    if found is None or not 0 < found < math.inf:
        raise SettingsError(f"{brief(value)}, but it should be a number above 0", (name,))
    return found


def float_of(value: Any) -> float | None:
    """Return a number of Python's own type; None where it is no number, or too large for one."""
    if isinstance(value, (str, bytes, bool)):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def path_of(name: str, value: Any) -> str:
    """Return the absolute path of a file."""
    try:
        path = os.path.abspath(os.fsdecode(value))
    except TypeError:
        path = "\0"
    if "\0" in path:
        raise SettingsError(f"{brief(value)}, but it should be the name of a file", (name,))
    return path
