"""Arguments of classes that are Keras's by name: a wrong one is told by class and nearest name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

#: Arguments of Keras that change no result here: with which values they are taken, and why others
#: are not.
Harmless = Mapping[str, tuple[tuple[Any, ...], str]]


class Constructible(type):
    """Metaclass of classes that users make objects of, with Keras's arguments.

    Before a class is called, keywords that none of its constructors has are looked up: those of its
    `harmless` are dropped if they say what fastrnn does anyway; all others are a ``TypeError`` that
    names the class and what it takes.
    """

    harmless: ClassVar[Harmless] = {}

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Make an object, with the keywords that its class has."""
        known = parameters_of(cls) if keywords else None
        if known is not None:
            for name in [name for name in keywords if name not in known]:
                cls._check_harmless(name, keywords.pop(name), known)
        return super().__call__(*arguments, **keywords)

    def _check_harmless(cls, name: str, value: Any, known: list[str]) -> None:
        if name not in cls.harmless:
            near = difflib.get_close_matches(name, [*known, *cls.harmless], 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            taken = f"it takes {', '.join(known)}" if known else "it takes none"
            raise TypeError(f"{cls.__name__} has no argument {name!r}; {hint}{taken}")
        values, reason = cls.harmless[name]
        own = cls.__name__.lower()
        is_own_name = name == "name" and str(value).replace("_", "") in (own, f"{own}loss")
        if not is_own_name and not any(_is_same(value, taken) for taken in values):
            should = " or ".join(map(repr, values))
            raise TypeError(
                f"{name} of {cls.__name__} is {value!r}; it should be {should} or left out: "
                f"{reason}"
            )


def _is_same(value: Any, other: Any) -> bool:
    if isinstance(other, (int, float)) and not isinstance(other, bool):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and value == other
    return type(value) is type(other) and bool(value == other)


def parameters_of(cls: type) -> list[str] | None:
    """Return the keywords that a class takes, those that it passes on to its bases included.

    None where it takes any.
    """
    names: list[str] = []
    passes_on = False
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        passes_on = False
        for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]:
            if parameter.kind is parameter.VAR_KEYWORD:
                passes_on = True
            elif parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                names.append(parameter.name)
        if not passes_on:
            break
    return None if passes_on else list(dict.fromkeys(names))
