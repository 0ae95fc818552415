"""Floating-point arithmetic that ignores the caller's ``np.seterr``.

Overflow, underflow and infinities are expected in this package: the formulas saturate, and infinite
or NaN values are checked where they matter.  In a program that has set ``np.seterr(all="raise")``,
or turns warnings into errors, the package must neither raise nor compute other numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

__all__ = ["quietly"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def quietly(function: _Function) -> _Function:
    """Return a function that calls `function` with NumPy's floating-point errors ignored.

    Decorates functions that compute with NumPy and are public, or run within a training step.  The
    compiled core does not need it.

    Examples
    --------
    >>> @quietly
    ... def inverse(x):
    ...     return 1 / np.asarray(x)
    >>> with np.errstate(all="raise"):
    ...     float(inverse(0.0))
    inf
    """

    @wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments, **options)

    return cast(_Function, wrapped)
