"""What a network keeps while it reads a message: its states, and what of a key is in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastrnn.cipher.ciphers.base import ALPHABET, END, Letters
from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.decoding import Decipherer
from fastrnn.cipher.errors import InvalidKeyError, RunError
from fastrnn.cipher.lesson import numbers
from fastrnn.cipher.network import encoded, states_of
from fastrnn.cipher.settings import Settings

__all__ = ["Memory", "example_of", "remembered"]


@dataclass(frozen=True)
class Memory:
    """The states of a network along one message.

    Attributes
    ----------
    given : str
        What goes in, a character a step: the key, blanks where it is shorter than the longest, and
        the text.
    answer : str
        What comes out behind the key, a character a step.
    key_length : int
        Steps in front of the text, 0 where the network is shown no key.
    states : ndarray of float32, shape (steps, units)
        The state after every step.
    kept : ndarray of float64, shape (letters of the key, steps), or None
        How far the state is, after each step, from the one it would be in with another letter at
        that place of the key: the root mean square over units and other letters. None where the
        network is shown no key.
    """

    given: str
    answer: str
    key_length: int
    states: NDArray[np.float32]
    kept: NDArray[np.float64] | None


def example_of(decipherer: Decipherer, corpus: Corpus) -> tuple[str, Letters | None]:
    """Return a message to look at: the first of those with the longest key, or the first at all.

    Parameters
    ----------
    decipherer : Decipherer
        The network.
    corpus : Corpus
        Messages.

    Returns
    -------
    str, and Letters of shape (key letters,) or None
        What goes into the network, and its key.

    Raises
    ------
    RunError
        All are empty.
    """
    given = decipherer.config.sides(corpus)[0]
    places = [place for place, text in enumerate(given) if text]
    if not places:
        raise RunError("there are no sentences to draw; give others with --plaintext")
    if corpus.keys is None:
        return given[places[0]], None
    lengths = (corpus.keys != END).sum(axis=1)
    place = max(places, key=lambda each: (lengths[each], -each))
    return given[place], corpus.keys[place]


def remembered(decipherer: Decipherer, text: str, key: Letters | None = None) -> Memory:
    """Return what a network keeps while it reads a text.

    Parameters
    ----------
    decipherer : Decipherer
        The network.
    text : str
        What goes in, a character or more.
    key : Letters, shape (key letters,), optional
        What it is shown in front of the text, if it learned with random keys.

    Returns
    -------
    Memory

    Raises
    ------
    CorpusError
        The network cannot read the text.
    """
    decipherer.check(text, "the text to draw")
    keys = None if key is None else key[np.newaxis]
    choice = decipherer.choices([text], keys)[0]
    shown = "" if key is None else "".join(" " if i == END else ALPHABET[i] for i in key)
    return Memory(
        shown + text.upper(),
        decipherer.config.target.text(choice).upper(),
        decipherer.config.key_length,
        _states(decipherer, text, keys)[0],
        None if key is None else _kept(decipherer, text, key),
    )


def _states(decipherer: Decipherer, text: str, keys: Letters | None) -> NDArray[np.float32]:
    """Return the states along a text with each of several keys: (keys, steps, units)."""
    count = 1 if keys is None else len(keys)
    config = decipherer.config
    x = encoded(numbers(config, [text] * count, keys, len(text)), config.settings.input)
    states: NDArray[np.float32] = states_of(decipherer.model).predict(x, verbose=0)
    return states


def _kept(decipherer: Decipherer, text: str, key: Letters) -> NDArray[np.float64]:
    """Return what `Memory.kept` says; other letters that make no key do not count."""
    settings = decipherer.config.settings
    places = np.flatnonzero(key != END)
    rows, owners = [], []
    for place in places:
        for letter in range(len(ALPHABET)):
            other = key.copy()
            other[place] = letter
            if letter != key[place] and _is_key(settings, other):
                rows.append(other)
                owners.append(place)
    states = _states(decipherer, text, np.stack([key, *rows])).astype(np.float64)
    apart = ((states[1:] - states[0]) ** 2).mean(axis=2)
    kept = np.zeros((len(places), states.shape[1]))
    for place in places:
        mine = apart[np.array(owners) == place]
        kept[place] = np.sqrt(mine.mean(axis=0)) if len(mine) else np.nan
    return kept


def _is_key(settings: Settings, row: Letters) -> bool:
    """Return whether letters are a key of the run's cipher."""
    try:
        settings.with_key(settings.with_key().written(row[row != END]))
    except InvalidKeyError:
        return False
    return True
