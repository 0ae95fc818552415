"""Texts as the places of their words in a vocabulary: before the model, on arrays."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fastrnn.layers.lookup import Array, StringLookup, _arrays
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


class TextVectorization(StringLookup):
    """Texts as rows of integers: a function of arrays, to be called before a model.

    Parameters
    ----------
    max_tokens : int, optional
        The most words that :meth:`adapt` keeps, those for padding and unknown words included.
    standardize : str or callable, default "lower_and_strip_punctuation"
        What is done to a text first: also "lower", "strip_punctuation", None, or a function of a
        text.
    split : str or callable, default "whitespace"
        What makes words of a text: also "character", None, or a function of a text.
    ngrams : int or tuple of int, optional
        Count neighbouring words as words too: up to so many, or just so many.
    output_mode : {"int", "multi_hot", "count"}
        Places, with 0 behind the end and 1 for unknown words; or a row with one number for each
        word.
    output_sequence_length : int, optional
        Length of the rows; that of the longest text if left out.
    vocabulary : sequence of str or path, optional
        In place of :meth:`adapt`.

    Examples
    --------
    >>> vectorize = TextVectorization(output_sequence_length=4)
    >>> vectorize.adapt(["One fish, two fish."])
    >>> vectorize(["Two red fish"])
    array([[3, 1, 2, 0]])
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        vocabulary: Any = None,
    ) -> None:
        self.standardize, self.split = standardize, split
        self._standardized = _function("standardize", standardize, _STANDARD)
        self._words = _function("split", split, _SPLIT)
        self.ngrams = ngrams
        if isinstance(ngrams, int):
            self._sizes: tuple[int, ...] = tuple(range(1, integer("ngrams", ngrams, least=1) + 1))
        else:
            self._sizes = (1,) if ngrams is None else tuple(ngrams)
        if output_mode == "one_hot":
            raise ValueError("output_mode is 'one_hot'; it should be 'int', 'multi_hot' or 'count'")
        self.output_sequence_length = (
            None
            if output_sequence_length is None
            else integer("output_sequence_length", output_sequence_length, least=1)
        )
        super().__init__(max_tokens, mask_token="", vocabulary=vocabulary, output_mode=output_mode)

    def _tokens(self, text: Any) -> list[str]:
        words = list(self._words(self._standardized(self._read(text))))
        return [
            " ".join(words[start : start + size])
            for size in self._sizes
            for start in range(len(words) - size + 1)
        ]

    def _every(self, data: Any) -> Iterable[str]:
        for array in _arrays(data):
            for text in array.reshape(-1):
                yield from self._tokens(text)

    def __call__(self, inputs: Any) -> Array:
        """Return a row for every text of an array (batch,) or (batch, 1), or of a single text."""
        self._refuse_tensors(inputs)
        if self._terms is None:
            raise ValueError("TextVectorization has no vocabulary; call adapt(data) first")
        texts = np.asarray(inputs, object)
        if texts.ndim > 2 or (texts.ndim == 2 and texts.shape[1] != 1):
            raise ValueError(f"inputs has shape {texts.shape}; it should be (batch,) or (batch, 1)")
        rows = [[self._place(token) for token in self._tokens(text)] for text in texts.reshape(-1)]
        if self.output_mode != "int":
            size = self.vocabulary_size()
            counts = [np.bincount(np.array(row, int), minlength=size) for row in rows]
            found = np.array(counts, np.float32).reshape(len(rows), size)
            found = found if self.output_mode == "count" else np.minimum(found, 1)
        else:
            length = self.output_sequence_length or max(map(len, rows), default=0)
            found = np.zeros((len(rows), length), np.int64)
            for place, row in enumerate(rows):
                found[place, : len(row)] = row[:length]
        return found if texts.ndim else found[0]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this object."""
        names = ("max_tokens", "standardize", "split", "ngrams", "output_mode")
        given = {name: getattr(self, name) for name in (*names, "output_sequence_length")}
        return {**given, "vocabulary": None if self._terms is None else list(self._terms)}


def _function(argument: str, given: Any, known: dict[Any, Any]) -> Callable[[str], Any]:
    found = given if callable(given) else known.get(given)
    if found is None:
        raise ValueError(
            f"{argument} is {given!r}; it should be one of {list(known)}, or a function of a text"
        )
    return found  # type: ignore[no-any-return]
