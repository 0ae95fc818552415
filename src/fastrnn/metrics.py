"""What a training reports beside its loss.

``"accuracy"`` is the share of positions that are right.  What right means depends on the shapes, as
in Keras 3, and not on the loss: a single output above one half says 1, and is right where the
target is exactly that; with several, the highest is right where the label is, or the highest number
of the targets.  Accuracy says nothing of a regression, and little of several yes-or-no outputs: ask
for ``"binary_accuracy"`` there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import losses
from fastrnn._core import loss as core
from fastrnn._names import names_of
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.losses.loss import Head, real_arrays, real_predictions
from fastrnn.losses.sparse_categorical import LabelHead, check_labels

__all__ = [
    "Metric",
    "binary_accuracy",
    "categorical_accuracy",
    "cosine_similarity",
    "get",
    "sparse_categorical_accuracy",
]

Array = NDArray[Any]
Function = Callable[[Array, Array], ArrayLike]


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


class Metric:
    """A metric of ``compile``: a name, and a function of a batch.

    Parameters
    ----------
    name : str
        What logs and the history call it.
    function : callable or None
        Takes targets and predictions, batch first, and returns a value a position (or their mean).
        None is accuracy, which is computed in the model's own memory.
    is_weighted : bool, default False
        Whether the weights of the samples count.  Masks always do, but for a function that returns
        a mean.
    """

    def __init__(self, name: str, function: Function | None, is_weighted: bool = False) -> None:
        self.name = name
        self.function = function
        self.is_weighted = is_weighted

    @property
    def stem(self) -> str:
        """The name without what :func:`get` may have put before it."""
        return self.name.removeprefix("weighted_") if self.is_weighted else self.name

    @property
    def is_named(self) -> bool:
        """Whether the name alone says what it is, so that a file may hold it."""
        try:
            return _get_one(self.stem).function == self.function
        except ValueError:
            return False

    def bind(self, loss: losses.Loss, head: Head) -> Callable[[], tuple[float, float]]:
        """Return a function of no arguments that measures the batch that `head` holds.

        It returns the sum over the positions that count, and of their weights.
        """
        if self.function is not None:
            return _OnArrays(self.function, head, self.is_weighted)
        if head.features == 1:
            return _OnRows(binary_accuracy, head, self.is_weighted)
        if isinstance(head, LabelHead):
            return _LabelAccuracy(head, self.is_weighted)
        return _OnRows(categorical_accuracy, head, self.is_weighted)


class _Bound:
    """A metric that measures what a head holds."""

    def __init__(self, head: Head, is_weighted: bool) -> None:
        self._head = head
        self._is_weighted = is_weighted

    def _weights(self) -> tuple[Array | None, float]:
        """Return the weight of every row, None for one, and the sum."""
        head = self._head
        if not self._is_weighted:
            return head.mask, head.counted
        if head.weights is None:
            return None, head.counted
        return head.weights, float(head.weights.sum(dtype=np.float64))


class _LabelAccuracy(_Bound):
    def __init__(self, head: Head, is_weighted: bool) -> None:
        super().__init__(head, is_weighted)
        self._partial_sums = np.empty(core.loss_blocks(len(head.targets)))

    def __call__(self) -> tuple[float, float]:
        head = self._head
        weights, count = self._weights()
        correct = core.count_correct(
            head.rows, head.features, head.targets, weights, self._partial_sums
        )
        return float(correct), count


class _OnRows(_Bound):
    def __init__(self, function: Function, head: Head, is_weighted: bool) -> None:
        super().__init__(head, is_weighted)
        self._function = function

    def __call__(self) -> tuple[float, float]:
        weights, count = self._weights()
        values = np.asarray(self._function(self._head.targets, self._head.output))
        return _sum(values.mean(axis=-1) if values.ndim == 2 else values, weights), count


class _OnArrays(_Bound):
    """Hands a user's function what it expects: arrays with the batch first."""

    def __init__(self, function: Function, head: Head, is_weighted: bool) -> None:
        super().__init__(head, is_weighted)
        self._function = function
        self._positions = head.last.output.shape[:-1]

    def __call__(self) -> tuple[float, float]:
        targets = self._batch_first(self._head.targets)
        values = np.asarray(
            self._function(targets, self._batch_first(self._head.output)), dtype=np.float64
        )
        weights, count = self._weights()
        if weights is None:
            return float(np.mean(values)) * count, count
        by_position = self._batch_first(weights)
        if values.shape[:-1] == by_position.shape:
            values = values.mean(axis=-1)  # a value a feature
        if values.shape != by_position.shape:
            # A mean of its own: of what, it alone knows.
            return float(np.mean(values)) * count, count
        return _sum(values, by_position), count

    def _batch_first(self, rows: Array) -> Array:
        array = rows.reshape(*self._positions, *rows.shape[1:])
        if len(self._positions) > 1:
            array = array.swapaxes(0, 1)
        return np.array(array, order="C")


def _sum(values: Array, weights: Array | None) -> float:
    """Return the sum of values times weights; what has no weight may be no number."""
    if weights is None:
        return float(values.sum(dtype=np.float64))
    return float(np.where(weights != 0, values * weights, 0).sum(dtype=np.float64))


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


_FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (
        sparse_categorical_accuracy,
        categorical_accuracy,
        binary_accuracy,
        cosine_similarity,
    )
}


Identifier = str | Function | Metric


def get(
    identifiers: Sequence[Identifier] | Identifier | None,
    weighted: Sequence[Identifier] | Identifier | None = None,
) -> list[Metric]:
    """Return the metrics that the `metrics` argument of ``compile`` names.

    Parameters
    ----------
    identifiers : sequence of str, callable or Metric, or one of them
        ``"accuracy"`` or ``"acc"``, a function or its name from this module or
        :mod:`fastrnn.losses`, or a function of one's own of targets and predictions.
    weighted : the same, optional
        Those for which the weights of the samples count.  One that is among `identifiers` too is
        reported with ``weighted_`` before its name.

    Raises
    ------
    ValueError
        If there is none of that name, or two share one.
    TypeError
        If one is neither a name nor a function.
    """
    metrics = [_get_one(identifier) for identifier in _listed(identifiers)]
    names = [metric.name for metric in metrics]
    for identifier in _listed(weighted):
        metric = _get_one(identifier)
        name = f"weighted_{metric.name}" if metric.name in names else metric.name
        metrics.append(Metric(name, metric.function, is_weighted=True))
    names = [metric.name for metric in metrics]
    for name in names:
        if name == "loss" or names.count(name) > 1:
            raise ValueError(f"metrics would report {name!r} twice; every name should differ")
    return metrics


def _listed(identifiers: Sequence[Identifier] | Identifier | None) -> list[Identifier]:
    if identifiers is None:
        return []
    if isinstance(identifiers, (str, Metric)) or callable(identifiers):
        return [identifiers]
    return list(identifiers)


def _get_one(identifier: str | Function | Metric) -> Metric:
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        if identifier in ("accuracy", "acc"):
            return Metric(identifier, None)
        if identifier in _FUNCTIONS:
            return Metric(identifier, _FUNCTIONS[identifier])
        try:
            return Metric(identifier, losses.get(identifier).call)
        except ValueError:
            raise ValueError(
                f"metric is {identifier!r}; it should be 'accuracy', one of {sorted(_FUNCTIONS)}, "
                "or the name of a loss"
            ) from None
    if callable(identifier):
        return Metric(getattr(identifier, "__name__", type(identifier).__name__), identifier)
    raise TypeError(
        f"metric is of type {type(identifier).__name__}; it should be a name or a function"
    )


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
