"""The accuracy of a trained model, by character and by sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers import OPTIONS
from fastrnn.cipher.ciphers.base import END
from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.decoding import Decipherer, check_characters
from fastrnn.cipher.directory import RunDirectory
from fastrnn.cipher.errors import RunError, SettingsError
from fastrnn.cipher.lesson import Lesson, unseen
from fastrnn.cipher.lines import place_of
from fastrnn.cipher.settings import CORPUS, Settings

__all__ = ["ByKeyLength", "Evaluation", "Mistake", "evaluate", "files_of", "held_out_of"]

#: Sentences that the model gets at once.
TOGETHER = 256


class Mistake(NamedTuple):
    """How often the model took a character for another."""

    truth: str
    answer: str
    times: int


class ByKeyLength(NamedTuple):
    """The characters that are right, by the number of letters of the key and the place.

    Attributes
    ----------
    lengths : ndarray of int64, shape (lengths,)
        Letters of a key, in rising order.
    right, counted : ndarray of int64, shape (lengths, length of the longest sentence)
        How many characters are right, of how many.
    """

    lengths: NDArray[np.int64]
    right: NDArray[np.int64]
    counted: NDArray[np.int64]


@dataclass(frozen=True)
class Evaluation:
    """The results of a model on sentences; padding and empty sentences do not count.

    Attributes
    ----------
    characters : str
        Those that the model can choose from.
    confusion : ndarray of int64, shape (characters, characters)
        How often the model chose the character of the column where that of the row is right.
    right, counted : ndarray of int64, shape (length of the longest sentence,)
        For every place in a sentence, how many characters are right, of how many.
    sentences, sentences_right : int
        How many sentences there were, and how many of them without a mistake.
    by_key_length : ByKeyLength or None
        The same counts apart, where sentences have keys of their own.

    Examples
    --------
    >>> found = Evaluation(
    ...     characters="ab",
    ...     confusion=np.array([[8, 2], [0, 10]]),
    ...     right=np.array([9, 9]),
    ...     counted=np.array([10, 10]),
    ...     sentences=10,
    ...     sentences_right=8,
    ... )
    >>> found.accuracy, found.sentence_accuracy
    (0.9, 0.8)
    """

    characters: str
    confusion: NDArray[np.int64]
    right: NDArray[np.int64]
    counted: NDArray[np.int64]
    sentences: int
    sentences_right: int
    by_key_length: ByKeyLength | None = None

    def __repr__(self) -> str:
        right = f"{self.total_right:,} of {self.total:,} characters"
        return f"<Evaluation: {right}, {self.sentences_right:,} of {self.sentences:,} sentences>"

    @property
    def total(self) -> int:
        """The number of characters."""
        return int(self.counted.sum())

    @property
    def total_right(self) -> int:
        """The number of characters that are right."""
        return int(self.right.sum())

    @property
    def accuracy(self) -> float:
        """The share of characters that are right."""
        return self.total_right / self.total

    @property
    def sentence_accuracy(self) -> float:
        """The share of sentences that are right from the first character to the last."""
        return self.sentences_right / self.sentences

    def mistakes(self) -> list[Mistake]:
        """Return the mistakes of the model, the most frequent first."""
        found = [
            Mistake(self.characters[truth], self.characters[answer], int(times))
            for (truth, answer), times in np.ndenumerate(self.confusion)
            if times and truth != answer
        ]
        return sorted(found, key=lambda mistake: -mistake.times)


def evaluate(
    decipherer: Decipherer, corpus: Corpus, tell: Callable[[str], object] = str
) -> Evaluation:
    """Run a model on a corpus and compare its answers with the truth.

    Parameters
    ----------
    decipherer : Decipherer
        The model.
    corpus : Corpus
        Sentences, not all of them empty.
    tell : callable, optional
        Is told in a few words how far the work is.

    Returns
    -------
    Evaluation
        Of what the model makes of them.

    Raises
    ------
    CorpusError
        A sentence is longer than any of the training, or has a character that was in none.
    RunError
        There is nothing to evaluate.

    Examples
    --------
    >>> from fastrnn.cipher.lesson import Lesson
    >>> settings = Settings(sentences=200, units=8, epochs=1)
    >>> training = Training.start(Lesson.prepare(settings), RunDirectory.fresh("run"))
    >>> training.run()
    >>> found = evaluate(Decipherer.load(RunDirectory("run")), built_in(Caesar(5), 20))
    >>> found.sentences, 0 <= found.accuracy <= 1
    (20, True)
    """
    config = decipherer.config
    sides, size = config.sides(corpus), len(config.target)
    confusion = np.zeros(size * size, np.int64)
    right, counted = np.zeros((2, 0), np.int64)
    sentences = sentences_right = 0
    letters = None if corpus.keys is None else (corpus.keys != END).sum(axis=1)
    lengths = np.unique([] if letters is None else letters)
    by_length = np.zeros((2, len(lengths), 0), np.int64)
    for begin in range(0, len(corpus), TOGETHER):
        tell(f"evaluating: {begin:,} of {len(corpus):,} sentences")
        given, wanted = (side[begin : begin + TOGETHER] for side in sides)
        for index, (source, target) in enumerate(zip(given, wanted, strict=True), start=begin):
            decipherer.check(source, place_of(sides[0], index))
            check_characters(target, config.target, place_of(sides[1], index))
        keys = None if corpus.keys is None else corpus.keys[begin : begin + TOGETHER]
        answer = decipherer.choices(given, keys)
        truth = config.target.numbers(wanted, length := answer.shape[1])
        counts = truth > 0
        hits = (truth == answer) & counts
        if length > len(right):
            wider = length - len(right)
            by_length = np.pad(by_length, ((0, 0), (0, 0), (0, wider)))
            right, counted = (np.pad(a, (0, wider)) for a in (right, counted))
        right[:length] += hits.sum(axis=0)
        counted[:length] += counts.sum(axis=0)
        if letters is not None:
            rows = np.searchsorted(lengths, letters[begin : begin + TOGETHER])
            np.add.at(by_length[0, :, :length], rows, hits)
            np.add.at(by_length[1, :, :length], rows, counts)
        confusion += np.bincount(truth[counts] * size + answer[counts], minlength=size * size)
        told = counts.any(axis=1)
        sentences += int(told.sum())
        sentences_right += int((told & (hits == counts).all(axis=1)).sum())
    if not sentences:
        raise RunError("there are no sentences to evaluate; give others with --plaintext")
    return Evaluation(
        config.target.characters,
        confusion.reshape(size, size)[1:, 1:],
        right,
        counted,
        sentences,
        sentences_right,
        None if letters is None else ByKeyLength(lengths.astype(np.int64), *by_length),
    )


def held_out_of(directory: RunDirectory) -> Corpus:
    """Return the sentences that a run has held out, the same as when it was started.

    Parameters
    ----------
    directory : RunDirectory
        Of the run.

    Returns
    -------
    Corpus
        One sentence or more.

    Raises
    ------
    RunError
        The run has held out none, or they have changed, or there is no run.
    CorpusError, OSError
        The corpus cannot be read any more.
    """
    config = directory.read_config()
    otherwise = "give other sentences with --plaintext"
    lesson = Lesson.again(directory, config, config.settings, otherwise)
    if not len(lesson.held_out):
        raise RunError(f"{directory}: no sentences were held out; give others with --plaintext")
    return lesson.held_out


def files_of(
    settings: Settings, plaintext: str, ciphertext: str | None, sentences: int | None
) -> Corpus:
    """Return the sentences of other files than those of a run.

    Parameters
    ----------
    settings : Settings
        Of the run, whose cipher is used where `ciphertext` is None.
    plaintext : str
        A file.
    ciphertext : str, optional
        A file with the same sentences enciphered.
    sentences : int, optional
        How many to take from the beginning; all where left out.

    Returns
    -------
    Corpus
        The sentences.

    Raises
    ------
    SettingsError
        A file with ciphers is needed, or `sentences` is out of its range.
    CorpusError, OSError
        A file cannot be used.
    """
    changes: dict[str, Any] = {
        "plaintext": plaintext,
        "ciphertext": ciphertext,
        "sentences": sentences,
    }
    if ciphertext is not None:
        changes.update(dict.fromkeys(("cipher", "key", *OPTIONS)))
        if settings.has_random_keys:
            raise SettingsError(
                "nothing says which key enciphered its sentences; give --plaintext alone",
                ("ciphertext",),
            )
    elif settings.cipher is None:
        raise SettingsError(
            "the second should come with the first, since the run has no cipher of its own",
            ("plaintext", "ciphertext"),
        )
    if settings.has_random_keys:
        return unseen(replace(settings, **changes, text=CORPUS, text_length=None))
    return replace(settings, **changes).corpus()
