"""Accuracies and similarities as functions of each position."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import losses
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.losses.sparse_categorical import check_labels
from fastrnn.losses.targets import real_arrays, real_predictions
from fastrnn.settings import integer

Array = NDArray[Any]


@quietly
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the fraction of features that are exactly equal, at every position.

    Examples
    --------
    >>> accuracy(np.array([[1], [2]]), np.array([[1], [3]]))
    array([1., 0.])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    return np.asarray(np.mean(targets == predictions, axis=-1))


@quietly
def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return 1.0 where the highest output is the label's, else 0.0.

    Parameters
    ----------
    y_true : array_like of shape (...) or (..., 1)
    y_pred : array_like of shape (..., classes)

    Returns
    -------
    ndarray of shape (...), float64

    Examples
    --------
    >>> sparse_categorical_accuracy(np.array([1, 0]), np.array([[0.2, 0.8], [0.4, 0.6]]))
    array([1., 0.])
    """
    predictions = real_predictions(y_pred)
    labels = check_labels(as_array("y_true", y_true), predictions.shape, "y_true")
    return np.asarray(predictions.argmax(axis=-1) == labels, dtype=np.float64)


@quietly
def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return 1.0 where output and target are highest at the same class, else 0.0.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., classes)

    Returns
    -------
    ndarray of shape (...), float64

    Examples
    --------
    >>> categorical_accuracy(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    array([1., 1.])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    same = predictions.argmax(axis=-1) == targets.argmax(axis=-1)
    return np.asarray(same, dtype=np.float64)


@quietly
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """Return 1.0 where the target is 1 and the output above `threshold`, or 0 and not, else 0.0.

    As in Keras, a target between 0 and 1 never matches.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)
    threshold : float, default 0.5

    Returns
    -------
    ndarray of shape (..., features), float64

    Examples
    --------
    >>> binary_accuracy(np.array([[0], [1], [1], [0]]), np.array([[0.1], [0.8], [0.3], [0.6]]))
    array([[1.],
           [1.],
           [0.],
           [0.]])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    return np.asarray((predictions > threshold) == targets, dtype=np.float64)


@quietly
def sparse_top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """Return 1.0 where fewer than `k` outputs are higher than the label's, else 0.0.

    Parameters
    ----------
    y_true : array_like of shape (...) or (..., 1)
    y_pred : array_like of shape (..., classes)
    k : int, default 5

    Returns
    -------
    ndarray of shape (...), float64

    Examples
    --------
    >>> y_pred = np.array([[0.2, 0.5, 0.3], [0.1, 0.5, 0.4]])
    >>> sparse_top_k_categorical_accuracy(np.array([2, 0]), y_pred, k=2)
    array([1., 0.])
    """
    predictions, k = real_predictions(y_pred), integer("k", k, least=1)
    labels = check_labels(as_array("y_true", y_true), predictions.shape, "y_true")
    own = np.take_along_axis(predictions, labels.astype(np.int64)[..., np.newaxis], axis=-1)
    return np.asarray((predictions > own).sum(axis=-1) < k, dtype=np.float64)


@quietly
def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """Return 1.0 where fewer than `k` outputs are higher than the target class's, else 0.0.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., classes)
    k : int, default 5

    Returns
    -------
    ndarray of shape (...), float64

    Examples
    --------
    >>> y_pred = np.array([[0.2, 0.5, 0.3], [0.1, 0.5, 0.4]])
    >>> top_k_categorical_accuracy(np.eye(3)[[2, 0]], y_pred, k=2)
    array([1., 0.])
    """
    targets, predictions = real_arrays(y_true, y_pred)
    return sparse_top_k_categorical_accuracy(targets.argmax(axis=-1), predictions, k)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the cosine of the angle between the two rows, at every position.

    As in Keras, its sign is opposite to that of the loss of this name.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)

    Returns
    -------
    ndarray of shape (...)

    Examples
    --------
    >>> cosine_similarity(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    array([0.9701425 , 0.83205029])
    """
    return -losses.cosine_similarity(y_true, y_pred)
