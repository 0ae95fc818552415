"""Deprecated names and arguments, which warn until they are removed."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

__all__ = ["DEPRECATED", "Deprecation", "deprecated", "warn_deprecated"]

P = ParamSpec("P")
R = TypeVar("R")


class Deprecation(NamedTuple):
    """A deprecation: what, since which version, removed in which version, and the alternative."""

    what: str
    since: str
    removal: str
    instead: str


#: All deprecations declared by :func:`deprecated`, in the order of the imports.
DEPRECATED: list[Deprecation] = []


def warn_deprecated(
    what: str,
    since: str,
    removal: str,
    instead: str,
    category: type[Warning] = DeprecationWarning,
    stacklevel: int = 2,
) -> None:
    """Warn the caller of the calling function.

    Parameters
    ----------
    what : str
        The deprecated name, as the user writes it.
    since, removal : str
        The version that started to warn, and the version that removes it.
    instead : str
        The alternative.
    category : type of Warning, default DeprecationWarning
        ``FutureWarning`` if a result will change; Python shows it to all users, but a
        ``DeprecationWarning`` only for code in ``__main__`` and in tests.
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
    """Return a decorator for a deprecated function or method.

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
