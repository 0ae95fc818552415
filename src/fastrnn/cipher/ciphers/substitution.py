"""Simple substitution: every letter of the alphabet stands for one other letter."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fastrnn.cipher.ciphers.base import ALPHABET, END, Cipher, Letters, letter_key, places
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["Substitution", "substituted"]


class Substitution(Cipher):
    """A, B, C ... become the first, second, third ... letter of `key`.

    Parameters
    ----------
    key : str
        The 26 letters in any order, each once.

    Raises
    ------
    InvalidKeyError
        `key` is no rearrangement of the alphabet.

    Examples
    --------
    >>> cipher = Substitution("QWERTYUIOPASDFGHJKLZXCVBNM")
    >>> cipher.encode("Two notes."), cipher.decode(cipher.encode("Two notes."))
    ('Zvg fgztl.', 'Two notes.')
    """

    name: ClassVar[str] = "substitution"
    default_key: ClassVar[str] = "QWERTYUIOPASDFGHJKLZXCVBNM"
    key_letters: ClassVar[tuple[int, int]] = (26, 26)

    def __init__(self, key: str = default_key) -> None:
        self.key = letter_key(self.name, key)
        if sorted(self.key) != list(ALPHABET):
            raise InvalidKeyError(
                f"{self.name}: the key is {brief(key)}, "
                "but it should have each of the 26 letters once"
            )
        self.key_row = places(self.key)

    @classmethod
    def random_keys(cls, rng: np.random.Generator, count: int, most: int = 26) -> Letters:
        """Return random keys: the alphabet in any order."""
        alphabet = np.arange(len(ALPHABET), dtype=np.int8)
        return rng.permuted(np.tile(alphabet, (count, 1)), axis=1)

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return substituted(keys, rows)

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        return substituted(np.argsort(keys, axis=1).astype(np.int8), rows)


def substituted(alphabets: Letters, rows: Letters) -> Letters:
    """Return what each row's own alphabet has in place of its letters.

    Parameters
    ----------
    alphabets : Letters, shape (rows, 26)
    rows : Letters, shape (rows, letters)

    Returns
    -------
    Letters, shape (rows, letters)
    """
    return np.where(rows == END, rows, np.take_along_axis(alphabets, rows.astype(np.intp), axis=1))
