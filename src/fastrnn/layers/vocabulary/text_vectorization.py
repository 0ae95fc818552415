"""Conversion of texts to indices of a vocabulary, on arrays, before the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.vocabulary.encoding import check_mode, check_ready, encoded
from fastrnn.layers.vocabulary.string_lookup import read_string
from fastrnn.layers.vocabulary.terms import Terms, arrays_of
from fastrnn.layers.vocabulary.words import Words
from fastrnn.settings import integer

Array = NDArray[Any]


class TextVectorization(Terms):
    """Convert texts to rows of integers: a function of arrays, to call before a model.

    Parameters
    ----------
    max_tokens : int, optional
        Maximum size of the vocabulary of :meth:`adapt`, including padding and unknown words.
    standardize : str or callable, default "lower_and_strip_punctuation"
        Standardization of texts: also "lower", "strip_punctuation", None, or a function of a text.
    split : str or callable, default "whitespace"
        How to split a text into words: also "character", None, or a function of a text.
    ngrams : int or tuple of int, optional
        Also use groups of neighbouring words as terms: up to this size, or of exactly these sizes.
    output_mode : {"int", "multi_hot", "count", "tf_idf"}
        Indices, padded with 0, and 1 for unknown words; or a row with every word's presence, count,
        or weighted count.
    output_sequence_length : int, optional
        Length of the rows; that of the longest text if left out.
    pad_to_max_tokens : bool, default False
        Whether rows always have `max_tokens` numbers.
    vocabulary : sequence of str or path, optional
        The vocabulary, instead of :meth:`adapt`.
    idf_weights : sequence of float, optional
        Weights of the words of `vocabulary` in tf-idf.

    Examples
    --------
    >>> vectorize = TextVectorization(output_sequence_length=4)
    >>> vectorize.adapt(["One fish, two fish."])
    >>> vectorize(["Two red fish"])
    array([[3, 1, 2, 0]])
    """

    oov_token = "[UNK]"
    arguments = (
        "max_tokens",
        "standardize",
        "split",
        "ngrams",
        "output_mode",
        "output_sequence_length",
        "pad_to_max_tokens",
    )

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
    ) -> None:
        super().__init__(max_tokens, pad_to_max_tokens)
        self.standardize, self.split, self.ngrams = standardize, split, ngrams
        self._words = Words(standardize, split, ngrams)
        self.output_mode = check_mode(output_mode, ("int", "multi_hot", "count", "tf_idf"))
        self.mask_token = "" if output_mode == "int" else None
        length = output_sequence_length
        self.output_sequence_length = (
            None if length is None else integer("output_sequence_length", length, least=1)
        )
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _read(self, term: Any) -> str:
        return read_string(term)

    def _documents(self, data: Any) -> Iterable[list[str]]:
        for array in arrays_of(data):
            for text in array.reshape(-1):
                yield self._words.of(read_string(text))

    def __call__(self, inputs: Any) -> Array:
        """Return a row for every text of an array (batch,) or (batch, 1), or of a single text."""
        check_ready(self, inputs)
        texts = np.asarray(inputs, object)
        if texts.ndim > 2 or (texts.ndim == 2 and texts.shape[1] != 1):
            raise ValueError(f"inputs has shape {texts.shape}; it should be (batch,) or (batch, 1)")
        rows = [[self.place_of(word) for word in words] for words in self._documents(texts)]
        if self.output_mode != "int":
            found = encoded(self, rows, self.output_mode)
        else:
            length = self.output_sequence_length or max(map(len, rows), default=0)
            found = np.zeros((len(rows), length), np.int64)
            for place, row in enumerate(rows):
                found[place, : len(row)] = row[:length]
        return found if texts.ndim else found[0]
