"""The data of a run: its corpus, some of it to train on and some held out, as arrays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import ALPHABET, END, Letters
from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.directory import FORMAT, Config, RunDirectory
from fastrnn.cipher.errors import CorpusError, RunError
from fastrnn.cipher.keyed import Drawn, Keys, characters_alone, held_out
from fastrnn.cipher.network import encoded
from fastrnn.cipher.settings import CORPUS, Settings
from fastrnn.cipher.vocabulary import PADDING, Vocabulary

__all__ = ["Lesson", "Sentences"]


#: Bytes that a corpus and its arrays may take. The sentences of a larger one are read whenever they
#: are trained on, and the bits are the same.
IN_MEMORY = 1 << 26

#: Bytes that Python takes for a sentence and its cipher, beside their characters.
OBJECTS = 128


@dataclass(frozen=True)
class Lesson:
    """The corpus of a run, divided, with the numbers of its characters.

    Attributes
    ----------
    config : Config
        The settings and the vocabularies, which have the held-out sentences' characters too.
    training, held_out : Corpus
        The sentences to train on, and those that tell how well it goes. The first is drawn as the
        training goes, where every sentence has a key of its own.
    """

    config: Config
    training: Corpus | Drawn
    held_out: Corpus

    @classmethod
    def prepare(cls, settings: Settings, format: int = FORMAT) -> Lesson:
        """Read or make the corpus that `settings` ask for, and divide it.

        Parameters
        ----------
        settings : Settings
            Of the run.
        format : int, optional
            Of the run's ``config.json``: the first counted an empty line at the end of a file.

        Returns
        -------
        Lesson
            Ready to train on.

        Raises
        ------
        CorpusError
            A file is not what it should be, or there are too few sentences.
        OSError
            A file cannot be read.
        """
        if settings.has_random_keys:
            return _with_random_keys(settings)
        corpus = settings.corpus(end_counts=format < 2)
        found = corpus.survey()
        if _fits(len(corpus), found.longest):
            corpus = corpus.loaded()
        training, held_out = corpus.split(settings.validation_split)
        config = Config(
            settings, found.longest, found.plain, found.cipher, found.fingerprint, format
        )
        return cls(config, training, held_out)

    @classmethod
    def again(
        cls, directory: RunDirectory, config: Config, settings: Settings, otherwise: str
    ) -> Lesson:
        """Return what a run has learned from, which should still be the same.

        Parameters
        ----------
        directory : RunDirectory
            Of the run, for the message.
        config : Config
            What it says of the run.
        settings : Settings
            Those of the run, or others that ask for the same corpus.
        otherwise : str
            What to do where the sentences are lost, for the message.

        Returns
        -------
        Lesson
            As `prepare` returns it.

        Raises
        ------
        RunError
            The sentences have changed.
        CorpusError, OSError
            They cannot be read any more.
        """
        for path in (settings.plaintext, settings.ciphertext):
            # What a directory names is opened unseen: a device has no end, and a pipe may wait.
            if path is not None and os.path.exists(path) and not os.path.isfile(path):
                raise RunError(
                    f"{directory}: its sentences are in {path}, which is no regular file any "
                    f"more; bring it back, or {otherwise}"
                )
        lesson = cls.prepare(settings, config.format)
        if lesson.config.fingerprint != config.fingerprint:
            raise RunError(
                f"{directory}: the sentences are not those that the run was started with; "
                f"bring them back, or {otherwise}"
            )
        if replace(lesson.config, settings=config.settings) != config:
            raise RunError(
                f"{directory.config_file}: damaged (length and characters are not those of the "
                "sentences); train again elsewhere"
            )
        return lesson

    def data(self, corpus: Corpus | Drawn) -> Any:
        """Return what `fastrnn.models.Model.fit` takes as its data: arrays or a dataset.

        Parameters
        ----------
        corpus : Corpus
            `training` or `held_out`.

        Returns
        -------
        tuple of ndarray, or Sentences
            What `weighted` returns, or what reads sentences when they are asked for, where the
            whole corpus is too large for arrays, or draws them.
        """
        if isinstance(corpus, Drawn):
            return corpus
        sentences = len(self.training) + len(self.held_out)
        if _fits(sentences, self.config.length):
            return self.weighted(corpus)
        return Sentences(self, corpus)

    def weighted(self, corpus: Corpus) -> tuple[Any, ...]:
        """Return `arrays`, and weights of the steps where sentences have keys of their own."""
        return weighted(self.config, corpus)

    def arrays(self, corpus: Corpus) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Return what goes into the model and what should come out.

        Parameters
        ----------
        corpus : Corpus
            `training` or `held_out`.

        Returns
        -------
        ndarray, as `fastrnn.cipher.network.encoded` returns it
            The number of every character that goes in.
        ndarray of int32, shape (sentences, length, 1)
            The number of every character that should come out.
        """
        return arrays(self.config, corpus)


def weighted(config: Config, corpus: Corpus) -> tuple[Any, ...]:
    """Return what `fastrnn.models.Model.fit` takes for a part of a run's corpus.

    Parameters
    ----------
    config : Config
        Of the run.
    corpus : Corpus
        Some sentences of it.

    Returns
    -------
    ndarray, ndarray
        What `arrays` returns.
    ndarray of float32, shape (sentences, length)
        Where sentences have keys of their own, the weights of the steps. Where the network is
        taught what windows show, both this and what should come out are lists: the letters in each
        window follow.
    """
    x, y = arrays(config, corpus)
    if corpus.keys is None:
        return x, y
    weights = characters_alone(y)
    if not config.settings.windows:
        return x, y, weights
    letters, where = _in_windows(config, corpus)
    return x, [y, *letters], [weights, *(where for _ in letters)]


def _in_windows(
    config: Config, corpus: Corpus
) -> tuple[list[NDArray[np.int32]], NDArray[np.float32]]:
    """Return what each window shows at the letters of messages, and which steps are such.

    Returns
    -------
    list of ndarray of int32, shape (messages, length, 1)
        Of each window, the letters as numbers from 0.
    ndarray of float32, shape (messages, length)
        1 at the letters A to Z of the messages, for which alone a machine turns.
    """
    assert corpus.keys is not None
    texts, length = config.sides(corpus)[0], config.text_length
    codes = np.array([text[:length].ljust(length) for text in texts], f"U{length}")
    letters = np.isin(codes.view("U1").reshape(len(texts), length), [*ALPHABET, *ALPHABET.lower()])
    numbers = np.maximum(letters.cumsum(axis=1) - 1, 0)
    shown = config.settings.with_key().shown(corpus.keys, length)
    shown = np.take_along_axis(shown, numbers[..., np.newaxis], axis=1).astype(np.int32)
    key = ((0, 0), (config.key_length, 0))
    windows = [np.pad(window, key)[..., np.newaxis] for window in np.moveaxis(shown, 2, 0)]
    return windows, np.pad(letters, key).astype(np.float32)


def arrays(config: Config, corpus: Corpus) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return what goes into the model of a run and what should come out, see `Lesson.arrays`."""
    given, wanted = config.sides(corpus)
    x = numbers(config, given, corpus.keys, config.text_length)
    y = config.target.numbers(wanted, config.text_length)
    # While a key goes in, there is nothing to say.
    y = np.pad(y, ((0, 0), (config.key_length, 0)), constant_values=PADDING)
    return encoded(x, config.settings.input), y[..., np.newaxis]


def numbers(
    config: Config, texts: Sequence[str], keys: Letters | None, length: int
) -> NDArray[np.int32]:
    """Return the numbers of the characters that go into the model of a run.

    Parameters
    ----------
    config : Config
        Of the run.
    texts : sequence of str
        What goes in.
    keys : Letters, shape (texts, key letters), optional
        A key for each, where the model is shown one.
    length : int
        Steps that a text gets.

    Returns
    -------
    ndarray of int32, shape (texts, key letters + length)
    """
    found = config.source.numbers(texts, length)
    if keys is None:
        return found
    letters = config.source.numbers(list(ALPHABET), 1)[:, 0]
    shown = np.where(keys == END, np.int32(PADDING), letters[keys])
    return np.concatenate([shown, found], axis=1)


def _with_random_keys(settings: Settings) -> Lesson:
    """Return messages that each have a key of their own, see `fastrnn.cipher.keyed`."""
    assert settings.key_length is not None
    share, seed = settings.validation_split, settings.seed
    cipher = settings.with_key()
    texts, others = [], []
    length = settings.text_length or 0
    if settings.text == CORPUS:
        training, rest = settings.corpus().split(share)
        texts = [text for text in training.plaintexts if text]
        seen = set(texts)
        others = [text for text in rest.plaintexts if text and text not in seen]
        length = max(map(len, [*texts, *others]))
        samples, count = len(texts), len(others)
        if not samples or (share and not count):
            raise CorpusError(
                "all sentences to hold out are among those to train on; give more, or "
                "--validation-split 0"
            )
    else:
        samples, count = settings.drawn_samples
    parts = {part: Keys(cipher, settings.key_length, share, part) for part in (False, True)}
    unseen = Corpus([], [], None)
    if count:
        parts[True].check_share(settings.text_length)
        unseen = held_out(parts[True], others, count, length, [seed, 1])
    characters = Vocabulary([ALPHABET, *texts, *others])
    told = f"{cipher!r} {settings.key_length} {length} {samples} {seed} {share}"
    fingerprint = sha256("\n".join([told, *texts, *unseen.ciphertexts]).encode()).hexdigest()
    config = Config(
        settings, settings.key_length + length, characters, characters, fingerprint, FORMAT
    )
    drawn = Drawn(
        parts[False],
        texts,
        samples,
        length,
        seed,
        settings.curriculum * settings.epochs,
        partial(weighted, config),
    )
    return Lesson(config, drawn, unseen)


def unseen(settings: Settings) -> Corpus:
    """Return all sentences of a corpus, each with a key that is held out from such a run."""
    texts = [*settings.corpus().plaintexts]
    assert settings.key_length is not None
    keys = Keys(settings.with_key(), settings.key_length, settings.validation_split, True)
    return held_out(keys, texts, len(texts), 0, [settings.seed, 1])


def _fits(sentences: int, length: int) -> bool:
    """Return whether so many sentences and their arrays may be in memory.

    A step of a sentence has four bytes that go in, and four that should come out.
    """
    return sentences * (length * 8 + OBJECTS) <= IN_MEMORY


class Sentences:
    """A corpus as a `fastrnn.models.Dataset`, numbered when a batch of it is asked for.

    Parameters
    ----------
    lesson : Lesson
        Of which it is a part.
    corpus : Corpus
        Its sentences.
    """

    def __init__(self, lesson: Lesson, corpus: Corpus) -> None:
        self._lesson = lesson
        self._corpus = corpus

    def __len__(self) -> int:
        return len(self._corpus)

    def batch(self, indices: NDArray[np.intp]) -> tuple[Any, ...]:
        """Return of some sentences what `Lesson.weighted` returns."""
        return self._lesson.weighted(self._corpus.some(indices))
