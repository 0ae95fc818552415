"""Images of handwritten digits, which RNNs read row by row or pixel by pixel."""

from __future__ import annotations

import os
from typing import Any

from numpy.typing import NDArray

from fastrnn.datasets.archive import load

Array = NDArray[Any]


def load_data(
    path: str | os.PathLike[str] = "mnist.npz",
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return 60,000 images of 28 x 28 pixels for training, and 10,000 for testing.

    Parameters
    ----------
    path : str or path, default "mnist.npz"
        A file, or the name of one in ``~/.keras/datasets``.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Pictures as uint8, (pictures, 28, 28), and the digits, (pictures,).

    Raises
    ------
    FileNotFoundError, ValueError
        As of :func:`fastrnn.datasets.imdb.load_data`.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    x_train, y_train, x_test, y_test = load(path, "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)
