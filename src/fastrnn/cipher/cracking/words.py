"""The search for key words: Caesar, Vigenère and autokey.

Each letter of such a key decides about one column of the text: every letter at its place, and then
every so many letters. So the search goes from column to column, keeps the best beginnings of the
key, and judges each column by the letters to its left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers import Autokey, Caesar, Vigenere
from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.cracking.candidate import Candidate, word_bits
from fastrnn.cipher.cracking.language import SIZE, LanguageModel

__all__ = ["WORD_CIPHERS", "neighbours", "search"]

#: The ciphers whose key is a word, or the one letter of a shift.
WORD_CIPHERS = (Caesar.name, Vigenere.name, Autokey.name)

#: Beginnings of the key that are kept from column to column, and whole keys that are handed on.
KEPT, BEST = 128, 3

Places = NDArray[np.integer[Any]]


def options(cipher: str, letters: Letters, length: int) -> Places:
    """Return what each letter of a text may be: (26, T), a row for each letter of the key.

    Parameters
    ----------
    cipher : str
        One of `WORD_CIPHERS`.
    letters : Letters, shape (T,)
        A cipher text.
    length : int
        Letters of the key.
    """
    shifts = np.arange(SIZE)[:, np.newaxis]
    found = (letters - shifts) % SIZE
    if cipher == Autokey.name:
        for begin in range(length, len(letters), length):
            part = slice(begin, begin + length)
            before = found[:, begin - length : begin][:, : len(letters[part])]
            found[:, part] = (letters[part] - before) % SIZE
    return found


def search(model: LanguageModel, cipher: str, letters: Letters, length: int) -> list[Candidate]:
    """Return the most likely keys of a length, the best first.

    Parameters
    ----------
    model : LanguageModel
        Whose tables judge.
    cipher : str
        One of `WORD_CIPHERS`.
    letters : Letters, shape (T,)
        A cipher text of `length` letters or more.
    length : int
        Letters of the key.
    """
    choices = options(cipher, letters, length)
    keys = np.zeros((1, 0), np.int8)
    texts = np.zeros((1, len(letters)), np.int32)
    totals = np.zeros(1, np.float32)
    for column in range(length):
        places = np.arange(column, len(letters), length)
        # The letters to the left whose column is known.
        back = min(column, 3)
        context = np.zeros((len(keys), len(places)), np.int32)
        for step in range(back, 0, -1):
            context = context * SIZE + texts[:, places - step]
        windows = context[:, np.newaxis] * SIZE + choices[:, places]
        found = model.tables[back].ravel().take(windows).sum(axis=2)
        longer = (totals[:, np.newaxis] + found).ravel()
        best = np.argpartition(longer, KEPT)[:KEPT] if len(longer) > KEPT else np.arange(SIZE)
        totals = longer[best]
        parents, new = best // SIZE, best % SIZE
        keys = np.hstack([keys[parents], new[:, np.newaxis].astype(np.int8)])
        texts = texts[parents]
        texts[:, places] = choices[new][:, places]
    best = np.argsort(model.quick_bits(texts), kind="stable")[:BEST]
    return [Candidate(cipher, keys[i], texts[i], word_bits(length)) for i in best]


def neighbours(candidate: Candidate, letters: Letters) -> list[Candidate]:
    """Return the keys that differ in one letter, with their texts."""
    cipher, key, text, key_bits = candidate
    choices = options(cipher, letters, len(key))
    found = []
    for column, own in enumerate(key):
        for other in range(SIZE):
            if other != own:
                changed, new = key.copy(), text.copy()
                changed[column] = other
                new[column :: len(key)] = choices[other, column :: len(key)]
                found.append(Candidate(cipher, changed, new, key_bits))
    return found
