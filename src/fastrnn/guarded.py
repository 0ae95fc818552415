"""Errors on setting attributes that would be ignored: Keras's, and misspelled ones."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, ClassVar

__all__ = ["Guarded"]


class Guarded:
    """Refuses attributes that would be ignored.

    Existing attributes can be set, and new ones with other names too.

    Attributes
    ----------
    _no_effect : frozenset of str
        Attributes of the same class in Keras without a counterpart here, besides those of arguments
        in `harmless` (see :mod:`fastrnn.construction`).  A subclass that uses one declares it as a
        class attribute.
    _fixed : frozenset of str
        Attributes of the class that objects cannot override.
    _often_set : tuple of str
        Attributes that users set; new ones with a similar spelling are refused.
    """

    _no_effect: ClassVar[frozenset[str]] = frozenset()
    _fixed: ClassVar[frozenset[str]] = frozenset()
    _often_set: ClassVar[tuple[str, ...]] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._fixed:
            raise AttributeError(f"{name} of {type(self).__name__} cannot be set")
        if name[:1] != "_" and name not in self.__dict__ and not hasattr(type(self), name):
            self._refuse(name)
        object.__setattr__(self, name, value)

    def _refuse(self, name: str) -> None:
        """Raise ``AttributeError`` if a new attribute would be ignored."""
        if name in self._often_set:
            return
        kind = type(self).__name__
        if name in self._no_effect or name in getattr(type(self), "harmless", ()):
            raise AttributeError(
                f"{kind} has no {name!r}: in Keras it means something, here it would be ignored"
            )
        near = get_close_matches(name, self._often_set, 1, 0.85)
        if near:
            raise AttributeError(f"{kind} has no {name!r}; did you mean {near[0]!r}?")
