"""Lookup of integers in a vocabulary."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.vocabulary.lookup import Lookup
from fastrnn.settings import integer


class IntegerLookup(Lookup):
    """Convert integers to indices of a vocabulary: a function of arrays, to call before a model.

    Parameters
    ----------
    max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, \
output_mode, pad_to_max_tokens :
        As of :class:`~fastrnn.layers.vocabulary.lookup.Lookup`; `oov_token` is -1 if left out.

    Examples
    --------
    >>> lookup = IntegerLookup(vocabulary=[10, 20, 30])
    >>> lookup([[10, 30, 99]])
    array([[1, 3, 0]])
    """

    unknown = -1

    def _read(self, term: Any) -> int:
        if isinstance(term, str):
            term = int(term)
        return integer("an entry of the data or the vocabulary", term)
