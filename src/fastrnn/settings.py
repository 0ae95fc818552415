"""Checks of common kinds of arguments, and the default dtype."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["boolean", "epsilon", "floatx", "integer", "number", "set_floatx", "verbosity"]

_floatx = "float32"


def floatx() -> str:
    """Return the default dtype of new layers.

    Returns
    -------
    {"float32", "float64"}

    Examples
    --------
    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default dtype of new layers.

    Parameters
    ----------
    value : {"float32", "float64"}
        "float32" when the program starts.

    Raises
    ------
    ValueError
        If it is another type.

    Examples
    --------
    >>> set_floatx("float64")
    >>> floatx()
    'float64'
    >>> set_floatx("float32")
    """
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(f"value is {value!r}; it should be 'float32' or 'float64'")
    _floatx = value


def epsilon() -> float:
    """Return the small constant that keeps losses finite, 1e-7.

    Examples
    --------
    >>> epsilon()
    1e-07
    """
    return 1e-7


def boolean(argument: str, value: Any) -> bool:
    """Return a boolean argument as Python's bool.

    Parameters
    ----------
    argument : str
        What the error calls it.
    value : bool, numpy.bool_, or 0 or 1

    Raises
    ------
    TypeError
        If it is anything else, such as a string: ``"False"`` would count as true.

    Examples
    --------
    >>> boolean("shuffle", np.True_)
    True
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)) and value in (0, 1):
        return bool(value)
    raise TypeError(f"{argument} is {value!r}; it should be True or False")


def integer(argument: str, value: Any, least: int | None = None) -> int:
    """Return an integer argument as Python's int.

    NumPy's integers are converted, so that all file formats can store the result.

    Parameters
    ----------
    argument : str
        What the error calls it.
    value : int, or one of NumPy
        Zero-dimensional arrays are accepted too; booleans are not.
    least : int, optional
        The smallest value that is allowed.

    Raises
    ------
    TypeError
        If it is no integer.
    ValueError
        If it is below `least`.

    Examples
    --------
    >>> integer("epochs", np.int64(5), least=1)
    5
    """
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise TypeError(f"{argument} is {value!r}; it should be an integer")
    if least is not None and plain < least:
        raise ValueError(f"{argument} is {value}; it should be at least {least}")
    return plain


def number(
    argument: str,
    value: Any,
    least: float = -math.inf,
    below: float = math.inf,
    above: float | None = None,
) -> float:
    """Return a finite number as Python's float.

    Parameters
    ----------
    argument : str
        What the error calls it.
    value : int, float or NumPy number
        Zero-dimensional arrays are accepted too; booleans are not.
    least, below : float, optional
        It should be at least the first, and below the second.
    above : float, optional
        In place of `least`, without the bound itself.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is infinite, NaN or out of the range.

    Examples
    --------
    >>> number("rate", np.float32(0.5), least=0, below=1)
    0.5
    """
    plain = _plain(value)
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        raise TypeError(f"{argument} is {value!r}; it should be a number")
    fits = plain > above if above is not None else plain >= least
    if not (fits and plain < below and math.isfinite(plain)):
        lower = f"above {above:g}" if above is not None else f"at least {least:g}"
        bounds = [lower] if above is not None or math.isfinite(least) else []
        bounds.append("finite" if below == math.inf else f"below {below:g}")
        raise ValueError(f"{argument} is {value}; it should be {' and '.join(bounds)}")
    return float(plain)


def _plain(value: Any) -> Any:
    """Return NumPy's scalars and zero-dimensional arrays as Python's numbers; others unchanged."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        return value.item()
    return value


def verbosity(value: Any) -> int:
    """Return the argument `verbose` as 0, 1 or 2.

    Parameters
    ----------
    value : int, "auto" or bool
        Any whole number but 0 and 1 is 2, and "auto" is 1, as in Keras.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(value, str) and value == "auto":
        return 1
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return int(value) if value in (0, 1) else 2
    raise ValueError(f"verbose is {value!r}; it should be a whole number or 'auto'")
