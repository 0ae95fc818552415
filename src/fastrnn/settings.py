"""Settings that users give: what is read as what, with which words others are refused."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["boolean", "verbosity"]


def boolean(argument: str, value: Any) -> bool:
    """Return a setting that is either on or off.

    Parameters
    ----------
    argument : str
        What the error calls it.
    value : bool, numpy.bool_, or 0 or 1

    Raises
    ------
    TypeError
        If it is anything else: every string is true to Python, ``"False"`` too.

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


def verbosity(value: Any) -> int:
    """Return how much `verbose` asks for: 0 for nothing, 1, or 2.

    Parameters
    ----------
    value : {0, 1, 2, "auto"} or bool
        "auto" is 1, as in Keras.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(value, str) and value == "auto":
        return 1
    if isinstance(value, (bool, np.bool_, int, np.integer)) and value in (0, 1, 2):
        return int(value)
    raise ValueError(f"verbose is {value!r}; it should be 0, 1, 2 or 'auto'")
