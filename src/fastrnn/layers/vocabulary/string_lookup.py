"""Lookup of strings in a vocabulary."""

from __future__ import annotations

from typing import Any

from fastrnn.layers.vocabulary.lookup import Lookup


class StringLookup(Lookup):
    """Convert strings to indices of a vocabulary: a function of arrays, to call before a model.

    Parameters
    ----------
    max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, \
output_mode, pad_to_max_tokens :
        As of :class:`~fastrnn.layers.vocabulary.lookup.Lookup`; `oov_token` is "[UNK]" if left out.

    Examples
    --------
    >>> lookup = StringLookup(vocabulary=["a", "b"])
    >>> lookup([["b", "c", "a"]])
    array([[2, 0, 1]])
    >>> StringLookup(vocabulary=["a", "b"], invert=True)([2, 1])
    array(['b', 'a'], dtype='<U1')
    """

    unknown = "[UNK]"

    def _read(self, term: Any) -> str:
        return read_string(term)


def read_string(term: Any) -> str:
    """Return a string, decoded from bytes if necessary; raise an error for other types."""
    if isinstance(term, bytes):
        return term.decode()
    if not isinstance(term, str):
        raise TypeError(f"{term!r} is a {type(term).__name__}; it should be a string")
    return str(term)
