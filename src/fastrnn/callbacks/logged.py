"""Logs by name, with aliases of older versions of Keras."""

from __future__ import annotations

from typing import Any, TypeVar

from fastrnn._older import reported

T = TypeVar("T")


class Logged(dict[str, T]):
    """A dict that also accepts the names of older versions of Keras.

    ``logs["acc"]`` is ``logs["accuracy"]`` if there is no ``acc``.  Iteration, comparison and
    pickling use the actual names.
    """

    def __missing__(self, name: str) -> T:
        """Return the entry that a name is an alias of."""
        found = reported(name, self.keys())
        if found is None:
            raise KeyError(name)
        return self[found]

    def __contains__(self, name: object) -> bool:
        """Return whether there is an entry, or an alias of one."""
        return isinstance(name, str) and reported(name, self.keys()) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """Return the entry, or `default`."""
        return self[name] if name in self else default  # noqa: SIM401 - that is this method
