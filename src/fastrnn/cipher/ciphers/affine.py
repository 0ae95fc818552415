"""Ciphers that multiply and shift the places of letters: Caesar's, and the affine cipher."""

from __future__ import annotations

from operator import index
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import ALPHABET, END, Cipher, Letters
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["Affine", "Caesar"]

Factor = NDArray[np.int16]

_SIZE = len(ALPHABET)

#: The factors that have an inverse modulo 26, and for each place the inverse, or 0.
_INVERSES = np.zeros(_SIZE, np.int16)
_FACTORS = [factor for factor in range(1, _SIZE, 2) if factor != 13]
_INVERSES[_FACTORS] = [pow(factor, -1, _SIZE) for factor in _FACTORS]


class Caesar(Cipher):
    """A shift of the alphabet by `key` places, from Z on to A.

    Parameters
    ----------
    key : int or str
        How many places forward, from -25 to 25; the decipher corpus has 5.

    Raises
    ------
    InvalidKeyError
        `key` is no such number.

    Examples
    --------
    >>> cipher = Caesar(5)
    >>> cipher.encode("Two notes."), cipher.decode("Ybt styjx.")
    ('Ybt styjx.', 'Two notes.')
    """

    name: ClassVar[str] = "caesar"
    default_key: ClassVar[str] = "5"
    key_letters: ClassVar[tuple[int, int]] = (1, 1)

    def __init__(self, key: int | str = default_key) -> None:
        try:
            shift = int(key) if isinstance(key, str) else index(key)
        except (TypeError, ValueError):
            shift = _SIZE
        if abs(shift) >= _SIZE:
            raise InvalidKeyError(
                f"{self.name}: the key is {brief(key)}, "
                "but it should be a whole number from -25 to 25"
            )
        self.key = str(shift)
        self.key_row = np.array([shift % _SIZE], np.int8)

    @classmethod
    def written(cls, key: Letters) -> str:
        """Return the usual written form of a key, of shape (1,)."""
        return str(int(key[0]))

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return _mapped(rows, 1, keys)

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        return _mapped(rows, 1, -keys)


class Affine(Cipher):
    """The letter at place x, counted from 0, becomes the one at place a x + b.

    Parameters
    ----------
    key : str
        The numbers a and b with a comma between them, such as ``"5,8"``: a odd and not 13, so that
        the cipher can be undone, and both from 0 to 25. As letters of a key in front of a message,
        A stands for 0.

    Raises
    ------
    InvalidKeyError
        `key` is nothing of that kind.

    Examples
    --------
    >>> cipher = Affine("5,8")
    >>> cipher.encode("Two notes."), cipher.decode("Zoa vazcu.")
    ('Zoa vazcu.', 'Two notes.')
    """

    name: ClassVar[str] = "affine"
    default_key: ClassVar[str] = "5,8"
    key_letters: ClassVar[tuple[int, int]] = (2, 2)

    def __init__(self, key: str = default_key) -> None:
        try:
            factor, shift = (int(part) for part in key.split(","))
        except (AttributeError, ValueError):
            factor = shift = -1
        if factor not in _FACTORS or not 0 <= shift < _SIZE:
            raise InvalidKeyError(
                f"{self.name}: the key is {brief(key)}, but it should be two numbers with a comma "
                "between them, such as 5,8: the first odd and not 13, both from 0 to 25"
            )
        self.key = f"{factor},{shift}"
        self.key_row = np.array([factor, shift], np.int8)

    @classmethod
    def random_keys(cls, rng: np.random.Generator, count: int, most: int = 2) -> Letters:
        """Return random keys: a factor that can be undone, and a shift."""
        factors = rng.choice(np.array(_FACTORS, np.int8), count)
        return np.stack([factors, rng.integers(0, _SIZE, count, np.int8)], axis=1)

    @classmethod
    def written(cls, key: Letters) -> str:
        """Return the usual written form of a key, of shape (2,)."""
        return f"{key[0]},{key[1]}"

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return _mapped(rows, keys[:, :1].astype(np.int16), keys[:, 1:])

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        inverse = _INVERSES[keys[:, :1]]
        return _mapped(rows, inverse, -inverse * keys[:, 1:])


def _mapped(rows: Letters, factor: Factor | int, shift: NDArray[np.signedinteger[Any]]) -> Letters:
    """Return places times `factor` and `shift` on, around the alphabet."""
    return np.where(rows == END, rows, ((rows * factor + shift) % _SIZE).astype(np.int8))
