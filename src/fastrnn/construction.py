"""Checks of keyword arguments: older names are replaced, and unknown ones refused."""

from __future__ import annotations

import difflib
import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, ParamSpec, TypeVar

from fastrnn import _older
from fastrnn._older import Harmless

__all__ = ["Constructible", "Harmless", "parameters_of", "with_older_names"]

P = ParamSpec("P")
R = TypeVar("R")


class Constructible(type):
    """Metaclass of public classes with Keras's arguments.

    When a class is called, keywords that its constructors do not have are looked up: older names
    are replaced by newer ones; those of `harmless` are dropped if their value changes nothing;
    others raise a ``TypeError`` that names the class and its arguments.
    """

    harmless: ClassVar[Harmless] = {}
    #: Whether the class itself, but not its subclasses, accepts any keywords, for a function.
    takes_any: bool = False

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Create an object after replacing older names of keywords."""
        known = parameters_of(cls) if keywords else None
        if known is not None:
            for name in [name for name, value in keywords.items() if value is None]:
                if any(name in _older.NONE_IS_DEFAULT.get(c.__name__, ()) for c in cls.__mro__):
                    del keywords[name]
            if any(name not in known for name in keywords):
                cls.renew(keywords, known)
                _renew(cls.__name__, keywords, known, cls._newer, cls._harmless)
        return super().__call__(*arguments, **keywords)

    def renew(cls, keywords: dict[str, Any], known: list[str]) -> None:
        """Convert older arguments for which renaming is not enough."""

    @property
    def __signature__(cls) -> inspect.Signature:
        """The arguments of the constructor, for :func:`help` and the like."""
        constructor = next(vars(c)["__init__"] for c in cls.__mro__ if "__init__" in vars(c))
        whole = inspect.signature(constructor)
        return whole.replace(parameters=list(whole.parameters.values())[1:])

    @property
    def _newer(cls) -> Mapping[str, str]:
        """The newer names of older arguments, for this class and its bases."""
        found: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            found.update(_older.CLASSES.get(base.__name__, {}))
        return found

    @property
    def _harmless(cls) -> Harmless:
        """The arguments that change no result, for this class and its bases."""
        found = dict(cls.harmless)
        for base in cls.__mro__:
            found.update(_older.HARMLESS_OF_CLASSES.get(base.__name__, {}))
        return found


def with_older_names(method: Callable[P, R]) -> Callable[P, R]:
    """Make a method accept older names of its arguments, and arguments without an effect.

    The signature shown to users and type checkers does not change.
    """
    title = method.__name__
    code = method.__code__
    known = list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    newer = _older.METHODS.get(title, {})
    harmless = _older.HARMLESS_OF_METHODS.get(title, {})

    is_led_by_name = title in _older.LED_BY_NAME

    @functools.wraps(method)
    def call(*arguments: P.args, **keywords: P.kwargs) -> R:
        if is_led_by_name and len(arguments) > 1 and isinstance(arguments[1], str):
            keywords["name"] = arguments[1]
            return call(arguments[0], *arguments[2:], **keywords)  # type: ignore[arg-type]
        if any(name not in known for name in keywords):
            _renew(title, keywords, [name for name in known if name != "self"], newer, harmless)
        return method(*arguments, **keywords)

    return call


def _renew(
    title: str,
    keywords: dict[str, Any],
    known: list[str],
    newer: Mapping[str, str],
    harmless: Harmless,
) -> None:
    """Rename and drop keywords; raise an error for unknown ones."""
    for name in [name for name in keywords if name not in known]:
        value = keywords.pop(name)
        new = newer.get(name)
        if new is not None and (new in known or new in harmless):
            if new in keywords:
                raise TypeError(f"{title} got {name} and {new}, which mean the same; leave out one")
            if new in known:
                keywords[new] = value
                continue
            name = new
        _check_harmless(title, name, value, known, harmless)


def _check_harmless(
    title: str, name: str, value: Any, known: list[str], harmless: Harmless
) -> None:
    if name not in harmless and f"{title}.{name}" in _older.LEFT_OUT:
        said = _older.LEFT_OUT[f"{title}.{name}"]
        if value:
            warnings.warn(f"{title} is made without {name}={value!r}: {said}", stacklevel=4)
        return
    if name not in harmless:
        advice = _older.REFUSED.get(f"{title}.{name}")
        near = difflib.get_close_matches(name, [*known, *harmless], 1)
        hint = f"{advice}; " if advice else f"did you mean {near[0]!r}? " if near else ""
        taken = f"it takes {', '.join(known)}" if known else "it takes none"
        raise TypeError(f"{title} has no argument {name!r}; {hint}{taken}")
    values, reason = harmless[name]
    own = title.lower()
    is_own_name = name == "name" and str(value).replace("_", "") in (own, f"{own}loss")
    if not is_own_name and not any(_is_same(value, taken) for taken in values):
        should = " or ".join(one.__name__ if isinstance(one, type) else repr(one) for one in values)
        raise TypeError(
            f"{name} of {title} is {value!r}; it should be {should} or left out: {reason}"
        )


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(other, type):
        return isinstance(value, other)
    if isinstance(other, (int, float)) and not isinstance(other, bool):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and value == other
    return type(value) is type(other) and bool(value == other)


def parameters_of(cls: type) -> list[str] | None:
    """Return the keywords that a class takes, including those that it passes on to its bases.

    None if it accepts any.
    """
    if vars(cls).get("takes_any"):
        return None
    names: list[str] = []
    passes_on = False
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        passes_on = False
        own_keywords = vars(base).get("keywords")
        for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]:
            if parameter.kind is parameter.VAR_KEYWORD:
                passes_on = True
            elif parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                names.append(parameter.name)
        if own_keywords is not None:
            names += own_keywords
            passes_on = False
        if not passes_on:
            break
    return None if passes_on else list(dict.fromkeys(names))
