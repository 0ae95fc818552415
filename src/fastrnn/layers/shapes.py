"""Shapes of what layers read and return, and lists of what may be one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: A shape with the batch first; None for an extent that only the data decides.
Shape = tuple[int | None, ...]


def one_or_all(values: Sequence[Any]) -> Any:
    """Return the only one of some values, or a list of them where there are several."""
    return values[0] if len(values) == 1 else list(values)
