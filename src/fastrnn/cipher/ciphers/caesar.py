"""Caesar's cipher: every letter moves the same number of places along the alphabet."""

from __future__ import annotations

from operator import index
from typing import ClassVar

from fastrnn.cipher.ciphers.base import ALPHABET
from fastrnn.cipher.ciphers.substitution import Substitution
from fastrnn.cipher.errors import InvalidKeyError, brief

__all__ = ["Caesar"]


class Caesar(Substitution):
    """A shift of the alphabet by `key` places, from Z on to A.

    Parameters
    ----------
    key : int or str
        How many places forward, from -25 to 25; the decipher corpus has 5.

    Raises
    ------
    InvalidKeyError
        `key` is no such number.
    """

    name: ClassVar[str] = "caesar"
    default_key: ClassVar[str] = "5"

    def __init__(self, key: int | str = default_key) -> None:
        try:
            shift = int(key) if isinstance(key, str) else index(key)
        except (TypeError, ValueError):
            shift = len(ALPHABET)
        if abs(shift) >= len(ALPHABET):
            raise InvalidKeyError(
                f"{self.name}: the key is {brief(key)}, "
                "but it should be a whole number from -25 to 25"
            )
        super().__init__(ALPHABET[shift:] + ALPHABET[:shift])
        self.key = str(shift)
