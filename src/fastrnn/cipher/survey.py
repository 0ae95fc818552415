"""Facts about all sentences of a run that are needed before the first step, found in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from fastrnn.cipher.lines import blocks, lengths
from fastrnn.cipher.vocabulary import Tally, Vocabulary

__all__ = ["Survey", "survey"]


@dataclass(frozen=True)
class Survey:
    """What is to be known of a corpus.

    Attributes
    ----------
    longest : int
        Characters of the longest sentence.
    plain, cipher : Vocabulary
        The characters of the sentences and of their ciphers.
    fingerprint : str
        A SHA-256 of every character, which tells whether two corpora are the same.
    """

    longest: int
    plain: Vocabulary
    cipher: Vocabulary
    fingerprint: str


def survey(plaintexts: Sequence[str], ciphertexts: Sequence[str]) -> Survey:
    """Go through sentences once, and then through their ciphers.

    Parameters
    ----------
    plaintexts, ciphertexts : sequence of str
        As a `fastrnn.cipher.Corpus` has them.

    Returns
    -------
    Survey
        What they are.
    """
    digest, between, longest = sha256(), b"", 0
    vocabularies = []
    for texts in (plaintexts, ciphertexts):
        tally = Tally()
        for block in blocks(texts):
            digest.update(between)
            digest.update(block.encode("utf-8", "surrogatepass"))
            between = b"\n"
            tally.add_lines(block)
            # Enciphered, a sentence is as long as before.
            if texts is plaintexts:
                longest = max(longest, int(lengths(block).max()))
        vocabularies.append(Vocabulary(tally))
    plain, cipher = vocabularies
    return Survey(longest, plain, cipher, digest.hexdigest())
