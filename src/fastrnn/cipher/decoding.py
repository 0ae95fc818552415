"""A trained model put to work: from cipher to plain text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastrnn.cipher.directory import Config, RunDirectory
from fastrnn.cipher.errors import CorpusError, RunError
from fastrnn.models import Model, load_model

__all__ = ["Decipherer"]


class Decipherer:
    """A model that deciphers, with the characters that it knows.

    Parameters
    ----------
    model : Model
        From numbers of cipher characters to probabilities of plain characters.
    config : Config
        Of the run that trained it.
    """

    def __init__(self, model: Model, config: Config) -> None:
        self._model = model
        self._config = config

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
            Ready to decipher.

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
        model = load_model(directory.best_file)
        wanted = (None, config.length, 1), (None, config.length, len(config.plain))
        if (model.input_shape, model.output_shape) != wanted:
            raise RunError(
                f"{directory.best_file}: a model of another run than config.json; "
                "put the files of one run together again"
            )
        return cls(model, config)

    def check(self, text: str, place: str) -> None:
        """Check that `text` can be deciphered.

        Parameters
        ----------
        text : str
            A cipher.
        place : str
            Where it comes from, such as a file and a line, for the message.

        Raises
        ------
        CorpusError
            It is longer than any sentence of the training, or has a character that was in none.
        """
        if len(text) > self._config.length:
            raise CorpusError(
                f"{place}: has {len(text)} characters, but the longest sentence in training had "
                f"{self._config.length}; break it into shorter lines"
            )
        unknown = self._config.cipher.unknown(text)
        if unknown is not None:
            raise CorpusError(
                f"{place}: the character {unknown!r} was not in training; known are "
                f"{''.join(sorted(self._config.cipher.characters))!r}, in either case"
            )

    def decipher(self, texts: Sequence[str]) -> list[str]:
        """Return what the model takes the plain texts to be.

        Parameters
        ----------
        texts : sequence of str
            Ciphers.

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
        numbers = self._config.cipher.numbers(texts, self._config.length)
        probabilities = self._model.predict(numbers[..., np.newaxis].astype(np.float32), verbose=0)
        # Within a text there is no padding, so that the best of the others is meant.
        choices = probabilities[..., 1:].argmax(axis=-1) + 1
        return [
            _with_case_of(text, self._config.plain.text(choice[: len(text)]))
            for text, choice in zip(texts, choices, strict=True)
        ]


def _with_case_of(text: str, plain: str) -> str:
    """Return `plain` with capitals where `text` has them."""
    return "".join(p.upper() if c.isupper() else p for c, p in zip(text, plain, strict=False))
