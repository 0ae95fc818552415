"""Splitting of texts into words."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from typing import Any

from fastrnn.settings import integer

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
# Only ASCII, as in Keras.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_STANDARD: dict[Any, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": lambda text: text.translate(_LOWER),
    "strip_punctuation": lambda text: _PUNCTUATION.sub("", text),
    "lower_and_strip_punctuation": lambda text: _PUNCTUATION.sub("", text.translate(_LOWER)),
}
_SPLIT: dict[Any, Callable[[str], Iterable[str]]] = {
    None: lambda text: [text],
    "whitespace": str.split,
    "character": list,
}


class Words:
    """Splits a text into words and groups of words.

    Parameters
    ----------
    standardize, split, ngrams :
        As of :class:`~fastrnn.layers.TextVectorization`.
    """

    def __init__(self, standardize: Any, split: Any, ngrams: Any) -> None:
        self._standardized = _function("standardize", standardize, _STANDARD)
        self._split = _function("split", split, _SPLIT)
        if isinstance(ngrams, int):
            ngrams = range(1, integer("ngrams", ngrams, least=1) + 1)
        self._sizes: tuple[int, ...] = (1,) if ngrams is None else tuple(ngrams)

    def of(self, text: str) -> list[str]:
        """Return the words of a text, then its groups of words."""
        words = list(self._split(self._standardized(text)))
        return [
            " ".join(words[start : start + size])
            for size in self._sizes
            for start in range(len(words) - size + 1)
        ]


def _function(argument: str, given: Any, known: dict[Any, Any]) -> Callable[[str], Any]:
    found = given if callable(given) else known.get(given)
    if found is None:
        raise ValueError(
            f"{argument} is {given!r}; it should be one of {list(known)}, or a function of a text"
        )
    return found  # type: ignore[no-any-return]
