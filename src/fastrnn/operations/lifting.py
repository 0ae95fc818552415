"""Functions of arrays that also accept symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly

_Function = TypeVar("_Function", bound=Callable[..., Any])


#: The functions on arrays, by name.
LIFTED: dict[str, Callable[..., Any]] = {}


def lifted(function: _Function) -> _Function:
    """Return a function that adds itself as a layer when it is called on symbolic tensors."""
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
    """Return arrays and symbolic tensors unchanged; convert other values to an array."""
    stands = hasattr(x, "__array_function__") and not isinstance(x, np.ndarray)
    return x if stands else as_array("x", x)
