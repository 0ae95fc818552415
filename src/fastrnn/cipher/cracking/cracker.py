"""Read a text without its key: search for keys, and let the language model decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastrnn.cipher.ciphers import CIPHERS, Caesar, Substitution, Vigenere
from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.cracking import alphabets, words
from fastrnn.cipher.cracking.candidate import Candidate
from fastrnn.cipher.cracking.certainty import Evidence, probability
from fastrnn.cipher.cracking.language import LanguageModel, letters_of
from fastrnn.cipher.errors import CorpusError, InvalidKeyError, brief, nearest

__all__ = ["CRACKED", "Cracker", "Reading"]

#: The ciphers that can be broken.
CRACKED = (*words.WORD_CIPHERS, Substitution.name)

#: The longest key word that is tried unless more is asked for.
LONGEST_KEY = 16

#: Fewer letters than this tell nothing, and more than this are not needed to find a key.
FEWEST, ENOUGH = 10, 600

#: So many letters tell what the rarest of them stand for in a substitution.
RARE_ENOUGH = 5000

#: Letters that a text needs for each letter of a key word.
FEWEST_A_KEY_LETTER = 3

#: Keys near a candidate that the network judges, and candidates whose neighbours are tried.
NEAREST, POLISHED = 16, 3

#: How sure a reading under a key word must be for a substitution not to be tried any more.
CERTAIN = 0.99


@dataclass(frozen=True)
class Reading:
    """What a text says, as far as it can be told without the key.

    Parameters
    ----------
    text : str
        The message; everything but letters as it is in the cipher.
    cipher, key : str
        A name in `fastrnn.cipher.CIPHERS`, and a key of that cipher in its usual written form.
    sure : float
        The probability that the whole text is right, from 0 to 1.
    bits : float
        What the text is worth by the language model, in bits a letter. Chance is at 4.7.
    margin : float
        By how many bits the next best text that was found, with its key, is longer.
    next_cipher, next_key : str
        The cipher of that text, and its key.

    Examples
    --------
    >>> from fastrnn.cipher import Cracker
    >>> reading = Cracker().crack("Ymj qnrj nx mjw qjfxy qnpji kwzny.", cipher="caesar")
    >>> reading.key, reading.sure > 0.9, reading.bits < 4
    ('5', True, True)
    """

    text: str
    cipher: str
    key: str
    sure: float
    bits: float
    margin: float
    next_cipher: str
    next_key: str


class _Pool:
    """Candidates that the network has judged."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self._bits: dict[bytes, float] = {}
        self._candidates: dict[bytes, Candidate] = {}

    def add(self, candidates: list[Candidate]) -> None:
        """Let the network judge candidates; of those with one text, the shortest key counts."""
        new: dict[bytes, Candidate] = {}
        for candidate in candidates:
            text = candidate.letters.astype(np.int8).tobytes()
            if text not in self._bits:
                new.setdefault(text, candidate)
            elif candidate.key_bits < self._candidates[text].key_bits:
                self._candidates[text] = candidate
        if new:
            texts = np.stack([candidate.letters for candidate in new.values()])
            bits = self._model.bits(texts).sum(axis=1)
            self._bits.update(zip(new, map(float, bits), strict=True))
            self._candidates.update(new)

    def ranked(self) -> list[tuple[float, float, Candidate]]:
        """Return candidates with the bits of text and key, and of the text; the best first."""
        found = [
            (self._bits[text] + candidate.key_bits, self._bits[text], candidate)
            for text, candidate in self._candidates.items()
        ]
        return sorted(found, key=lambda entry: entry[0])

    def evidence(self, letters: int) -> Evidence:
        """Return what speaks for the best candidate, given how many letters the texts have."""
        (total, bits, _), (next_total, _, _) = self.ranked()[:2]
        return Evidence(next_total - total, bits / letters, letters)


class Cracker:
    """Breaks ciphers, with a model of the language that the messages are in.

    Parameters
    ----------
    model : LanguageModel, optional
        Where left out, the one of English that comes with fastrnn.

    Examples
    --------
    >>> from fastrnn.cipher import Cracker
    >>> Cracker().crack("Ymj qnrj nx mjw qjfxy qnpji kwzny.", cipher="caesar").text
    'The lime is her least liked fruit.'
    """

    def __init__(self, model: LanguageModel | None = None) -> None:
        self.model = LanguageModel.load() if model is None else model

    def crack(
        self,
        text: str,
        cipher: str | None = None,
        max_key_length: int = LONGEST_KEY,
        report: Callable[[str], None] | None = None,
    ) -> Reading:
        """Return what a text says.

        Parameters
        ----------
        text : str
            A message, enciphered by one key. The same text always gives the same answer.
        cipher : str, optional
            ``"caesar"``, ``"substitution"``, ``"vigenere"`` or ``"autokey"``; where left out, all
            of them are tried; the substitution only where no key word is as good as certain.
        max_key_length : int, default 16
            Letters of the longest key word that is tried.
        report : callable, optional
            Gets a line whenever something else is tried.

        Returns
        -------
        Reading
            The best one that was found, however bad it is: see ``sure``.

        Raises
        ------
        InvalidKeyError
            There is no such cipher, or it cannot be broken here; or `max_key_length` is no whole
            number above 0.
        CorpusError
            The text has too few letters A to Z.
        """
        check_options(cipher, max_key_length)
        check_text(text)
        whole = letters_of(text)
        letters = whole[: max(ENOUGH, 2 * FEWEST_A_KEY_LETTER * max_key_length)]
        pool = _Pool(self.model)
        names = CRACKED if cipher is None else (cipher,)
        for group in (words.WORD_CIPHERS, (Substitution.name,)):
            found: list[Candidate] = []
            for name in names:
                if name in group:
                    found += self._found(name, letters, cipher is None, max_key_length, report)
            if found:
                pool.add(found)
                for _, _, candidate in pool.ranked()[:POLISHED]:
                    self._polish(pool, candidate, letters)
                if probability(pool.evidence(len(letters))) > CERTAIN:
                    break
        best = pool.ranked()[0][2]
        if best.cipher == Substitution.name and len(letters) < len(whole):
            letters = whole[:RARE_ENOUGH]
            pool = _Pool(self.model)
            self._polish(pool, alphabets.applied(best, letters), letters)
        return self._reading(pool, text, letters)

    def _found(
        self,
        name: str,
        letters: Letters,
        is_one_of_all: bool,
        longest: int,
        report: Callable[[str], None] | None,
    ) -> list[Candidate]:
        """Return the most likely keys of a cipher."""
        tell = report if report is not None else lambda line: None
        if name == Substitution.name:
            tell(f"trying {name}")
            return alphabets.search(self.model, letters)
        if name == Caesar.name:
            tell(f"trying {name}")
            return words.search(self.model, name, letters, 1)
        found: list[Candidate] = []
        longest = min(longest, max(1, len(letters) // FEWEST_A_KEY_LETTER))
        # A key of one letter is Caesar's, where that is tried.
        for length in range(2 if is_one_of_all else 1, longest + 1):
            tell(f"trying {name}, keys of {length}")
            found += words.search(self.model, name, letters, length)
        return found

    def _polish(self, pool: _Pool, candidate: Candidate, letters: Letters) -> None:
        """Add the keys around a candidate as long as one of them is better."""
        near = alphabets.neighbours if candidate.cipher == Substitution.name else words.neighbours
        seen: set[bytes] = set()
        while candidate.key.tobytes() not in seen:
            seen.add(candidate.key.tobytes())
            found = near(candidate, letters)
            if not found:
                return
            order = np.argsort(
                self.model.quick_bits(np.stack([each.letters for each in found])), kind="stable"
            )
            own = _Pool(self.model)
            own.add([candidate, *(found[i] for i in order[:NEAREST])])
            candidate = own.ranked()[0][2]
            pool.add([each for _, _, each in own.ranked()])

    def _reading(self, pool: _Pool, text: str, letters: Letters) -> Reading:
        (_, _, best), (_, _, other) = pool.ranked()[:2]
        cipher = CIPHERS[best.cipher]
        key = cipher.written(_shortest(best))
        evidence = pool.evidence(len(letters))
        return Reading(
            text=cipher(key).decode(text),
            cipher=best.cipher,
            key=key,
            sure=probability(evidence),
            bits=evidence.bits,
            margin=evidence.margin,
            next_cipher=other.cipher,
            next_key=CIPHERS[other.cipher].written(_shortest(other)),
        )


def _shortest(candidate: Candidate) -> Letters:
    """Return the key without its repetitions, which Vigenère's cipher makes itself."""
    key = candidate.key
    if candidate.cipher == Vigenere.name:
        for length in range(1, len(key)):
            times, rest = divmod(len(key), length)
            if not rest and np.array_equal(key, np.tile(key[:length], times)):
                return key[:length]
    return key


def check_options(cipher: object, max_key_length: object) -> None:
    """Check what `Cracker.crack` is told.

    Raises
    ------
    InvalidKeyError
        See there.
    """
    if cipher is not None and cipher not in CRACKED:
        known = ", ".join(CRACKED)
        raise InvalidKeyError(
            f"{brief(cipher)}, but it should be one of {known}{nearest(str(cipher), CRACKED)}",
            ("cipher",),
        )
    kinds = (int, np.integer)
    if (
        isinstance(max_key_length, bool)
        or not isinstance(max_key_length, kinds)
        or max_key_length < 1
    ):
        raise InvalidKeyError(
            f"{brief(max_key_length)}, but it should be a whole number of 1 or more",
            ("max_key_length",),
        )


def check_text(text: str, place: str = "the text") -> None:
    """Check that a text can be broken at all.

    Parameters
    ----------
    text : str
        A message, enciphered.
    place : str
        What errors call it.

    Raises
    ------
    CorpusError
        It has too few letters A to Z, or more other letters than those.
    """
    count = len(letters_of(text))
    others = [each for each in text if each.isalpha() and not each.isascii()]
    if len(others) > count:
        raise CorpusError(
            f"{place}: most letters are other ones than A to Z, such as {others[0]!r}; "
            "these ciphers change A to Z only"
        )
    if not count:
        raise CorpusError(f"{place}: has no letters A to Z")
    if count < FEWEST:
        raise CorpusError(f"{place}: has {count} letters, but should have {FEWEST} or more")
