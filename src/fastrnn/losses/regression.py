"""Regression losses: absolute, relative, robust, and cosine."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.losses.cross_entropy import EPSILON
from fastrnn.losses.formula import FormulaLoss
from fastrnn.settings import number

Array = NDArray[Any]


class MeanAbsoluteError(FormulaLoss):
    """Mean of |y_pred − y_true|.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(MeanAbsoluteError()(y_true, y_pred)), 4)
    0.3
    """

    name = "mean_absolute_error"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return np.abs(y_pred - y_true).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        return np.sign(y_pred - y_true) / y_pred.shape[-1]


class MeanAbsolutePercentageError(FormulaLoss):
    """Mean of 100 · |y_pred − y_true| / |y_true|; the divisor is at least 1e-7.

    Examples
    --------
    >>> y_true, y_pred = np.array([[1.0, 2.0], [4.0, 5.0]]), np.array([[1.1, 2.0], [3.0, 5.0]])
    >>> round(float(MeanAbsolutePercentageError()(y_true, y_pred)), 4)
    8.75
    """

    name = "mean_absolute_percentage_error"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        divisors = np.maximum(np.abs(y_true), EPSILON)
        return 100 * np.abs((y_true - y_pred) / divisors).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        divisors = np.maximum(np.abs(y_true), EPSILON)
        return 100 / y_pred.shape[-1] * np.sign(y_pred - y_true) / divisors


class MeanSquaredLogarithmicError(FormulaLoss):
    """Mean of (log(1 + y_pred) − log(1 + y_true))²; numbers below 1e-7 are clipped.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(MeanSquaredLogarithmicError()(y_true, y_pred)), 4)
    0.0518
    """

    name = "mean_squared_logarithmic_error"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return np.square(_logarithms(y_pred) - _logarithms(y_true)).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        differences = _logarithms(y_pred) - _logarithms(y_true)
        slopes = 2 / y_pred.shape[-1] * differences / (np.maximum(y_pred, EPSILON) + 1)
        return np.where(y_pred > EPSILON, slopes, 0)


def _logarithms(y: Array) -> Array:
    return np.asarray(np.log(np.maximum(y, EPSILON) + 1))


class Huber(FormulaLoss):
    """Mean of half the squared error up to `delta`, and linear beyond it.

    Parameters
    ----------
    delta : float, default 1

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(Huber()(y_true, y_pred)), 4)
    0.05
    """

    name = "huber"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: Any = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.delta = number("delta", delta, above=0)

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        errors, delta = np.abs(y_pred - y_true), self.delta
        inside = 0.5 * np.square(errors)
        return np.where(errors <= delta, inside, delta * errors - 0.5 * delta**2).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        return np.clip(y_pred - y_true, -self.delta, self.delta) / y_pred.shape[-1]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this loss."""
        return {**super().get_config(), "delta": self.delta}


class LogCosh(FormulaLoss):
    """Mean of log(cosh(y_pred − y_true)).

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(LogCosh()(y_true, y_pred)), 4)
    0.0489
    """

    name = "log_cosh"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        errors = np.abs(y_pred - y_true)
        return (errors + np.log1p(np.exp(-2 * errors)) - math.log(2)).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        return np.tanh(y_pred - y_true) / y_pred.shape[-1]


class CosineSimilarity(FormulaLoss):
    """Minus the cosine similarity of the two rows: −1 for equal directions.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(CosineSimilarity()(y_true, y_pred)), 4)
    -0.9011
    """

    name = "cosine_similarity"
    broadcasts = False  # lengths are of all features

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return -(y_true * _inverse_norms(y_true) * (y_pred * _inverse_norms(y_pred))).sum(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        inverse = _inverse_norms(y_pred)
        aims, directions = y_true * _inverse_norms(y_true), y_pred * inverse
        along = (aims * directions).sum(axis=-1, keepdims=True) * directions
        # The gradient is zero for rows of nearly zero length.
        return np.where(inverse < 1 / EPSILON, along - aims, -aims) * inverse


def _inverse_norms(y: Array) -> Array:
    norms = np.sqrt(np.square(y).sum(axis=-1, keepdims=True))
    return np.asarray(np.minimum(1 / norms, 1 / EPSILON))


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`MeanAbsoluteError` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> mean_absolute_error(y_true, y_pred).round(4)
    array([0.2, 0.4])
    """
    return MeanAbsoluteError().call(y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`MeanAbsolutePercentageError` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[1.0, 2.0], [4.0, 5.0]]), np.array([[1.1, 2.0], [3.0, 5.0]])
    >>> mean_absolute_percentage_error(y_true, y_pred).round(4)
    array([ 5. , 12.5])
    """
    return MeanAbsolutePercentageError().call(y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`MeanSquaredLogarithmicError` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> mean_squared_logarithmic_error(y_true, y_pred).round(4)
    array([0.0222, 0.0815])
    """
    return MeanSquaredLogarithmicError().call(y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Array:
    """Return the loss of :class:`Huber` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> huber(y_true, y_pred).round(4)
    array([0.02, 0.08])
    """
    return Huber(delta).call(y_true, y_pred)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`LogCosh` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> log_cosh(y_true, y_pred).round(4)
    array([0.0199, 0.078 ])
    """
    return LogCosh().call(y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`CosineSimilarity` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> cosine_similarity(y_true, y_pred).round(4)
    array([-0.9701, -0.8321])
    """
    return CosineSimilarity().call(y_true, y_pred)
