"""Many messages enciphered at once, whose letters move by as much as letters of a key say."""

from __future__ import annotations

import numpy as np

from fastrnn.cipher.ciphers.base import ALPHABET

__all__ = ["encode_lines"]

_OTHER = len(ALPHABET)

#: For every byte of UTF-8 the place of its letter in the alphabet; in it, every letter that a
#: cipher changes is one byte, which stands nowhere else.
_PLACES = np.full(256, _OTHER, np.uint8)
for _case in (ALPHABET, ALPHABET.lower()):
    _PLACES[list(_case.encode())] = range(len(ALPHABET))


def encode_lines(lines: str, key: str, repeats: bool) -> str:
    """Return messages enciphered, each for itself, that have line feeds between them.

    Parameters
    ----------
    lines : str
        The messages, joined.
    key : str
        Letters A to Z, by which the first letters of every message move.
    repeats : bool
        Whether the key begins anew after its end, or the message's own letters follow.

    Returns
    -------
    str
        The ciphers, joined likewise.
    """
    codes = np.frombuffer(bytearray(lines.encode("utf-8", "surrogatepass")), np.uint8)
    places = _PLACES[codes]
    where = np.flatnonzero(places != _OTHER)
    letters = places[where]
    ends = np.flatnonzero(codes == ord("\n"))
    # Every letter's number within its message.
    firsts = np.append(0, np.searchsorted(where, ends))
    numbers = np.arange(len(where)) - np.repeat(firsts, np.diff(firsts, append=len(where)))
    shifts = _PLACES[list(key.encode())]
    if repeats:
        moved = letters + shifts[numbers % len(key)]
    else:
        moved = np.concatenate([shifts, letters])[: len(letters)]
        begins = numbers < len(key)
        moved[begins] = shifts[numbers[begins]]
        moved += letters
    moved[moved >= len(ALPHABET)] -= len(ALPHABET)
    # Either case keeps its distance; a difference below zero wraps around, and so does the sum.
    codes[where] += moved - letters
    return codes.tobytes().decode("utf-8", "surrogatepass")
