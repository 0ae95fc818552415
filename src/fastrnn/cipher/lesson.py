"""What a run learns from: its corpus as arrays, some of it to train on and some held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.directory import Config
from fastrnn.cipher.settings import Settings
from fastrnn.cipher.vocabulary import Vocabulary

__all__ = ["Lesson"]


@dataclass(frozen=True)
class Lesson:
    """The corpus of a run, divided, with the numbers of its characters.

    Attributes
    ----------
    config : Config
        The settings and the vocabularies, which have the held-out sentences' characters too.
    training, held_out : Corpus
        The sentences to train on, and those that tell how well it goes.
    """

    config: Config
    training: Corpus
    held_out: Corpus

    @classmethod
    def prepare(cls, settings: Settings) -> Lesson:
        """Read or make the corpus that `settings` ask for, and divide it.

        Parameters
        ----------
        settings : Settings
            Of the run.

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
        corpus = settings.corpus()
        training, held_out = corpus.split(settings.validation_split)
        config = Config(
            settings,
            corpus.longest,
            Vocabulary(corpus.plaintexts),
            Vocabulary(corpus.ciphertexts),
            corpus.fingerprint,
        )
        return cls(config, training, held_out)

    def arrays(self, corpus: Corpus) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return what goes into the model and what should come out.

        Parameters
        ----------
        corpus : Corpus
            `training` or `held_out`.

        Returns
        -------
        ndarray of float32, shape (sentences, length, 1)
            The number of every cipher character.
        ndarray of int32, shape (sentences, length, 1)
            The number of every plain character.
        """
        config = self.config
        x = config.cipher.numbers(corpus.ciphertexts, config.length)
        y = config.plain.numbers(corpus.plaintexts, config.length)
        return x[..., np.newaxis].astype(np.float32), y[..., np.newaxis]
