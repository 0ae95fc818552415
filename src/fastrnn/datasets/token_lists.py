"""The common part of the text datasets: lists of word indices, and their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def shuffled(x: Array, labels: Array, rng: np.random.RandomState) -> tuple[Array, Array]:
    """Return both in a random order, the same as Keras's."""
    order = np.arange(len(x))
    rng.shuffle(order)
    return x[order], labels[order]


def shifted(x: Array, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """Return lists with `index_from` added to the words, after a first `start_char`."""
    if start_char is not None:
        return [[start_char] + [word + (index_from or 0) for word in words] for words in x]
    return [[word + (index_from or 0) for word in words] for words in x]


def kept(x: list[list[int]], labels: Array, maxlen: int | None) -> tuple[list[list[int]], Array]:
    """Return those with fewer than `maxlen` words; all without it."""
    if not maxlen:
        return x, labels
    short = [number for number, words in enumerate(x) if len(words) < maxlen]
    if not short:
        raise ValueError(f"maxlen is {maxlen}; no text is shorter than that")
    return [x[number] for number in short], labels[short]


def limited(
    x: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> list[list[int]]:
    """Return lists with words from `skip_top` to `num_words`, and `oov_char` for the others."""
    if not num_words:
        num_words = max((max(words, default=0) for words in x), default=0)
    if oov_char is None:
        return [[word for word in words if skip_top <= word < num_words] for words in x]
    return [[word if skip_top <= word < num_words else oov_char for word in words] for words in x]


def as_objects(x: list[list[int]]) -> Array:
    """Return lists as a one-dimensional array of lists, whatever their lengths."""
    result = np.empty(len(x), object)
    result[:] = x
    return result
