"""A trained model put to work: from cipher to plain text, or the other way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import Letters
from fastrnn.cipher.directory import Config, RunDirectory
from fastrnn.cipher.errors import CorpusError, RunError, brief
from fastrnn.cipher.lesson import numbers
from fastrnn.cipher.network import answering, build, encoded
from fastrnn.cipher.vocabulary import Vocabulary
from fastrnn.models import Model, load_model

__all__ = ["Decipherer", "check_characters"]

#: Probabilities that the model returns at once.
TOGETHER = 1 << 21


class Decipherer:
    """A model that deciphers, or enciphers where it learned that, with the characters it knows.

    Parameters
    ----------
    model : Model
        From the characters that go in to probabilities of those that come out.
    config : Config
        Of the run that trained it.

    Attributes
    ----------
    model : Model
    config : Config
        The same.

    Examples
    --------
    >>> from fastrnn.cipher.lesson import Lesson
    >>> settings = Settings(sentences=200, units=8, epochs=1)
    >>> training = Training.start(Lesson.prepare(settings), RunDirectory.fresh("run"))
    >>> training.run()
    >>> decipherer = Decipherer.load(RunDirectory("run"))
    >>> answer = decipherer.decipher(["YMJ QNRJ"])[0]
    >>> len(answer) == len("YMJ QNRJ")
    True
    """

    def __init__(self, model: Model, config: Config) -> None:
        self.model = model
        self.config = config

    def __repr__(self) -> str:
        return f"<Decipherer: {self.config.settings.title}>"

    @classmethod
    def load(cls, directory: RunDirectory) -> Decipherer:
        """Return the best model of a run.

        Parameters
        ----------
        directory : RunDirectory
            Of a run with one epoch or more.

        Returns
        -------
        Decipherer
            Ready to work.

        Raises
        ------
        RunError
            The directory is none of a run, the run has no finished epoch, or ``config.json`` is
            damaged or belongs to another run.
        CheckpointError
            The model's file is damaged.
        """
        config = directory.read_config()
        if not directory.best_file.exists():
            raise RunError(
                f"{directory}: no epoch is finished yet; continue the training with --resume"
            )
        trained = load_model(directory.best_file)
        config.check_model(trained, directory.best_file)
        # Padding behind a text changes nothing before it: as many steps as the texts have will do.
        settings = config.settings
        sizes = len(config.source), len(config.target)
        model = build(
            settings.cell,
            settings.units,
            None,
            *sizes,
            settings.input,
            readout=settings.readout,
            windows=settings.windows,
        )
        model.set_weights(trained.get_weights())
        return cls(answering(model), config)

    def check(self, text: str, place: str) -> None:
        """Check that `text` can go into the model.

        Parameters
        ----------
        text : str
            A cipher, or a plain text where the model enciphers.
        place : str
            Where it comes from, such as a file and a line, for the message.

        Raises
        ------
        CorpusError
            It is longer than any sentence of the training, or has a character that was in none.
        """
        if len(text) > self.config.text_length:
            raise CorpusError(
                f"{place}: has {len(text)} characters, but the longest sentence in training had "
                f"{self.config.text_length}; break it into shorter lines"
            )
        check_characters(text, self.config.source, place)

    def decipher(self, texts: Sequence[str], keys: Letters | None = None) -> list[str]:
        """Return what the model takes the plain texts to be, or the ciphers where it enciphers.

        Parameters
        ----------
        texts : sequence of str
            Ciphers, or plain texts.
        keys : Letters, shape (texts, key letters), optional
            The key of each, which a model that was trained with random keys is shown.

        Returns
        -------
        list of str
            As many texts of the same lengths; a letter that stands in place of a capital is one.

        Raises
        ------
        CorpusError
            See `check`.
        """
        for number, text in enumerate(texts, start=1):
            self.check(text, f"text {number}")
        if not any(texts):
            return list(texts)
        return [
            _with_case_of(text, self.config.target.text(choice[: len(text)]))
            for text, choice in zip(texts, self.choices(texts, keys), strict=True)
        ]

    def choices(self, texts: Sequence[str], keys: Letters | None = None) -> NDArray[np.intp]:
        """Return the numbers of the characters that the model chooses.

        Parameters
        ----------
        texts : sequence of str
            One or more that `check` has nothing against.
        keys : Letters, shape (texts, key letters), optional
            As for `decipher`.

        Returns
        -------
        ndarray of shape (texts, length of the longest)
            Of the target's vocabulary. What stands behind the end of a text has no meaning.
        """
        if (keys is None) != (self.config.key_length == 0):
            should = "a key for each text" if keys is None else "none"
            raise RunError(f"keys: {keys!r}, but this model should be shown {should}")
        length = max(1, *map(len, texts))
        together = max(1, TOGETHER // (length * len(self.config.target)))
        best = np.empty((len(texts), length), np.intp)
        for start in range(0, len(texts), together):
            some = slice(start, start + together)
            shown = None if keys is None else keys[some]
            x = encoded(
                numbers(self.config, texts[some], shown, length), self.config.settings.input
            )
            probabilities = self.model.predict(x, verbose=0)[:, self.config.key_length :]
            # Within a text there is no padding, so that the best of the others is meant.
            best[some] = probabilities[..., 1:].argmax(axis=-1) + 1
        return best


def check_characters(text: str, vocabulary: Vocabulary, place: str) -> None:
    """Check that every character of `text` was in training.

    Parameters
    ----------
    text : str
        Of one side of a corpus.
    vocabulary : Vocabulary
        Of that side.
    place : str
        Where the text comes from, for the message.

    Raises
    ------
    CorpusError
        One was not.
    """
    unknown = vocabulary.unknown(text)
    if unknown is not None:
        raise CorpusError(
            f"{place}: the character {unknown!r} was not in training; known are "
            f"{brief(''.join(sorted(vocabulary.characters)))}, in either case"
        )


def _with_case_of(text: str, plain: str) -> str:
    """Return `plain` with capitals where `text` has them."""
    return "".join(p.upper() if c.isupper() else p for c, p in zip(text, plain, strict=False))
