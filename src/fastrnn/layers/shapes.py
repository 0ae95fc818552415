"""The type of shapes, and a helper for values that may be one or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: A shape with the batch first; None for an extent that depends on the data.
Shape = tuple[int | None, ...]


class TensorShape(tuple[int | None, ...]):
    """A shape that TensorFlow's scripts may ask for a list of its extents."""

    __slots__ = ()

    def as_list(self) -> list[int | None]:
        """Return the extents in a list."""
        return list(self)


def one_or_all(values: Sequence[Any]) -> Any:
    """Return the only value, or a list if there are several."""
    return values[0] if len(values) == 1 else list(values)
