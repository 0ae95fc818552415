"""Metrics that are means: functions of a position, and a class for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import losses
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.losses.sparse_categorical import check_labels
from fastrnn.losses.targets import real_arrays, real_predictions
from fastrnn.metrics.metric import MeanMetricWrapper, divided
from fastrnn.naming import snake_case
from fastrnn.settings import integer, number

Array = NDArray[Any]


@quietly
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the share of features that are exactly equal, at every position."""
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
    """
    targets, predictions = real_arrays(y_true, y_pred)
    same = predictions.argmax(axis=-1) == targets.argmax(axis=-1)
    return np.asarray(same, dtype=np.float64)


@quietly
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """Return 1.0 where the target is 1 and the output above `threshold`, or 0 and not, else 0.0.

    As in Keras, a target between 0 and 1 is never met.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)
    threshold : float, default 0.5

    Returns
    -------
    ndarray of shape (..., features), float64
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
    """
    targets, predictions = real_arrays(y_true, y_pred)
    return sparse_top_k_categorical_accuracy(targets.argmax(axis=-1), predictions, k)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the cosine of the angle between the two rows, at every position.

    As in Keras it has the other sign than the loss of this name.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)

    Returns
    -------
    ndarray of shape (...)
    """
    return -losses.cosine_similarity(y_true, y_pred)


class MeanOf(MeanMetricWrapper):
    """The mean of a function that stands in the class.

    Parameters
    ----------
    name : str, optional
        That of the class if left out.
    dtype : str, optional
    """

    by_position = True
    harmless: ClassVar[Any] = {
        "axis": ((-1,), "features are on the last axis"),
        "ignore_class": ((None,), "mask what should not count, or give it the weight 0"),
        "from_sorted_ids": ((False,), "predictions are scores of all classes"),
    }
    function: ClassVar[Callable[..., Array]]
    #: Where it is not the class's.
    default_name: ClassVar[str | None] = None

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        name = name or self.default_name or snake_case(type(self).__name__)
        super().__init__(type(self).function, name, dtype, **options)


class Accuracy(MeanOf):
    """How often predictions equal targets exactly.

    In ``compile`` the name "accuracy" chooses one of the following by the shapes instead.
    """

    function = staticmethod(accuracy)


class BinaryAccuracy(MeanOf):
    """How often an output above `threshold` meets a target of 1, and one below a target of 0."""

    function = staticmethod(binary_accuracy)

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype, threshold=number("threshold", threshold))


class CategoricalAccuracy(MeanOf):
    """How often output and one-hot target are highest at the same class."""

    function = staticmethod(categorical_accuracy)


class SparseCategoricalAccuracy(MeanOf):
    """How often the highest output is the label's."""

    function = staticmethod(sparse_categorical_accuracy)


class _TopK(MeanOf):
    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name, dtype, k=integer("k", k, least=1))


class TopKCategoricalAccuracy(_TopK):
    """How often the target's class is among the `k` highest outputs."""

    function = staticmethod(top_k_categorical_accuracy)


class SparseTopKCategoricalAccuracy(_TopK):
    """How often the label is among the `k` highest outputs."""

    function = staticmethod(sparse_top_k_categorical_accuracy)


class MeanSquaredError(MeanOf):
    """Mean of (y_pred − y_true)²."""

    function = staticmethod(losses.mean_squared_error)


class RootMeanSquaredError(MeanOf):
    """Root of the mean of (y_pred − y_true)².

    Examples
    --------
    >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]))
    5.0
    """

    function = staticmethod(losses.mean_squared_error)

    def result(self) -> Any:
        """Return the root of the mean."""
        return np.sqrt(divided(self.total, self.count))[()]


class MeanAbsoluteError(MeanOf):
    """Mean of |y_pred − y_true|."""

    function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(MeanOf):
    """Mean of 100 · |y_pred − y_true| / |y_true|."""

    function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(MeanOf):
    """Mean of (log(1 + y_pred) − log(1 + y_true))²."""

    function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(MeanOf):
    """Mean of log(cosh(y_pred − y_true))."""

    function, default_name = staticmethod(losses.log_cosh), "logcosh"


class CosineSimilarity(MeanOf):
    """Mean cosine of the angle between output and target."""

    function = staticmethod(cosine_similarity)


class KLDivergence(MeanOf):
    """Mean of Σ y_true · log(y_true / y_pred)."""

    function = staticmethod(losses.kl_divergence)


class Poisson(MeanOf):
    """Mean of y_pred − y_true · log(y_pred)."""

    function = staticmethod(losses.poisson)


class Hinge(MeanOf):
    """Mean of max(1 − y_true · y_pred, 0)."""

    function = staticmethod(losses.hinge)


class SquaredHinge(MeanOf):
    """Mean of max(1 − y_true · y_pred, 0)²."""

    function = staticmethod(losses.squared_hinge)


class CategoricalHinge(MeanOf):
    """Mean of max(highest wrong output − right output + 1, 0)."""

    function = staticmethod(losses.categorical_hinge)


class _Smoothed(MeanOf):
    def __init__(
        self,
        name: str | None = None,
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(name, dtype, **options)


class BinaryCrossentropy(_Smoothed):
    """Mean of :func:`fastrnn.losses.binary_crossentropy`."""

    function = staticmethod(losses.binary_crossentropy)


class CategoricalCrossentropy(_Smoothed):
    """Mean of :func:`fastrnn.losses.categorical_crossentropy`."""

    function = staticmethod(losses.categorical_crossentropy)


class SparseCategoricalCrossentropy(MeanOf):
    """Mean of :func:`fastrnn.losses.sparse_categorical_crossentropy`."""

    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self, name: str | None = None, dtype: Any = None, from_logits: bool = False
    ) -> None:
        super().__init__(name, dtype, from_logits=from_logits)
