"""Logs by name, with aliases of older versions of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from fastrnn._older import reported

T = TypeVar("T")


class Logged(dict[str, T]):
    """A dict that also accepts the names of older versions of Keras.

    ``logs["acc"]`` is ``logs["accuracy"]`` if there is no ``acc``.  Iteration, comparison and
    pickling use the actual names.
    """

    #: Further entries of older versions, which are found by name and not shown.
    _beside: Mapping[str, T] = MappingProxyType({})

    def __missing__(self, name: str) -> T:
        """Return the entry that a name is an alias of."""
        if name in self._beside:
            return self._beside[name]
        found = reported(name, self.keys())
        if found is None:
            raise KeyError(name)
        return self[found]

    def __contains__(self, name: object) -> bool:
        """Return whether there is an entry, or an alias of one."""
        if not isinstance(name, str):
            return False
        return reported(name, self.keys()) is not None or name in self._beside

    def get(self, name: str, default: Any = None) -> Any:
        """Return the entry, or `default`."""
        return self[name] if name in self else default  # noqa: SIM401 - that is this method


def of_batch(logs: Mapping[str, float], number: int, size: int) -> Logged[float]:
    """Return logs of a step in which the number of the batch and of its samples are found, too.

    Keras before 2.3 had them, as ``logs["batch"]`` and ``logs["size"]``.
    """
    found = Logged(logs)
    found._beside = {"batch": number, "size": size}
    return found
