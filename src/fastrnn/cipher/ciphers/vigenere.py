"""Vigenère's cipher and two like it: letters of a key word say how far each letter moves."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from fastrnn.cipher.ciphers.base import ALPHABET, END, Letters, WordCipher

__all__ = ["Autokey", "Beaufort", "Vigenere"]


class Vigenere(WordCipher):
    """The n-th letter of a message moves by the n-th letter of the repeated key.

    A stands for no place, B for one, ... Z for 25. Only letters count: a space or a comma does not
    use up a letter of the key.

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
    >>> cipher = Vigenere("KEY")
    >>> cipher.encode("Two notes."), cipher.decode(cipher.encode("Two notes."))
    ('Dam xsrow.', 'Two notes.')
    """

    name: ClassVar[str] = "vigenere"

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return _where_letters(rows, rows + _repeated(keys, rows.shape[1]))

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        return _where_letters(rows, rows - _repeated(keys, rows.shape[1]))


class Beaufort(WordCipher):
    """The n-th letter of a message is taken from the n-th letter of the repeated key.

    To encipher and to decipher are the same. Only letters count, as for `Vigenere`.

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
    >>> cipher = Beaufort("KEY")
    >>> cipher.encode("Two notes."), cipher.encode(cipher.encode("Two notes."))
    ('Rik xqfgm.', 'Two notes.')
    """

    name: ClassVar[str] = "beaufort"

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        return _where_letters(rows, _repeated(keys, rows.shape[1]) - rows)

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        return self.encode_rows(keys, rows)


class Autokey(WordCipher):
    """The n-th letter of a message moves by the n-th letter of the key followed by the message.

    Only letters count, as for `Vigenere`.

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
    >>> cipher = Autokey("KEY")
    >>> cipher.encode("Two notes."), cipher.decode(cipher.encode("Two notes."))
    ('Dam gkhrg.', 'Two notes.')
    """

    name: ClassVar[str] = "autokey"

    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key."""
        stream = np.take_along_axis(np.hstack([keys, rows]), _autokey_order(keys, rows), axis=1)
        return _where_letters(rows, rows + stream)

    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""
        # What is deciphered at one step is the key of a later one.
        stream = np.hstack([keys, np.full(rows.shape, END, np.int8)])
        order, offset = _autokey_order(keys, rows), keys.shape[1]
        everyone = np.arange(len(rows))
        for step, letters in enumerate(rows.T):
            moved = letters - stream[everyone, order[:, step]]
            stream[:, offset + step] = _where_letters(letters, moved)
        return stream[:, offset:]


def _autokey_order(keys: Letters, rows: Letters) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    """Return where in keys and rows, side by side, the key of every letter stands."""
    lengths = (keys != END).sum(axis=1, keepdims=True)
    steps = np.arange(rows.shape[1])
    return np.where(steps < lengths, steps, keys.shape[1] + steps - lengths)


def _repeated(keys: Letters, length: int) -> Letters:
    """Return keys, each repeated up to `length` letters."""
    lengths = (keys != END).sum(axis=1, keepdims=True)
    return np.take_along_axis(keys, np.arange(length) % lengths, axis=1)


def _where_letters(rows: Letters, moved: Letters) -> Letters:
    """Return places counted around the alphabet, and the ends of rows as they are."""
    return np.where(rows == END, rows, moved % np.int8(len(ALPHABET)))
