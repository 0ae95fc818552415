"""The interface that every cipher stands behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = [
    "ALPHABET",
    "END",
    "LETTERS",
    "Cipher",
    "Letters",
    "WordCipher",
    "letter_key",
    "places",
    "word",
]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#: The characters that a cipher changes.
LETTERS = frozenset(ALPHABET + ALPHABET.lower())

#: Rows of letters, as their places in the alphabet from 0; `END` stands behind the end of a row.
Letters = NDArray[np.int8]
END = -1

_OTHER = len(ALPHABET)

#: For every byte of UTF-8 the place of its letter in the alphabet; in it, every letter that a
#: cipher changes is one byte, which stands nowhere else.
_PLACES = np.full(256, _OTHER, np.int8)
for _case in (ALPHABET, ALPHABET.lower()):
    _PLACES[list(_case.encode())] = range(len(ALPHABET))

#: Places of letters that are in memory at once, beyond those of the texts themselves.
_SPARE = 1 << 16


class Cipher(ABC):
    """A cipher with its key: the letters A to Z, in either case, become other letters.

    Everything else stays as it is and where it is, and a place keeps its case, so a text and its
    cipher have the same length. Each call starts the key afresh: one call, one message.

    A cipher is defined by what it does to rows of letters, each with a key of its own:
    `encode_rows` and `decode_rows`. Everything about texts follows from them.

    Attributes
    ----------
    name : str
        What the command line calls the cipher.
    default_key : str
        The key where none is given.
    key : str
        The key in its usual written form; ``type(cipher)(cipher.key)`` is the same cipher, where
        it has no options.
    key_row : Letters, shape (letters,)
        The key as letters, which is how a network is shown it.
    options : tuple of str
        The names of arguments beside the key.
    key_letters : tuple of int
        The fewest letters that a random key has, and the most; 0 for any number.
    windows : int
        How many letters the machine shows beside each one that is typed, see `shown`; 0 for a
        cipher without a machine.

    Examples
    --------
    >>> cipher = make_cipher("vigenere", "KEY")
    >>> isinstance(cipher, Cipher), cipher.name, cipher.key, cipher.default_key
    (True, 'vigenere', 'KEY', 'ORCHID')
    """

    name: ClassVar[str]
    default_key: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    key_letters: ClassVar[tuple[int, int]] = (1, 0)
    windows: ClassVar[int] = 0
    key: str
    key_row: Letters

    @abstractmethod
    def __init__(self, key: str) -> None: ...

    @abstractmethod
    def encode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return messages enciphered, each with its own key.

        Parameters
        ----------
        keys : Letters, shape (messages, key letters)
            As `random_keys` or `key_row` has them; the cipher's own key is not used.
        rows : Letters, shape (messages, letters)
            The letters of each message.

        Returns
        -------
        Letters, shape (messages, letters)
            Their ciphers.
        """

    @abstractmethod
    def decode_rows(self, keys: Letters, rows: Letters) -> Letters:
        """Return the messages that `encode_rows` turns into `rows`."""

    def shown(self, keys: Letters, length: int) -> Letters:
        """Return what the machine shows in its windows, at every letter of messages.

        Parameters
        ----------
        keys : Letters, shape (messages, key letters)
            The key of each; the cipher's own is not used.
        length : int
            Letters of a message.

        Returns
        -------
        Letters, shape (messages, length, windows)
            What stands there as each letter is enciphered.
        """
        return np.zeros((len(keys), length, 0), np.int8)

    @classmethod
    def random_keys(cls, rng: np.random.Generator, count: int, most: int) -> Letters:
        """Return random keys: words of one letter or more, every length equally likely.

        Parameters
        ----------
        rng : Generator
            What they are drawn with.
        count : int
            How many.
        most : int
            Letters of the longest.

        Returns
        -------
        Letters, shape (count, most)
            The keys.
        """
        lengths = rng.integers(cls.key_letters[0], most + 1, (count, 1))
        keys = rng.integers(0, len(ALPHABET), (count, most), np.int8)
        return np.where(np.arange(most) < lengths, keys, np.int8(END))

    @classmethod
    def written(cls, key: Letters) -> str:
        """Return the usual written form of a key, of shape (key letters,)."""
        return word(key)

    def encode(self, text: str) -> str:
        """Return `text` enciphered.

        Parameters
        ----------
        text : str
            A message.

        Returns
        -------
        str
            Its cipher, of the same length.
        """
        return self._changed(text, None, self.encode_rows)

    def decode(self, text: str) -> str:
        """Return the message that `encode` turns into `text`.

        Parameters
        ----------
        text : str
            A cipher.

        Returns
        -------
        str
            The message, of the same length.
        """
        return self._changed(text, None, self.decode_rows)

    def encode_lines(self, lines: str, keys: Letters | None = None) -> str:
        """Return messages enciphered, each for itself, that have line feeds between them.

        Parameters
        ----------
        lines : str
            Messages without line feeds, joined by them.
        keys : Letters, optional
            A key for each message; the cipher's own for all where left out.

        Returns
        -------
        str
            Their ciphers, joined likewise.
        """
        count = lines.count("\n") + 1
        if keys is None:
            keys = np.broadcast_to(self.key_row, (count, len(self.key_row)))
        return self._changed(lines, keys, self.encode_rows)

    def _changed(
        self, text: str, keys: Letters | None, change: Callable[[Letters, Letters], Letters]
    ) -> str:
        """Return a text with other letters: one message, or with `keys` one a line."""
        codes = np.frombuffer(bytearray(text.encode("utf-8", "surrogatepass")), np.uint8)
        found = _PLACES[codes]
        where = np.flatnonzero(found != _OTHER)
        letters = found[where]
        if keys is None:
            ends, keys = np.zeros(0, np.intp), self.key_row[np.newaxis]
        else:
            ends = np.flatnonzero(codes == ord("\n"))
        # The number of each letter within its message, and of its message.
        firsts = np.append(0, np.searchsorted(where, ends))
        counts = np.diff(firsts, append=len(where))
        longest = counts.max()
        if len(keys) > 1 and len(keys) * longest > 4 * len(where) + _SPARE:
            # One message is far longer than the others: no table of all of them.
            half = len(keys) // 2
            at = int(ends[half - 1])
            raw = codes.tobytes()
            parts = ((raw[:at], keys[:half]), (raw[at + 1 :], keys[half:]))
            return "\n".join(
                self._changed(part.decode("utf-8", "surrogatepass"), own, change)
                for part, own in parts
            )
        numbers = np.arange(len(where)) - np.repeat(firsts, counts)
        messages = np.repeat(np.arange(len(keys)), counts)
        rows = np.full((len(keys), longest), END, np.int8)
        rows[messages, numbers] = letters
        changed = change(keys, rows)[messages, numbers]
        # Either case keeps its distance; a difference below zero wraps around, and so does the sum.
        codes[where] += (changed - letters).view(np.uint8)
        return codes.tobytes().decode("utf-8", "surrogatepass")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


class WordCipher(Cipher):
    """A cipher whose key is a word of the letters A to Z."""

    default_key: ClassVar[str] = "ORCHID"

    def __init__(self, key: str = default_key) -> None:
        self.key = letter_key(self.name, key)
        self.key_row = places(self.key)


def letter_key(cipher: str, key: object) -> str:
    """Return `key` in upper case, checked to be one or more of the letters A to Z.

    Parameters
    ----------
    cipher : str
        The cipher's name, for the message.
    key : object
        What the user gave as a key.

    Returns
    -------
    str
        The key in upper case.

    Raises
    ------
    InvalidKeyError
        `key` is no string, is empty, or holds anything but letters A to Z.
    """
    if not isinstance(key, str) or not key or not LETTERS.issuperset(key):
        raise InvalidKeyError(
            f"{cipher}: the key is {brief(key)}, but it should be a word of the letters A to Z"
        )
    return key.upper()


def places(letters: str) -> Letters:
    """Return the places in the alphabet of some letters A to Z."""
    return np.array([ALPHABET.index(letter) for letter in letters], np.int8)


def word(row: Letters) -> str:
    """Return the letters of one row."""
    return "".join(ALPHABET[place] for place in row if place != END)
