"""Simple substitution: every letter of the alphabet stands for one other letter."""

from __future__ import annotations

from typing import ClassVar

from fastrnn.cipher.ciphers.base import ALPHABET, Cipher, letter_key
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["Substitution"]


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
    """

    name: ClassVar[str] = "substitution"
    default_key: ClassVar[str] = "QWERTYUIOPASDFGHJKLZXCVBNM"

    def __init__(self, key: str = default_key) -> None:
        self.key = letter_key(self.name, key)
        if sorted(self.key) != list(ALPHABET):
            raise InvalidKeyError(
                f"{self.name}: the key is {brief(key)}, "
                "but it should have each of the 26 letters once"
            )
        plain = (ALPHABET + ALPHABET.lower()).encode()
        cipher = (self.key + self.key.lower()).encode()
        self._encoding = bytes.maketrans(plain, cipher)
        self._decoding = bytes.maketrans(cipher, plain)

    def encode(self, text: str) -> str:
        """Return `text` enciphered."""
        return _translated(text, self._encoding)

    def encode_lines(self, lines: str) -> str:
        """Return messages enciphered, each for itself, that have line feeds between them."""
        return self.encode(lines)

    def decode(self, text: str) -> str:
        """Return the message whose cipher is `text`."""
        return _translated(text, self._decoding)


def _translated(text: str, table: bytes) -> str:
    """Return `text` with other letters: those of ASCII are single bytes in UTF-8 too."""
    content = text.encode("utf-8", "surrogatepass")
    return content.translate(table).decode("utf-8", "surrogatepass")
