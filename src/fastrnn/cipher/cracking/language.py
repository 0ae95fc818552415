"""A character model of a language: how probable each letter is after those before it.

The network reads the letters A to Z alone, without spaces, and is trained here, by fastrnn. It
judges whole texts; the tables for the search are made of its own answers.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import layers
from fastrnn.cipher.ciphers.base import ALPHABET, Letters
from fastrnn.cipher.errors import CorpusError, RunError
from fastrnn.models import Model, Sequential, load_model
from fastrnn.optimizers import Adam
from fastrnn.optimizers.schedules import CosineDecay
from fastrnn.seeding import set_seed

__all__ = ["SIZE", "LanguageModel", "letters_of", "train"]

#: Letters of the alphabet; as an input, the number of the mark in front of a text.
SIZE = len(ALPHABET)
START = SIZE

Bits = NDArray[np.float32]

#: Probabilities that the model returns at once.
TOGETHER = 1 << 20

#: Letters of a piece of text in training; pieces per step; the highest learning rate.
WINDOW, BATCH, RATE = 96, 64, 0.004


_OTHERS = re.compile("[^A-Za-z]+")


class LanguageModel:
    """A network that says how many bits each letter of a text is worth.

    Parameters
    ----------
    model : Model
        From letters, shape (texts, T), of which the first is `START`, to the probabilities of the
        letter that follows each, shape (texts, T, 26).

    Examples
    --------
    >>> import numpy as np
    >>> from fastrnn.cipher import LanguageModel
    >>> model = LanguageModel.load()
    >>> the, hte = model.bits(np.array([[19, 7, 4], [7, 19, 4]])).sum(axis=1)
    >>> bool(the < hte)
    True
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> LanguageModel:
        """Return a model from a file, or the one of English that comes with fastrnn.

        Parameters
        ----------
        path : str or path, optional
            A file that `train` made and ``save`` wrote.

        Raises
        ------
        RunError
            The file holds another kind of model.
        CheckpointError, OSError
            It is damaged, or cannot be read.
        """
        if path is None:
            file = resources.files("fastrnn.cipher.cracking") / "english.safetensors"
            with resources.as_file(file) as own:
                return cls(load_model(own))
        model = load_model(path)
        answers = model.output_shape
        if len(model.inputs) != 1 or answers[-1] != SIZE or len(answers) != 3:
            raise RunError(f"{os.fspath(path)}: not a model of letters; bench/english.py makes one")
        return cls(model)

    def bits(self, texts: NDArray[np.integer[Any]]) -> Bits:
        """Return how many bits each letter is worth: -log2 of its probability after the others.

        Parameters
        ----------
        texts : ndarray of integers, shape (texts, T)
            Places of letters in the alphabet, from 0.

        Returns
        -------
        ndarray of float32, shape (texts, T)
            Their sum is what a text is worth; English has some 2.3 bits a letter.
        """
        count, length = texts.shape
        found = np.empty((count, length), np.float32)
        group = max(1, TOGETHER // (length * SIZE))
        for begin in range(0, count, group):
            part = texts[begin : begin + group].astype(np.int32)
            chances = self._chances(part[:, :-1])
            taken = np.take_along_axis(chances, part[..., np.newaxis], axis=2)[..., 0]
            found[begin : begin + group] = -np.log2(np.maximum(taken, 1e-12))
        return found

    def quick_bits(self, texts: NDArray[np.integer[Any]]) -> Bits:
        """Return about the bits of whole texts, each letter judged by the three before it.

        Parameters
        ----------
        texts : ndarray of integers, shape (texts, T)

        Returns
        -------
        ndarray of float32, shape (texts,)
        """
        length = texts.shape[1]
        places = texts.T.astype(np.int32)
        found = np.zeros(len(texts), np.float32)
        for step in range(min(3, length)):
            found += self.tables[step][tuple(places[: step + 1])]
        if length > 3:
            windows = ((places[:-3] * SIZE + places[1:-2]) * SIZE + places[2:-1]) * SIZE + places[
                3:
            ]
            found += self.tables[3].ravel().take(windows).sum(axis=0)
        return found

    def _chances(self, texts: NDArray[np.int32]) -> Bits:
        """Return the probabilities of each letter and of the next: (texts, T + 1, 26)."""
        given = np.full((len(texts), texts.shape[1] + 1), START, np.int32)
        given[:, 1:] = texts
        found: Bits = self.model.predict(given, batch_size=len(given), verbose=0)
        return found

    @cached_property
    def tables(self) -> tuple[Bits, Bits, Bits, Bits]:
        """The bits of a letter after none, one, two and three letters, and nothing before them.

        Arrays of shape (26,), (26, 26), (26, 26, 26) and (26, 26, 26, 26).
        """
        every = np.indices((SIZE,) * 3, np.int32).reshape(3, -1).T
        chances = -np.log2(np.maximum(self._chances(every), 1e-12))
        single, pair, triple, quadruple = (
            np.ascontiguousarray(chances[:: SIZE ** (3 - step), step]).reshape((SIZE,) * (step + 1))
            for step in range(4)
        )
        return single, pair, triple, quadruple


def letters_of(text: str) -> Letters:
    """Return the letters A to Z of a text, in either case, as their places from 0.

    Examples
    --------
    >>> letters_of("Bad!")
    array([1, 0, 3], dtype=int8)
    """
    found = _OTHERS.sub("", text).upper().encode()
    return (np.frombuffer(found, np.uint8) - ord("A")).astype(np.int8)


def train(
    texts: Sequence[str],
    *,
    units: int = 160,
    epochs: int = 2,
    seed: int = 0,
    report: Callable[[LanguageModel, int, float], None] | None = None,
) -> LanguageModel:
    """Train a model of a language on texts.

    Parameters
    ----------
    texts : sequence of str
        Millions of letters in all. Letters with accents count as the letters A to Z without them;
        everything else is left out.
    units : int, default 160
        The size of the recurrent layer's state.
    epochs : int, default 2
        Passes over the texts.
    seed : int, default 0
        Of the weights, and of the order of the pieces.
    report : callable, optional
        Called after each epoch with the model, the number of the epoch from 1, and the bits a
        letter in training.

    Returns
    -------
    LanguageModel
        ``model.save(path)`` writes it.

    Raises
    ------
    CorpusError
        The texts have too few letters.
    """
    rng = np.random.default_rng(seed)
    set_seed(seed)
    plain = (unicodedata.normalize("NFKD", text) for text in texts)
    whole = np.concatenate([np.zeros(0, np.int8), *map(letters_of, plain)])
    pieces = len(whole) // WINDOW - 1
    if pieces < BATCH:
        raise CorpusError(
            f"the texts have {len(whole)} letters, but should have {(BATCH + 1) * WINDOW} or more; "
            "a good model needs millions"
        )
    network = Sequential(
        [
            layers.Input((None,), dtype="int32"),
            layers.CategoryEncoding(SIZE + 1),
            layers.GRU(units, return_sequences=True),
            layers.TimeDistributed(layers.Dense(SIZE, activation="softmax")),
        ]
    )
    rate = CosineDecay(RATE, epochs * -(-pieces // BATCH))
    network.compile(Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    model = LanguageModel(network)
    for epoch in range(1, epochs + 1):
        # The pieces begin elsewhere in each epoch.
        begin = int(rng.integers(WINDOW))
        wanted = whole[begin : begin + pieces * WINDOW].reshape(pieces, WINDOW).astype(np.int32)
        given = np.full_like(wanted, START)
        given[:, 1:] = wanted[:, :-1]
        history = network.fit(given, wanted, batch_size=BATCH, verbose=0)
        if report is not None:
            report(model, epoch, history.history["loss"][0] / np.log(2))
    return model
