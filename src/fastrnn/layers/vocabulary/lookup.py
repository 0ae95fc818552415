"""Conversion of terms to indices of a vocabulary, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.vocabulary.encoding import check_mode, check_ready, encoded
from fastrnn.layers.vocabulary.terms import Terms, arrays_of
from fastrnn.settings import boolean

Array = NDArray[Any]


class Lookup(Terms):
    """The base of :class:`StringLookup` and :class:`IntegerLookup`.

    Parameters
    ----------
    max_tokens : int, optional
        Maximum size of the vocabulary of :meth:`adapt`, including special terms.
    num_oov_indices : {1, 0}
        Whether there is an index for unknown terms; otherwise they are an error.
    mask_token : str or int, optional
        The term with index 0.
    oov_token : str or int, optional
        Replacement of unknown terms: "[UNK]" or -1.
    vocabulary : sequence of str or int, or path, optional
        The vocabulary, instead of :meth:`adapt`.
    idf_weights : sequence of float, optional
        Weights of the terms of `vocabulary` in tf-idf.
    invert : bool, default False
        Whether to convert indices to terms.
    output_mode : {"int", "one_hot", "multi_hot", "count", "tf_idf"}
        Indices, in the shape of the input; a one-hot row for each of them; or a row for each row of
        the input with every term's presence, count, or weighted count.
    pad_to_max_tokens : bool, default False
        Whether rows always have `max_tokens` numbers.
    """

    #: The default replacement of unknown terms.
    unknown: ClassVar[Any]
    arguments = (
        "max_tokens",
        "num_oov_indices",
        "mask_token",
        "oov_token",
        "invert",
        "output_mode",
        "pad_to_max_tokens",
    )

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = None,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
    ) -> None:
        super().__init__(max_tokens, pad_to_max_tokens)
        if num_oov_indices not in (0, 1):
            raise ValueError(f"num_oov_indices is {num_oov_indices!r}; it should be 0 or 1")
        self.num_oov_indices, self.output_mode = num_oov_indices, check_mode(output_mode)
        self.mask_token = mask_token if output_mode == "int" else None
        self.oov_token = self.unknown if oov_token is None else oov_token
        self.invert = boolean("invert", invert)
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _documents(self, data: Any) -> Iterable[Sequence[Any]]:
        for array in arrays_of(data):
            for row in array if array.ndim else [array]:
                yield [self._read(term) for term in np.reshape(row, -1)]

    def __call__(self, inputs: Any) -> Array:
        """Return the indices of terms, or with ``invert`` terms of indices, in the same shape."""
        check_ready(self, inputs)
        array = np.asarray(inputs, None if self.invert else object)
        if self.invert:
            return self._inverted(array)
        places = np.array([self.place_of(self._read(term)) for term in array.flat], np.int64)
        if self.output_mode == "int":
            return places.reshape(array.shape)
        each = 1 if self.output_mode == "one_hot" or not array.ndim else array.shape[-1]
        rows = encoded(self, places.reshape(-1, each), self.output_mode)
        shape = array.shape if self.output_mode == "one_hot" else array.shape[:-1]
        return rows.reshape(*shape, rows.shape[-1])

    def _inverted(self, places: Array) -> Array:
        if places.dtype.kind not in "iu":
            raise TypeError(f"inputs are of type {places.dtype}; places should be integers")
        terms = self.get_vocabulary()
        found = [terms[p] if 0 <= p < len(terms) else self.oov_token for p in places.reshape(-1)]
        return np.array(found).reshape(places.shape)
