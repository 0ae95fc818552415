"""The characters of one side of a corpus and the numbers that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.lines import code_points, grouped

__all__ = ["PADDING", "Tally", "Vocabulary"]

#: The number at every step after the end of a sentence.
PADDING = 0

#: A sigma is another letter at the end of a word, and the dotted capital I in lower case is two
#: characters; what other characters are in lower case does not depend on the text around them.
_UNLIKE_OTHERS = "\N{GREEK CAPITAL LETTER SIGMA}\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"


class Tally:
    """How often characters occur in texts, in lower case, by their first appearance.

    Attributes
    ----------
    counts : dict of str to int
        Of every character.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, texts: Iterable[str]) -> None:
        """Count the characters of some texts."""
        text = "".join(map(_folded, texts))
        self._add(text, np.bincount(code_points(text)))

    def add_lines(self, block: str) -> None:
        """Count those of what `fastrnn.cipher.lines.blocks` yields, but for its line feeds."""
        if any(character in block for character in _UNLIKE_OTHERS):
            self.add(block.split("\n"))
            return
        found = np.bincount(code_points(block))
        found[ord("\n") : ord("\n") + 1] = 0
        self._add(block, found)

    def _add(self, text: str, found: NDArray[np.intp]) -> None:
        """Add what was found of every character of `text`, by its code point."""
        numbers = np.flatnonzero(found)
        counts = dict(zip(map(chr, numbers), found[numbers].tolist(), strict=True))
        new = [c for c in counts if _small(c) not in self.counts]
        for character in sorted(new, key=text.index):
            self.counts.setdefault(_small(character), 0)
        for character, count in counts.items():
            self.counts[_small(character)] += count


class Vocabulary:
    """The characters of some texts, lower case, numbered from 1 by how often they occur.

    Of characters that occur equally often, the one that appeared first comes first, as in
    `fastrnn.preprocessing.text.Tokenizer`.

    Parameters
    ----------
    texts : iterable of str, or Tally
        The texts, gone through once, or their characters, counted. A
        ``Vocabulary([vocabulary.characters])`` is the same vocabulary again.

    Examples
    --------
    >>> vocabulary = Vocabulary(["ABBA", "CAB"])
    >>> vocabulary.characters
    'abc'
    >>> vocabulary.numbers(["BAC"])
    array([[2, 1, 3]], dtype=int32)
    >>> vocabulary.text([2, 1, 3])
    'bac'
    """

    def __init__(self, texts: Iterable[str] | Tally) -> None:
        tally = texts if isinstance(texts, Tally) else Tally()
        if not isinstance(texts, Tally):
            for group in grouped(texts):
                tally.add(group)
        counts = tally.counts
        # Python's sort is stable, so equal counts keep the order of first appearance.
        self._characters = sorted(counts, key=counts.__getitem__, reverse=True)
        self._numbers = {c: number for number, c in enumerate(self._characters, start=1)}
        # What is no character of these has a number beyond the table's end, or finds a 0 in it.
        self._table = np.zeros(max(map(ord, counts), default=0) + 2, np.int32)
        for character, number in self._numbers.items():
            self._table[ord(character)] = number

    def __repr__(self) -> str:
        return f"<Vocabulary: {self.characters!r}>"

    def __len__(self) -> int:
        """How many numbers there are, the one for padding included."""
        return len(self._characters) + 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._characters == other._characters

    def __hash__(self) -> int:
        return hash(self.characters)

    @property
    def characters(self) -> str:
        """Every character, in the order of the numbers from 1."""
        return "".join(self._characters)

    def unknown(self, text: str) -> str | None:
        """Return the first character of `text` that has no number, None where all have one."""
        return next((c for c in _folded(text) if c not in self._numbers), None)

    def numbers(self, texts: Sequence[str], length: int | None = None) -> NDArray[np.int32]:
        """Return the numbers of the characters of every text.

        Parameters
        ----------
        texts : sequence of str
            Texts of known characters; an unknown one becomes `PADDING`.
        length : int, optional
            How many steps a text gets; as many as the longest has where left out. What a text has
            beyond them is left out.

        Returns
        -------
        ndarray of int32, shape (texts, length)
            The numbers, padded with `PADDING` behind the end of a text.
        """
        if length is None:
            length = max(map(len, texts), default=0)
        folded = [_folded(text[:length]) for text in texts]
        lengths = np.fromiter(map(len, folded), np.intp, len(folded))
        numbers = np.full((len(folded), length), PADDING, np.int32)
        codes = np.minimum(code_points("".join(folded)), len(self._table) - 1, dtype=np.intp)
        numbers[np.arange(length) < lengths[:, np.newaxis]] = self._table[codes]
        return numbers

    def text(self, numbers: Iterable[int]) -> str:
        """Return the characters of some numbers; `PADDING` has none."""
        return "".join(
            self._characters[number - 1]
            for number in map(int, numbers)
            if 0 < number <= len(self._characters)
        )


def _folded(text: str) -> str:
    """Return `text` in lower case, but for the rare character that would become two."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(map(_small, text))


def _small(character: str) -> str:
    """Return a character in lower case where that is one character too, else as it is."""
    lower = character.lower()
    return lower if len(lower) == 1 else character
