"""Floating-point arithmetic that ignores the caller's ``np.seterr``.

Overflow, underflow and infinities are part of what this package computes: the formulas saturate,
and what becomes infinite or NaN is looked at where it matters.  A program that has set
``np.seterr(all="raise")``, or turns warnings into errors, should neither see an exception of ours
nor get other numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

__all__ = ["quietly"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def quietly(function: _Function) -> _Function:
    """Return a function that computes as `function`, whatever ``np.seterr`` says.

    Whatever computes with NumPy and is called from outside, or runs within a step of a training,
    wears it.  The compiled core does not need it.

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
