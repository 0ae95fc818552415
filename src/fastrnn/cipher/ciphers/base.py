"""The interface that every cipher stands behind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["ALPHABET", "LETTERS", "Cipher", "letter_key"]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#: The characters that a cipher changes.
LETTERS = frozenset(ALPHABET + ALPHABET.lower())


class Cipher(ABC):
    """A cipher with its key: the letters A to Z, in either case, become other letters.

    Everything else stays as it is and where it is, and a letter keeps its case, so a text and
    its cipher have the same length. Each call starts the key afresh: one call, one message.

    Attributes
    ----------
    name : str
        What the command line calls the cipher.
    default_key : str
        The key where none is given.
    key : str
        The key in its usual written form; ``type(cipher)(cipher.key)`` is the same cipher.
    """

    name: ClassVar[str]
    default_key: ClassVar[str]
    key: str

    @abstractmethod
    def __init__(self, key: str) -> None: ...

    @abstractmethod
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

    def encode_lines(self, lines: str) -> str:
        """Return messages enciphered, each for itself, that have line feeds between them.

        Parameters
        ----------
        lines : str
            Messages without line feeds, joined by them.

        Returns
        -------
        str
            Their ciphers, joined likewise.
        """
        return "\n".join(map(self.encode, lines.split("\n")))

    @abstractmethod
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

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


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
