"""What the searches hand on: a key, and the text that it gives."""

from __future__ import annotations

from math import lgamma, log, log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.cracking.language import SIZE

__all__ = ["Candidate", "arrangement_bits", "word_bits"]


class Candidate(NamedTuple):
    """A key that may be the right one.

    Parameters
    ----------
    cipher : str
        A name in `fastrnn.cipher.CIPHERS`.
    key : Letters, shape (letters,)
        As ``key_row`` of the cipher.
    letters : ndarray of integers, shape (T,)
        The text that the key gives.
    key_bits : float
        What it takes to write the key down: one of 26 letters for each of a word.
    """

    cipher: str
    key: Letters
    letters: NDArray[np.integer[Any]]
    key_bits: float


def word_bits(length: int) -> float:
    """Return the bits of a key word of so many letters."""
    return length * log2(SIZE)


def arrangement_bits(used: int) -> float:
    """Return the bits that tell what so many different letters stand for, each for another."""
    return (lgamma(SIZE + 1) - lgamma(SIZE - used + 1)) / log(2)
