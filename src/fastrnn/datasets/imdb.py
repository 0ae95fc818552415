"""Sentiment of film reviews: 25,000 for training and 25,000 for testing."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import with_older_names
from fastrnn.datasets.archive import load, located
from fastrnn.datasets.token_lists import as_objects, kept, limited, shifted, shuffled

Array = NDArray[Any]


@with_older_names
def load_data(
    path: str | os.PathLike[str] = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the reviews as lists of word indices, with Keras's indices.

    Parameters
    ----------
    path : str or path, default "imdb.npz"
        A file, or the name of one in ``~/.keras/datasets``.
    num_words : int, optional
        Words from this index on are unknown.
    skip_top : int, default 0
        Words below this index are unknown too.
    maxlen : int, optional
        Reviews of `maxlen` words or more are left out.
    seed : int, default 113
        Of the order of the reviews.
    start_char, oov_char : int, optional
        Indices of the start of a review, and of unknown words; None: left out.
    index_from : int, default 3
        The index of the most frequent word, minus one.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Arrays of lists, and arrays of labels, 0 or 1.

    Raises
    ------
    FileNotFoundError
        If the file is missing; the message says where to get it.
    ValueError
        If it is not such a file, or no review is shorter than `maxlen`.

    Examples
    --------
    >>> (x_train, y_train), _ = load_data(num_words=20000)  # doctest: +SKIP
    """
    x_train, y_train, x_test, y_test = load(path, "x_train", "y_train", "x_test", "y_test")
    rng = np.random.RandomState(seed)
    parts = []
    for x, labels in ((x_train, y_train), (x_test, y_test)):
        x, labels = shuffled(x, labels, rng)
        parts.append(kept(shifted(x, start_char, index_from), labels, maxlen))
    (first, y_train), (second, y_test) = parts
    x_all = limited(first + second, num_words, skip_top, oov_char)
    x_train, x_test = as_objects(x_all[: len(first)]), as_objects(x_all[len(first) :])
    return (x_train, np.array(y_train)), (x_test, np.array(y_test))


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
    """Return the index of every word, before `index_from` is added.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    """
    with open(located(path), encoding="utf-8") as file:
        index: dict[str, int] = json.load(file)
    return index
