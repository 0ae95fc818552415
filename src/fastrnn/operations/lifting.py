"""Functions that take arrays, and tensors of a model as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly

_Function = TypeVar("_Function", bound=Callable[..., Any])


#: The functions, by name, as they compute on arrays.
LIFTED: dict[str, Callable[..., Any]] = {}


def lifted(function: _Function) -> _Function:
    """Return a function that makes one layer of itself where it is called on tensors of a model."""
    quiet = quietly(function)

    LIFTED[function.__name__] = quiet

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        for argument in arguments:
            for one in argument if isinstance(argument, (list, tuple)) else [argument]:
                if hasattr(one, "lift"):
                    return one.lift(quiet, arguments, options)
        return quiet(*arguments, **options)

    return call  # type: ignore[return-value]


def array_or_tensor(x: Any) -> Any:
    """Return an array, or what stands for one, as it is; all else as an array."""
    stands = hasattr(x, "__array_function__") and not isinstance(x, np.ndarray)
    return x if stands else as_array("x", x)
