"""Newswires with 46 topics."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.construction import with_older_names
from fastrnn.datasets import imdb
from fastrnn.datasets.archive import load
from fastrnn.datasets.token_lists import as_objects, kept, limited, shifted, shuffled
from fastrnn.splitting import held_out_from

Array = NDArray[Any]


@with_older_names
def load_data(
    path: str | os.PathLike[str] = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the newswires as lists of word indices, with Keras's indices.

    Parameters
    ----------
    path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from :
        As of :func:`fastrnn.datasets.imdb.load_data`; the file is ``reuters.npz``.
    test_split : float, default 0.2
        Fraction of the newswires for testing: the last ones.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Arrays of lists, and arrays of labels, 0 to 45.

    Raises
    ------
    FileNotFoundError, ValueError
        As of :func:`fastrnn.datasets.imdb.load_data`.

    Examples
    --------
    >>> (x_train, y_train), _ = load_data(num_words=1000)  # doctest: +SKIP
    """
    x, labels = load(path, "x", "y")
    x, labels = shuffled(x, labels, np.random.RandomState(seed))
    words, labels = kept(shifted(x, start_char, index_from), labels, maxlen)
    words = limited(words, num_words, skip_top, oov_char)
    size = held_out_from(len(words), test_split)
    y = np.array(labels)
    return (as_objects(words[:size]), y[:size]), (as_objects(words[size:]), y[size:])


def get_word_index(path: str | os.PathLike[str] = "reuters_word_index.json") -> dict[str, int]:
    """Return the index of every word, before `index_from` is added.

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    """
    return imdb.get_word_index(path)
