"""The classes of layers by their names."""

from __future__ import annotations

from typing import Any

#: The classes of the package; the packages that define them register them.
KNOWN: dict[str, type[Any]] = {}


def register(*classes: type[Any]) -> None:
    """Register classes of layers so that `deserialize` finds them by name."""
    KNOWN.update({one.__name__: one for one in classes})
