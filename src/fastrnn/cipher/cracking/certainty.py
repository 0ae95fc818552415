"""How sure a reading is: the probability that all of it is right.

Two things tell: by how much the best reading beats all others, and how near it is to the language.
What they are worth was measured on texts that the model had not seen, by ``bench/crack.py``.
"""

from __future__ import annotations

from math import exp, log1p
from typing import NamedTuple

__all__ = ["Evidence", "probability"]

#: What each of the features is worth, in natural logarithms of the odds.
WEIGHTS = (-0.67, 2.03, -6.06, 0.55)

#: Bits a letter of English, a margin that is as good as an infinite one, and as many letters.
LANGUAGE, WIDE, LONG = 2.5, 200.0, 400


class Evidence(NamedTuple):
    """What speaks for a reading.

    Parameters
    ----------
    margin : float
        By how many bits the next best text and its key are longer.
    bits : float
        Bits a letter of the reading.
    letters : int
        How many letters it has.
    """

    margin: float
    bits: float
    letters: int

    def features(self) -> tuple[float, ...]:
        """Return the numbers that `WEIGHTS` belong to."""
        off = self.bits - LANGUAGE
        margin = min(max(self.margin, 0.0), WIDE)
        return 1.0, log1p(margin), off, off * log1p(min(self.letters, LONG))


def probability(evidence: Evidence) -> float:
    """Return the probability that a reading is right.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    float
        Above 0 and below 1.
    """
    terms = zip(WEIGHTS, evidence.features(), strict=True)
    odds = sum(weight * feature for weight, feature in terms)
    return 1 / (1 + exp(-odds))
