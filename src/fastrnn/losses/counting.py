"""Losses for distributions and counts, and hinge losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.losses.cross_entropy import EPSILON
from fastrnn.losses.formula import FormulaLoss

Array = NDArray[Any]


class KLDivergence(FormulaLoss):
    """Σ y_true · log(y_true / y_pred), both clipped to [1e-7, 1].

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(KLDivergence()(y_true, y_pred)), 4)
    0.367
    """

    name = "kl_divergence"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        targets, outputs = np.clip(y_true, EPSILON, 1), np.clip(y_pred, EPSILON, 1)
        return (targets * np.log(targets / outputs)).sum(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        outputs = np.clip(y_pred, EPSILON, 1)
        return np.where(outputs == y_pred, -np.clip(y_true, EPSILON, 1) / outputs, 0)


class Poisson(FormulaLoss):
    """Mean of y_pred − y_true · log(y_pred + 1e-7).

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(Poisson()(y_true, y_pred)), 4)
    0.6835
    """

    name = "poisson"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return (y_pred - y_true * np.log(y_pred + EPSILON)).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        return (1 - y_true / (y_pred + EPSILON)) / y_pred.shape[-1]


class Hinge(FormulaLoss):
    """Mean of max(1 − y_true · y_pred, 0), for targets −1 and 1; targets 0 and 1 are converted.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(Hinge()(y_true, y_pred)), 4)
    0.8
    """

    name = "hinge"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return np.maximum(1 - _signs(y_true) * y_pred, 0).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        signs = _signs(y_true)
        return np.where(signs * y_pred < 1, -signs, 0) / y_pred.shape[-1]


class SquaredHinge(FormulaLoss):
    """Mean of the square of :class:`Hinge`'s terms.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(SquaredHinge()(y_true, y_pred)), 4)
    0.9
    """

    name = "squared_hinge"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        return np.square(np.maximum(1 - _signs(y_true) * y_pred, 0)).mean(axis=-1)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative."""
        signs = _signs(y_true)
        return -2 * signs * np.maximum(1 - signs * y_pred, 0) / y_pred.shape[-1]


def _signs(y_true: Array) -> Array:
    """Return targets, converted to −1 and 1 if all are 0 or 1, as in Keras."""
    is_binary = ((y_true == 0) | (y_true == 1)).all()
    return np.asarray(2 * y_true - 1) if is_binary else y_true


class CategoricalHinge(FormulaLoss):
    """max(highest wrong output − right output + 1, 0), for one-hot targets.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(CategoricalHinge()(y_true, y_pred)), 4)
    0.6
    """

    name = "categorical_hinge"

    def values(self, y_true: Array, y_pred: Array) -> Any:
        """Return the loss at every position."""
        right = (y_true * y_pred).sum(axis=-1)
        return np.maximum(((1 - y_true) * y_pred).max(axis=-1) - right + 1, 0)

    def slopes(self, y_true: Array, y_pred: Array) -> Any:
        """Return its derivative; equal maxima share it."""
        wrong = (1 - y_true) * y_pred
        highest = wrong == wrong.max(axis=-1, keepdims=True)
        shares = highest / highest.sum(axis=-1, keepdims=True) * (1 - y_true)
        counts = self.values(y_true, y_pred)[:, np.newaxis] > 0
        return np.where(counts, shares - y_true, 0)


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`KLDivergence` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> kl_divergence(y_true, y_pred).round(4)
    array([0.2231, 0.5108])
    """
    return KLDivergence().call(y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`Poisson` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> poisson(y_true, y_pred).round(4)
    array([0.6116, 0.7554])
    """
    return Poisson().call(y_true, y_pred)


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`Hinge` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> hinge(y_true, y_pred).round(4)
    array([0.7, 0.9])
    """
    return Hinge().call(y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`SquaredHinge` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> squared_hinge(y_true, y_pred).round(4)
    array([0.74, 1.06])
    """
    return SquaredHinge().call(y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the loss of :class:`CategoricalHinge` at every position.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> categorical_hinge(y_true, y_pred).round(4)
    array([0.4, 0.8])
    """
    return CategoricalHinge().call(y_true, y_pred)
