"""Vigenère's cipher: the letters of a word, over and over, say how far each letter moves."""

from __future__ import annotations

from itertools import cycle
from typing import ClassVar

from fastrnn.cipher.ciphers.base import ALPHABET, LETTERS, Cipher, letter_key
from fastrnn.cipher.ciphers.caesar import Caesar
from fastrnn.cipher.ciphers.keystream import encode_lines

__all__ = ["SHIFTS", "Vigenere"]

#: For each letter of a key the shift that it stands for: A none, B one place, ... Z 25 places.
SHIFTS = {letter: Caesar(places) for places, letter in enumerate(ALPHABET)}


class Vigenere(Cipher):
    """The n-th letter of a message moves by the n-th letter of the repeated key.

    Only letters count: a space or a comma does not use up a letter of the key.

    Parameters
    ----------
    key : str
        A word of the letters A to Z; case does not matter.

    Raises
    ------
    InvalidKeyError
        `key` is no such word.
    """

    name: ClassVar[str] = "vigenere"
    default_key: ClassVar[str] = "ORCHID"

    def __init__(self, key: str = default_key) -> None:
        self.key = letter_key(self.name, key)

    def encode(self, text: str) -> str:
        """Return `text` enciphered."""
        shifts = cycle(SHIFTS[letter] for letter in self.key)
        return "".join(next(shifts).encode(c) if c in LETTERS else c for c in text)

    def encode_lines(self, lines: str) -> str:
        """Return messages enciphered, each for itself, that have line feeds between them."""
        return encode_lines(lines, self.key, repeats=True)

    def decode(self, text: str) -> str:
        """Return the message whose cipher is `text`."""
        shifts = cycle(SHIFTS[letter] for letter in self.key)
        return "".join(next(shifts).decode(c) if c in LETTERS else c for c in text)
