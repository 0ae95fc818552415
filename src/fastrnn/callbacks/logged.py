"""What a training reports, by name."""

from __future__ import annotations

from typing import Any, TypeVar

from fastrnn._older import reported

T = TypeVar("T")


class Logged(dict[str, T]):
    """A dict whose entries are found under the names of older versions of Keras too.

    ``logs["acc"]`` is ``logs["accuracy"]`` where there is no ``acc``.  It is written, listed,
    compared and pickled with the names that it has.
    """

    def __missing__(self, name: str) -> T:
        """Return the entry that has another name now."""
        found = reported(name, self.keys())
        if found is None:
            raise KeyError(name)
        return self[found]

    def __contains__(self, name: object) -> bool:
        """Return whether the name would find an entry."""
        return isinstance(name, str) and reported(name, self.keys()) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the entry, or `default`."""
        return self[name] if name in self else default  # noqa: SIM401 - that is this method
