"""Columnar transposition: letters change their places and stay what they are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import END, Letters, WordCipher

__all__ = ["Columnar"]


class Columnar(WordCipher):
    """Written in rows as wide as the key, and read column by column.

    The columns are read in the alphabetical order of the key's letters, equal ones from left to
    right; the last row may be shorter than the others. Only letters move, among the places of
    letters: what stands between them stays where it is.

    Parameters
    ----------
    key : str
        A word of the letters A to Z; case does not matter.

    Raises
    ------
    InvalidKeyError
        `key` is no such word.

    Examples
    --------
    >>> cipher = Columnar("KEY")
    >>> cipher.encode("TWO NOTES"), cipher.decode(cipher.encode("TWO NOTES"))
    ('WOS TNEOT', 'TWO NOTES')
    """

    name: ClassVar[str] = "columnar"
    key_letters: ClassVar[tuple[int, int]] = (2, 0)

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return np.take_along_axis(rows, _read_at(keys, rows), axis=1)

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        plain = np.empty_like(rows)
        np.put_along_axis(plain, _read_at(keys, rows), rows, axis=1)
        return plain


def _read_at(keys: Letters, rows: Letters) -> NDArray[np.intp]:
    """Return where each letter of a cipher stands in its message."""
    lengths = (keys != END).sum(axis=1, keepdims=True)
    # Behind all letters, so that the ends of keys and rows stay where they are.
    last = np.where(keys == END, np.int8(127), keys)
    ranks = np.argsort(np.argsort(last, axis=1, kind="stable"), axis=1)
    steps = np.arange(rows.shape[1])
    columns = np.take_along_axis(ranks, steps % lengths, axis=1)
    columns[rows == END] = keys.shape[1]
    # Within a column the rows follow one another, as they do in the message.
    return np.argsort(columns, axis=1, kind="stable")
