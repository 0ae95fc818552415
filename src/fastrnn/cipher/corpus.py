"""A corpus: sentences and the same sentences enciphered, read from files or built in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher import grammar
from fastrnn.cipher.ciphers import Cipher
from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.errors import CorpusError
from fastrnn.cipher.lines import GROUP, Lines, blocks, lengths, place_of, take
from fastrnn.cipher.survey import Survey, survey
from fastrnn.splitting import held_out_from

__all__ = ["Corpus", "Enciphered", "built_in", "enciphered", "load_data", "read_pair"]


@dataclass(frozen=True)
class Corpus:
    """Sentences and their ciphers, character for character.

    Parameters
    ----------
    plaintexts, ciphertexts : sequence of str
        As many of one as of the other, without line feeds; the i-th two have the same length. They
        may be read or made when they are asked for: nothing here holds more than some of them at a
        time.
    keys : Letters, shape (sentences, letters), optional
        The key of each, where each has its own.

    Examples
    --------
    >>> corpus = Corpus(["TWO NOTES"], ["YBT STYJX"])
    >>> len(corpus.plaintexts), corpus.longest
    (1, 9)
    """

    plaintexts: Sequence[str]
    ciphertexts: Sequence[str]
    keys: Letters | None = None

    def __len__(self) -> int:
        return len(self.plaintexts)

    def __repr__(self) -> str:
        return f"<Corpus: {len(self):,} sentences>"

    @property
    def longest(self) -> int:
        """The number of characters of the longest sentence."""
        return self.survey().longest

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of every character, which tells whether two corpora are the same."""
        return self.survey().fingerprint

    def survey(self) -> Survey:
        """Return what a run must know of all sentences, for which they are gone through once."""
        return survey(self.plaintexts, self.ciphertexts)

    def loaded(self) -> Corpus:
        """Return the same corpus with its sentences in memory."""
        return Corpus(list(self.plaintexts), list(self.ciphertexts), self.keys)

    def some(self, indices: NDArray[np.intp]) -> Corpus:
        """Return sentences by their indices, from 0 and in any order, in memory."""
        plaintexts = take(self.plaintexts, indices)
        some = self._of(plaintexts, lambda ciphertexts: take(ciphertexts, indices)).loaded()
        return some if self.keys is None else replace(some, keys=self.keys[indices])

    def split(self, fraction: float) -> tuple[Corpus, Corpus]:
        """Return the first sentences, to train on, and the last `fraction`, to hold out.

        Parameters
        ----------
        fraction : float
            At least 0, less than 1.

        Returns
        -------
        tuple of two Corpus
            The sentences to train on and those held out, which are none where `fraction` is 0.

        Raises
        ------
        CorpusError
            Either part would be empty though it should not be.
        """
        at = held_out_from(len(self), fraction)
        if at == 0 or (fraction > 0 and at == len(self)):
            sentences = "1 sentence is" if len(self) == 1 else f"{len(self)} sentences are"
            raise CorpusError(
                f"{sentences} too few to hold out a fraction of {fraction}: "
                "give more of them, or change the fraction"
            )
        return self._part(slice(None, at)), self._part(slice(at, None))

    def _part(self, part: slice) -> Corpus:
        return self._of(self.plaintexts[part], lambda ciphertexts: ciphertexts[part])

    def _of(
        self, plaintexts: Sequence[str], pick: Callable[[Sequence[str]], Sequence[str]]
    ) -> Corpus:
        """Return some sentences, with their ciphers: picked, or made of them as all others are."""
        made = self.ciphertexts
        if isinstance(made, Enciphered) and made.texts is self.plaintexts:
            return Corpus(plaintexts, Enciphered(plaintexts, made.cipher))
        return Corpus(plaintexts, pick(made))


class Enciphered(Sequence[str]):
    """Texts, enciphered whenever they are asked for.

    Parameters
    ----------
    texts : sequence of str
        The messages, of one line each.
    cipher : Cipher
        What enciphers them.
    """

    def __init__(self, texts: Sequence[str], cipher: Cipher) -> None:
        self.texts = texts
        self.cipher = cipher

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> Enciphered: ...
    def __getitem__(self, item: int | slice) -> str | Enciphered:
        if isinstance(item, slice):
            return Enciphered(self.texts[item], self.cipher)
        return self.cipher.encode(self.texts[item])

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(block.split("\n") for block in self.blocks())

    def blocks(self) -> Iterator[str]:
        """Yield all of them, many at a time, with line feeds between them."""
        return map(self.cipher.encode_lines, blocks(self.texts))

    def place(self, index: int) -> str:
        """Return where a text stands before it is enciphered."""
        return place_of(self.texts, index)


def load_data(path: str | PathLike[str]) -> list[str]:
    r"""Return the lines of a UTF-8 text file: what it reads as, split at every ``"\n"``.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    list of str
        The lines, the last of which is empty where the file ends with a line break.

    Raises
    ------
    CorpusError
        The file is not UTF-8; the message names the line.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> np.savetxt("plain.txt", ["TWO NOTES", "ONE MORE"], fmt="%s")
    >>> load_data("plain.txt")
    ['TWO NOTES', 'ONE MORE', '']
    """
    try:
        return Path(path).read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        raise CorpusError(
            f"{fspath(path)}, line {_undecodable_line(Path(path).read_bytes())}: "
            "not UTF-8; save the file as UTF-8 text"
        ) from None


def _undecodable_line(content: bytes) -> int:
    """Return the number of the first line of `content` that is not UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    raise AssertionError("the content is UTF-8")


def read_pair(
    plaintext: str | PathLike[str],
    ciphertext: str | PathLike[str],
    sentences: int | None = None,
    *,
    end_counts: bool = False,
) -> Corpus:
    """Read a corpus from two files, the n-th line of one the cipher of the n-th of the other.

    Parameters
    ----------
    plaintext, ciphertext : str or path-like
        Two UTF-8 text files, a sentence a line.
    sentences : int, optional
        How many lines to take from the beginning; all where left out.
    end_counts : bool, default False
        Whether empty lines at the end of a file are sentences too, such as the one that
        `load_data` finds behind the last line break.

    Returns
    -------
    Corpus
        The lines of both.

    Raises
    ------
    CorpusError
        A file is empty or not UTF-8, the files have different numbers of lines, or two lines
        that belong together have different lengths; the message names the file and the line.
    OSError
        A file cannot be read.

    Examples
    --------
    >>> np.savetxt("plain.txt", ["TWO NOTES", "ONE MORE"], fmt="%s")
    >>> np.savetxt("cipher.txt", ["YBT STYJX", "TSJ RTWJ"], fmt="%s")
    >>> corpus = read_pair("plain.txt", "cipher.txt")
    >>> len(corpus.plaintexts), corpus.ciphertexts[1]
    (2, 'TSJ RTWJ')
    """
    plain, cipher = _sentences(plaintext, end_counts), _sentences(ciphertext, end_counts)
    names = fspath(plaintext), fspath(ciphertext)
    if len(plain) != len(cipher):
        (fewer, short), (more, long) = sorted([(len(plain), names[0]), (len(cipher), names[1])])
        raise CorpusError(
            f"{long}, line {fewer + 1}: has no partner, since {short} has {fewer} lines "
            f"and {long} {more}; both should have as many"
        )
    index = _first_difference(map(lengths, plain.blocks()), map(lengths, cipher.blocks()))
    if index is not None:
        raise CorpusError(
            f"{cipher.place(index)}: has {len(cipher[index])} characters, but its plain text in "
            f"{names[0]} has {len(plain[index])}; each character should have its cipher"
        )
    return Corpus(plain[:sentences], cipher[:sentences])


def _first_difference(
    first: Iterator[NDArray[np.int64]], second: Iterator[NDArray[np.int64]]
) -> int | None:
    """Return where two rows of numbers differ, which come in pieces; None where they are equal."""
    index, a, b = 0, *np.empty((2, 0), np.int64)
    while True:
        a = a if len(a) else next(first, a)
        b = b if len(b) else next(second, b)
        both = min(len(a), len(b))
        if not both:
            return None
        differ = np.flatnonzero(a[:both] != b[:both])
        if len(differ):
            return index + int(differ[0])
        index, a, b = index + both, a[both:], b[both:]


def enciphered(
    plaintext: str | PathLike[str],
    cipher: Cipher,
    sentences: int | None = None,
    *,
    end_counts: bool = False,
) -> Corpus:
    """Read sentences from a file and encipher them.

    Parameters
    ----------
    plaintext : str or path-like
        A UTF-8 text file, a sentence a line.
    cipher : Cipher
        What turns them into the ciphers to learn.
    sentences : int, optional
        How many lines to take from the beginning; all where left out.
    end_counts : bool, default False
        As for `read_pair`.

    Returns
    -------
    Corpus
        The lines and their ciphers.

    Raises
    ------
    CorpusError
        The file is empty or not UTF-8; the message names the file.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> np.savetxt("plain.txt", ["TWO NOTES", "ONE MORE"], fmt="%s")
    >>> list(enciphered("plain.txt", Caesar(5)).ciphertexts)
    ['YBT STYJX', 'TSJ RTWJ']
    """
    lines = _sentences(plaintext, end_counts)[:sentences]
    return Corpus(lines, Enciphered(lines, cipher))


def built_in(cipher: Cipher, sentences: int | None = None) -> Corpus:
    """Return the built-in corpus, the sentences of `fastrnn.cipher.grammar`, enciphered.

    Parameters
    ----------
    cipher : Cipher
        What turns them into the ciphers to learn.
    sentences : int, optional
        How many; 10,001 where left out.

    Returns
    -------
    Corpus
        The same one on every machine.

    Examples
    --------
    >>> corpus = built_in(Caesar(5), 3)
    >>> corpus.plaintexts[0]
    'MARGOT FORGETS YOUR WOODEN WHISTLE OUTSIDE THE KITCHEN .'
    >>> corpus.ciphertexts[0]
    'RFWLTY KTWLJYX DTZW BTTIJS BMNXYQJ TZYXNIJ YMJ PNYHMJS .'
    """
    lines = grammar.generate(grammar.SENTENCES if sentences is None else sentences)
    return Corpus(lines, [cipher.encode(line) for line in lines])


def _sentences(path: str | PathLike[str], end_counts: bool) -> Lines:
    """Return the lines of a file, which should not all be empty.

    Empty lines at the end of the file are no sentences, unless `end_counts`.
    """
    lines = Lines(path)
    end = _end_of_text(lines)
    if not end:
        raise CorpusError(f"{lines.place(0)}: the file is empty; it should have a sentence a line")
    return lines if end_counts else lines[:end]


def _end_of_text(lines: Lines) -> int:
    """Return the number of lines up to the last that is not empty."""
    end = len(lines)
    while end:
        start = max(0, end - GROUP)
        found = np.flatnonzero(np.concatenate([*map(lengths, lines[start:end].blocks())]))
        if len(found):
            return start + int(found[-1]) + 1
        end = start
    return 0
