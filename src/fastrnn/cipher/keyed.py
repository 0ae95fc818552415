"""Messages with a random key each: drawn afresh for every epoch, and some that are held out.

A network that is shown the key in front of a message can learn the cipher itself, not one key of
it.  Whether it has is told by keys and messages that it never saw: a hash divides all keys there
are, and all messages of random letters, into those to train on and those to hold out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.callbacks import Callback
from fastrnn.cipher.ciphers import Cipher
from fastrnn.cipher.ciphers.base import ALPHABET, END, Letters, word
from fastrnn.cipher.corpus import Corpus
from fastrnn.cipher.errors import CorpusError, SettingsError
from fastrnn.cipher.vocabulary import PADDING

__all__ = ["Drawn", "Keys", "characters_alone", "held_out", "is_held_out", "key_row"]

#: Messages that are drawn together: with one generator, whoever asks for some of them.
TOGETHER = 64

#: Keys and messages that are drawn to see whether any are held out.
TRIED = 10_000

#: Groups of messages that are kept for the next batch, which may want the rest of the last one.
KEPT = 4

#: What goes in, what should come out, and the weights of the steps; of the last two a list each,
#: where a network has several outputs.
Arrays = tuple[Any, Any, Any]

_END = np.int8(END).tobytes()


def is_held_out(rows: Letters, share: float) -> NDArray[np.bool_]:
    """Return which rows belong to the part that is held out.

    Parameters
    ----------
    rows : Letters, shape (rows, letters)
        Keys, or messages.
    share : float
        Of all rows there are, how many are held out, from 0 to less than 1.

    Returns
    -------
    ndarray of bool, shape (rows,)
        The same for a row at any time: it depends on its letters alone.
    """
    most = int(share * 2.0**64)
    return np.array([_number(row.tobytes().rstrip(_END)) < most for row in rows], np.bool_)


def _number(letters: bytes) -> int:
    """Return a number from 0 to 2**64 - 1, each as likely as any other."""
    return int.from_bytes(blake2b(letters, digest_size=8).digest(), "little")


def characters_alone(y: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return weights of steps, (samples, time), by which the loss counts characters alone.

    If it counts what should come out while the key goes in, too, the first thing that a network
    learns is to tell these steps from the others, and it takes many times as long to learn what
    the key is for.

    Parameters
    ----------
    y : ndarray of int32, shape (samples, time, 1)
        What should come out.
    """
    weights: NDArray[np.float32] = (y[..., 0] != PADDING).astype(np.float32)
    return weights


class Keys:
    """Draws keys, and messages of random letters, of one of the two parts.

    Parameters
    ----------
    cipher : Cipher
        Whose keys; its own does not matter.
    letters : int
        The most that a key has.
    share : float
        Of all keys, how many are held out.
    held_out : bool
        Which part.
    """

    def __init__(self, cipher: Cipher, letters: int, share: float, held_out: bool) -> None:
        self.cipher, self.letters = cipher, letters
        self._share, self._held_out = share, held_out

    def keys(self, rng: np.random.Generator, count: int) -> Letters:
        """Return keys, padded where they are shorter: Letters, shape (count, self.letters)."""
        return self._drawn(count, lambda some: self.cipher.random_keys(rng, some, self.letters))

    def check_share(self, length: int | None = None) -> None:
        """Check that some keys are held out and some are not, and messages of so many letters.

        Without any of the part that is asked for, drawing would never end.

        Parameters
        ----------
        length : int, optional
            Letters of random messages, where there are such.

        Raises
        ------
        SettingsError
            Of many that are drawn none is.
        """
        rng = np.random.default_rng(0)
        drawn = {"keys": self.cipher.random_keys(rng, TRIED, self.letters)}
        if length is not None:
            drawn["texts"] = rng.integers(0, len(ALPHABET), (TRIED, length), np.int8)
        for what, rows in drawn.items():
            held_out = is_held_out(rows, self._share)
            if held_out.all():
                raise SettingsError(
                    f"{self._share}, which leaves none of {TRIED:,} random {what} to train on; "
                    "give a smaller fraction",
                    ("validation_split",),
                )
            if not held_out.any():
                raise SettingsError(
                    f"{self._share}, which holds out none of {TRIED:,} random {what}; give a "
                    "greater fraction, or 0",
                    ("validation_split",),
                )

    def messages(self, rng: np.random.Generator, count: int, length: int) -> Letters:
        """Return messages of random letters: Letters, shape (count, length)."""
        return self._drawn(
            count, lambda some: rng.integers(0, len(ALPHABET), (some, length), np.int8)
        )

    def corpus(self, texts: Sequence[str], keys: Letters) -> Corpus:
        """Return messages with their ciphers, each with a key of its own."""
        ciphers = self.cipher.encode_lines("\n".join(texts), keys).split("\n")
        return Corpus(list(texts), ciphers, keys)

    def _drawn(self, count: int, draw: Callable[[int], Letters]) -> Letters:
        """Return rows of this part: those of the other one are drawn again."""
        rows = draw(count)
        while True:
            wrong = np.flatnonzero(is_held_out(rows, self._share) != self._held_out)
            if not len(wrong):
                return rows
            rows[wrong] = draw(len(wrong))


def held_out(
    keys: Keys, texts: Sequence[str], count: int, length: int, seed: int | Sequence[int]
) -> Corpus:
    """Return messages to hold out, each with a key of its own.

    Parameters
    ----------
    keys : Keys
        Of the part that is held out.
    texts : sequence of str
        The messages; empty for such of random letters.
    count, length : int
        How many of these, and how many letters each has.
    seed : int or sequence of int
        What they are drawn from.

    Returns
    -------
    Corpus
        With `keys`.
    """
    rng = np.random.default_rng(seed)
    if not texts:
        texts = [word(row) for row in keys.messages(rng, count, length)]
    return keys.corpus(texts, keys.keys(rng, len(texts)))


class Drawn(Callback):
    """Messages to train on: a dataset whose samples are others in every epoch.

    It is a `fastrnn.models.Dataset`, and a callback, by which `fit` tells it the epoch. A sample
    depends on the seed, the epoch and its number alone, so that a resumed training, or one of
    several processes, gets the same ones.

    Parameters
    ----------
    keys : Keys
        Of the part to train on.
    texts : sequence of str
        Messages, of which each sample is a random one; empty for such of random letters.
    samples : int
        Of an epoch.
    length : int
        Letters of a message of random letters; the most characters of the others.
    seed : int
        What the samples are drawn from.
    grown : float
        The epochs after which messages are whole. Before, their ends are cut off: of the first
        ones, all but `BEGIN` characters. Keys have all lengths from the start: with short ones
        alone, most letters of an autokey cannot be read before those in front of them are.
    arrays : callable
        Makes of a corpus what goes into the model, what should come out, and the weights of steps.
    """

    #: Characters of the first messages, where they grow.
    BEGIN = 6

    def __init__(
        self,
        keys: Keys,
        texts: Sequence[str],
        samples: int,
        length: int,
        seed: int,
        grown: float,
        arrays: Callable[[Corpus], Arrays],
    ) -> None:
        self._keys, self._texts, self._samples, self._length = keys, texts, samples, length
        self._seed, self._grown, self._arrays = seed, grown, arrays
        self._epoch = 0
        self._groups: dict[tuple[int, int], Arrays] = {}

    def __len__(self) -> int:
        return self._samples

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw other samples from here on."""
        self._epoch = epoch

    def batch(self, indices: NDArray[np.intp]) -> Arrays:
        """Return samples of this epoch by their numbers, with the weights of their steps."""
        groups = np.unique(indices // TOGETHER)
        rows = np.searchsorted(groups, indices // TOGETHER) * TOGETHER + indices % TOGETHER
        x, y, weights = _joined([self._group(number) for number in groups.tolist()], rows)
        return x, y, weights

    def _group(self, number: int) -> Arrays:
        """Return the arrays of some neighbouring samples."""
        place = self._epoch, number
        if place not in self._groups:
            if len(self._groups) >= KEPT:
                del self._groups[next(iter(self._groups))]
            self._groups[place] = self._arrays(self._drawn(*place))
        return self._groups[place]

    def _drawn(self, epoch: int, number: int) -> Corpus:
        """Draw some neighbouring samples."""
        rng = np.random.default_rng([self._seed, epoch, number])
        # How far this moment is on the way to whole messages.
        at = epoch + number * TOGETHER / self._samples
        part = 1.0 if at >= self._grown else at / self._grown
        begin = min(self.BEGIN, self._length)
        length = begin + round(part * (self._length - begin))
        keys = self._keys.keys(rng, TOGETHER)
        if self._texts:
            chosen = rng.integers(0, len(self._texts), TOGETHER)
            texts = [self._texts[i][:length] for i in chosen]
        else:
            texts = [word(row) for row in self._keys.messages(rng, TOGETHER, length)]
        return self._keys.corpus(texts, keys)


def _joined(parts: Sequence[Any], rows: NDArray[np.intp]) -> Any:
    """Return some rows of arrays that are joined, or of each of the arrays that sequences hold."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)[rows]
    return [_joined(arrays, rows) for arrays in zip(*parts, strict=True)]


def key_row(cipher: Cipher, letters: int) -> Letters:
    """Return the key of a cipher as the network is shown it.

    Parameters
    ----------
    cipher : Cipher
        With the key.
    letters : int
        The most that a key had in training.

    Returns
    -------
    Letters, shape (letters,)
        The key, with `END` behind a shorter one.

    Raises
    ------
    CorpusError
        The key is longer.
    """
    row = cipher.key_row
    if len(row) > letters:
        raise CorpusError(
            f"the key {cipher.key} has {len(row)} letters, but the longest in training had "
            f"{letters}; use a shorter one"
        )
    return np.pad(row, (0, letters - len(row)), constant_values=END)
