"""Representation of objects as constructor calls, without default arguments."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

__all__ = ["constructor_like"]

#: Characters of a single value.
LONGEST = 60


class _Short(reprlib.Repr):
    """Abbreviates values: arrays by their shape, functions by their name."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = LONGEST
        self.maxlevel = 3

    def repr1(self, x: Any, level: int) -> str:
        if isinstance(x, Mapping) and "class_name" in x:
            config = x.get("config")
            items = config.items() if isinstance(config, Mapping) else ()
            words = [f"{name}={self.repr(one)}" for name, one in items if one is not None]
            return f"{x['class_name']}({', '.join(words)})"
        if isinstance(x, np.ndarray):
            return f"<array {x.shape} {x.dtype}>"
        if isinstance(x, np.generic):
            return repr(x.item())
        if isinstance(x, np.dtype):
            return repr(x.name)
        if inspect.isroutine(x) or isinstance(x, (type, np.ufunc)):
            return str(getattr(x, "__name__", type(x).__name__))
        if type(x).__module__.partition(".")[0] == "fastrnn":
            return repr(x)  # which is short already
        return super().repr1(x, level)


_SHORT = _Short()


def constructor_like(
    made: object,
    values: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    more: Mapping[str, Any] | None = None,
) -> str:
    """Return an object as a constructor call, with the arguments that are not defaults.

    Parameters
    ----------
    made : object
    values : mapping, optional
        The arguments by name, if the object does not have them as attributes.
    without : collection of str
        Arguments that are not shown.
    more : mapping, optional
        Arguments that are not in the signature.

    Returns
    -------
    str
        Such as ``GRU(5, return_sequences=True)``.  Long values are cut.
    """
    words: list[str] = []
    positional = True
    for name, default in _parameters(type(made)).items():
        is_required = default is inspect.Parameter.empty
        value = _value(made, name, values, is_required)
        if value is inspect.Parameter.empty or name in without:
            positional = False
        elif is_required and positional:
            words.append(_SHORT.repr(value))
        elif is_required or not _is_same(value, default):
            words.append(f"{name}={_SHORT.repr(value)}")
    given = {name: value for name, value in (more or {}).items() if value is not None}
    words += [f"{name}={_SHORT.repr(value)}" for name, value in given.items()]
    return f"{type(made).__name__}({', '.join(words)})"


def _parameters(cls: type) -> dict[str, Any]:
    """Return the arguments of a class with their defaults, including those of its bases."""
    found: dict[str, Any] = {}
    first: type | None = None
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if init is None or base is object:
            continue
        first = first or base
        parameters = list(inspect.signature(init).parameters.values())[1:]
        for parameter in parameters:
            is_named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
            # The class itself supplies required arguments of its bases that it does not take.
            if is_named and (parameter.default is not parameter.empty or base is first):
                found.setdefault(parameter.name, parameter.default)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            break
    return found


def _value(made: object, name: str, values: Mapping[str, Any] | None, is_required: bool) -> Any:
    """Return an argument from `values` or, without them, from an attribute; else empty."""
    nothing = inspect.Parameter.empty
    attribute = made.__dict__.get(name, made.__dict__.get(f"_{name}", nothing))
    if values is None:
        return attribute
    # Configurations may omit defaults; a custom class may have an empty one.
    given = values.get(name, attribute if is_required else nothing)
    if isinstance(given, dict):  # the configuration of an attribute
        for attribute in (name, f"forward_{name}"):
            with suppress(Exception):
                return getattr(made, attribute)
    return given


def _is_same(value: Any, default: Any) -> bool:
    """Return whether an argument equals its default, or the object that the default names."""
    if default is None and isinstance(value, str) and value == "linear":  # an activation
        return True
    if value is default or (default is None and isinstance(value, (dict, list)) and not value):
        return True
    if isinstance(default, str) and not isinstance(value, str):
        # An object made from a name, with default arguments.
        shown, usual = _SHORT.repr(value).removesuffix("()").lower(), default.replace("_", "")
        return shown in (usual.lower(), f"random{usual.lower()}")  # "uniform" is RandomUniform
    if isinstance(value, np.ndarray) or isinstance(default, np.ndarray):
        return False
    return type(value) is type(default) and bool(value == default)
