"""Names of layers, given or generated from the class and a count."""

from __future__ import annotations

from collections.abc import Container

from fastrnn.terminal import printable


class Renaming:
    """A version that changes with every renaming of a layer, for caches of names.

    A version is a new object and not a counter, which two threads could set to the same value.
    """

    version: object = object()


def check_name(name: str) -> str:
    """Return a name; raise an error if it is not valid."""
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}; it should be a string")
    if not name or set(name) & set("/:"):
        raise ValueError(f"name is {name!r}; it should be non-empty, without '/' and ':'")
    if printable(name) != name:
        raise ValueError(f"name is {name!r}; it should be without control characters")
    return name


def counted_name(stem: str, taken: Container[str], count: int = 1) -> str:
    """Return ``stem_count`` with the first count, from `count` on, that is not taken."""
    while f"{stem}_{count}" in taken:
        count += 1
    return f"{stem}_{count}"
