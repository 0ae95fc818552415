"""The search for the alphabet of a substitution: hill climbing by exchanging two letters.

Many climbs go on side by side, from the order of the letters by frequency and from orders near it.
At first a climb may also take a step down, so that it does not stay on a low hill.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers import Substitution
from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.cracking.candidate import Candidate, arrangement_bits
from fastrnn.cipher.cracking.language import SIZE, LanguageModel

__all__ = ["applied", "neighbours", "search"]

#: Climbs side by side; exchanges that each of them tries; alphabets that are handed on.
CLIMBS, STEPS, BEST = 32, 2500, 4

#: Bits that a climb may well lose in its first step, and in its last.
FIRST_LOSS, LAST_LOSS = 12.0, 0.5

Alphabets = NDArray[np.integer[Any]]


def search(model: LanguageModel, letters: Letters, seed: int = 0) -> list[Candidate]:
    """Return the most likely alphabets, the best first.

    Parameters
    ----------
    model : LanguageModel
        Whose tables judge.
    letters : Letters, shape (T,)
        A cipher text.
    seed : int, default 0
        Of the exchanges that are tried.
    """
    rng = np.random.default_rng(seed)
    counts = np.bincount(letters, minlength=SIZE)
    # Each cipher letter stands for the one that is as frequent in the language, more or less.
    start = np.empty(SIZE, np.int32)
    start[np.argsort(-counts, kind="stable")] = np.argsort(model.tables[0], kind="stable")
    plains = np.tile(start, (CLIMBS, 1))
    climbs = np.arange(CLIMBS)
    scores = model.quick_bits(plains[:, letters])
    best, best_scores = plains.copy(), scores.copy()
    used = np.flatnonzero(counts)
    for step in range(STEPS):
        loss = FIRST_LOSS * (LAST_LOSS / FIRST_LOSS) ** (step / STEPS)
        # One of the two letters is in the text: else nothing changes.
        a = used[rng.integers(0, len(used), CLIMBS)]
        b = (a + rng.integers(1, SIZE, CLIMBS)) % SIZE
        tried = plains.copy()
        tried[climbs, a], tried[climbs, b] = plains[climbs, b], plains[climbs, a]
        found = model.quick_bits(tried[:, letters])
        taken = found - scores < loss * rng.exponential(size=CLIMBS)
        plains[taken], scores[taken] = tried[taken], found[taken]
        better = scores < best_scores
        best[better], best_scores[better] = plains[better], scores[better]
    order = np.argsort(best_scores, kind="stable")
    distinct: dict[bytes, Candidate] = {}
    for plain in best[order]:
        candidate = _candidate(plain, letters)
        distinct.setdefault(candidate.letters.tobytes(), candidate)
    return list(distinct.values())[:BEST]


def neighbours(candidate: Candidate, letters: Letters) -> list[Candidate]:
    """Return the alphabets with two letters exchanged, with their texts."""
    plain = np.argsort(candidate.key)
    used = set(letters.tolist())
    found = []
    for a in range(SIZE):
        for b in range(a + 1, SIZE):
            if a in used or b in used:
                changed = plain.copy()
                changed[[a, b]] = plain[[b, a]]
                found.append(_candidate(changed, letters))
    return found


def applied(candidate: Candidate, letters: Letters) -> Candidate:
    """Return the same alphabet with what it makes of other letters."""
    return _candidate(np.argsort(candidate.key), letters)


def _candidate(plain: Alphabets, letters: Letters) -> Candidate:
    """Return a candidate, given what each cipher letter stands for."""
    used = np.bincount(letters, minlength=SIZE) > 0
    # What the text does not tell is in the order of the alphabet.
    settled = plain.copy()
    settled[~used] = np.sort(plain[~used])
    key = np.argsort(settled).astype(np.int8)
    return Candidate(Substitution.name, key, settled[letters], arrangement_bits(int(used.sum())))
