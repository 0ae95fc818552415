"""What a training reports beside its loss.

``"accuracy"`` is the share of positions that are right.  What right means depends on the targets:
the label has the highest output, the highest of a one-hot row has it, or, for independent yes-or-no
outputs, both lie on the same side of one half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import losses
from fastrnn._core import output as core
from fastrnn.losses.binary import BinaryCrossentropy
from fastrnn.losses.loss import Head, real_arrays, real_predictions
from fastrnn.losses.sparse_categorical import LabelHead, check_labels

__all__ = [
    "Metric",
    "binary_accuracy",
    "categorical_accuracy",
    "get",
    "sparse_categorical_accuracy",
]

Array = NDArray[Any]
Function = Callable[[Array, Array], ArrayLike]


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
    labels = check_labels(np.asarray(y_true), predictions.shape, "y_true")
    return np.asarray(predictions.argmax(axis=-1) == labels, dtype=np.float64)


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


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """Return the share of features where output and target agree about being above `threshold`.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)
    threshold : float, default 0.5

    Returns
    -------
    ndarray of shape (...), float64
    """
    targets, predictions = real_arrays(y_true, y_pred)
    return np.asarray(((predictions > threshold) == (targets > threshold)).mean(axis=-1))


class Metric:
    """A metric of ``compile``: a name, and a function of a batch.

    Parameters
    ----------
    name : str
        What logs and the history call it.
    function : callable or None
        Takes targets and predictions, batch first, and returns a value a position (or their mean).
        None is accuracy, which is computed in the model's own memory.
    """

    def __init__(self, name: str, function: Function | None) -> None:
        self.name = name
        self.function = function

    @property
    def is_named(self) -> bool:
        """Whether the name alone says what it is, so that a file may hold it."""
        try:
            return _get_one(self.name).function == self.function
        except ValueError:
            return False

    def bind(self, loss: losses.Loss, head: Head) -> Callable[[], float]:
        """Return a function of no arguments: the mean over the batch that `head` holds."""
        if self.function is not None:
            return _OnArrays(self.function, head)
        if isinstance(head, LabelHead):
            return _LabelAccuracy(head)
        if isinstance(loss, BinaryCrossentropy) or head.features == 1:
            return lambda: float(binary_accuracy(head.targets, head.output).mean())
        return lambda: float(categorical_accuracy(head.targets, head.output).mean())


class _LabelAccuracy:
    def __init__(self, head: Head) -> None:
        self._head = head

    def __call__(self) -> float:
        head = self._head
        right = core.count_correct(head.rows, head.features, head.targets, None)
        return float(right) / len(head.targets)


class _OnArrays:
    """Hands a user's function what it expects: arrays with the batch first."""

    def __init__(self, function: Function, head: Head) -> None:
        self._function = function
        self._head = head
        self._positions = head.last.output.shape[:-1]

    def __call__(self) -> float:
        values = self._function(
            self._batch_first(self._head.targets), self._batch_first(self._head.output)
        )
        return float(np.mean(np.asarray(values, dtype=np.float64)))

    def _batch_first(self, rows: Array) -> Array:
        array = rows.reshape(*self._positions, *rows.shape[1:])
        if len(self._positions) == 2:
            array = array.swapaxes(0, 1)
        return np.array(array, order="C")


_FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (sparse_categorical_accuracy, categorical_accuracy, binary_accuracy)
}


def get(identifiers: Sequence[str | Function | Metric] | str | Function | None) -> list[Metric]:
    """Return the metrics that the `metrics` argument of ``compile`` names.

    Parameters
    ----------
    identifiers : sequence of str, callable or Metric, or one of them
        ``"accuracy"`` or ``"acc"``, a function or its name from this module or
        :mod:`fastrnn.losses`, or a function of one's own of targets and predictions.

    Raises
    ------
    ValueError
        If there is none of that name, or two share one.
    TypeError
        If one is neither a name nor a function.
    """
    if identifiers is None:
        return []
    if isinstance(identifiers, str) or callable(identifiers):
        identifiers = [identifiers]
    metrics = [_get_one(identifier) for identifier in identifiers]
    names = [metric.name for metric in metrics]
    for name in names:
        if name == "loss" or names.count(name) > 1:
            raise ValueError(f"metrics would report {name!r} twice; every name should differ")
    return metrics


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
