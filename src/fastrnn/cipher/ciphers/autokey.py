"""The autokey cipher: after its key word, the message itself is the key."""

from __future__ import annotations

from typing import ClassVar

from fastrnn.cipher.ciphers.base import LETTERS, Cipher, letter_key
from fastrnn.cipher.ciphers.keystream import encode_lines
from fastrnn.cipher.ciphers.vigenere import SHIFTS

__all__ = ["Autokey"]


class Autokey(Cipher):
    """The n-th letter of a message moves by the n-th letter of the key followed by the message.

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

    name: ClassVar[str] = "autokey"
    default_key: ClassVar[str] = "ORCHID"

    def __init__(self, key: str = default_key) -> None:
        self.key = letter_key(self.name, key)

    def encode(self, text: str) -> str:
        """Return `text` enciphered."""
        letters = [c for c in text if c in LETTERS]
        shifts = iter([*self.key, *letters])
        return "".join(SHIFTS[next(shifts).upper()].encode(c) if c in LETTERS else c for c in text)

    def encode_lines(self, lines: str) -> str:
        """Return messages enciphered, each for itself, that have line feeds between them."""
        return encode_lines(lines, self.key, repeats=False)

    def decode(self, text: str) -> str:
        """Return the message whose cipher is `text`."""
        stream = list(self.key)
        message = []
        for c in text:
            if c in LETTERS:
                used = len(stream) - len(self.key)
                c = SHIFTS[stream[used]].decode(c)
                stream.append(c.upper())
            message.append(c)
        return "".join(message)
