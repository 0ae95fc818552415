"""Names and arguments that go away: a warning while they work, with the version without them."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

__all__ = ["DEPRECATED", "Deprecation", "deprecated", "warn_deprecated"]

P = ParamSpec("P")
R = TypeVar("R")


class Deprecation(NamedTuple):
    """What goes away, since when it is said, in which version it is gone, and what to use."""

    what: str
    since: str
    removal: str
    instead: str


#: Everything that was declared by :func:`deprecated`, in the order of the imports.
DEPRECATED: list[Deprecation] = []


def warn_deprecated(
    what: str,
    since: str,
    removal: str,
    instead: str,
    category: type[Warning] = DeprecationWarning,
    stacklevel: int = 2,
) -> None:
    """Warn whoever called the function that calls this one.

    Parameters
    ----------
    what : str
        What goes away, as the user writes it.
    since, removal : str
        The version that began to warn, and the one without it.
    instead : str
        What to use, or to do.
    category : type of Warning, default DeprecationWarning
        ``FutureWarning`` where a result changes rather than a name goes: Python shows it to
        everyone, and a ``DeprecationWarning`` to those who run the calling code as a program or a
        test.
    stacklevel : int, default 2
        As for :func:`warnings.warn`, seen from the caller.

    Examples
    --------
    >>> def old(x):
    ...     warn_deprecated("old(x)", "0.3.0", "0.5.0", "new(x)")
    ...     return x
    """
    warnings.warn(
        f"{what} is deprecated since fastrnn {since} and goes away in {removal}; use {instead}",
        category,
        stacklevel=stacklevel + 1,
    )


def deprecated(
    since: str, removal: str, instead: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator of a function or method that goes away.

    Parameters
    ----------
    since, removal, instead : str
        See :func:`warn_deprecated`.

    Examples
    --------
    >>> @deprecated("0.3.0", "0.5.0", "new")
    ... def old(x):
    ...     return x
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        what = f"{function.__module__}.{function.__qualname__}"
        DEPRECATED.append(Deprecation(what, since, removal, instead))

        @functools.wraps(function)
        def call(*arguments: P.args, **keywords: P.kwargs) -> R:
            warn_deprecated(what, since, removal, instead)
            return function(*arguments, **keywords)

        return call

    return decorate
