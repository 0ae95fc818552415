"""Error messages of the functional API with the names of a notebook."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])


def in_words(words: Mapping[str, str]) -> Callable[[_F], _F]:
    """Return a decorator that replaces names in error messages.

    Parameters
    ----------
    words : mapping
        Phrases of the functional API's messages with their replacements; longer phrases first.
    """
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in words))

    def decorate(function: _F) -> _F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (TypeError, ValueError, KeyError) as error:
                if len(error.args) != 1 or not isinstance(error.args[0], str):
                    raise
                message = pattern.sub(lambda found: words[found.group()], error.args[0])
                raise type(error)(message) from None

        return call  # type: ignore[return-value]

    return decorate
