"""The output layer of the functional API, compiled: softmax, cross entropy and its gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core import activation, loss as loss_core, output as core
from fastrnn._core.layout import padded_copy
from fastrnn._core.memory import padded
from fastrnn._core.recycled import empty
from fastrnn.arguments import (
    Array,
    Gradients,
    Parameters,
    read_cross_entropy,
    read_cross_entropy_backward,
    read_reduction,
    read_softmax,
)

from .layout import features_first, readable_rows
from .typed import typed

_affine_backward = typed(core.affine_backward)
_activate, _cross_entropy = typed(activation.activate), typed(loss_core.softmax_cross_entropy)


def softmax(x: ArrayLike) -> Array:
    """Return exp(x) / Σ exp(x) over axis 0, each column shifted by its own maximum.

    Parameters
    ----------
    x : array_like (n_y, ...)
        Logits, with any number of further axes.

    Returns
    -------
    ndarray, of the shape of ``x``
        Probabilities, a view of memory with axis 0 last: every column sums to 1.  A column that
        holds NaN or +inf, or only -inf, becomes NaN.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not an array of real numbers, or has no axis.

    Examples
    --------
    >>> softmax(np.array([[0.0, 1.0], [0.0, 3.0]])).round(3)
    array([[0.5  , 0.119],
           [0.5  , 0.881]])
    """
    x = read_softmax(x)
    n = x.shape[0]
    rows = padded_copy(x.reshape(n, math.prod(x.shape[1:]), 1))[0]
    _activate[x.dtype]("softmax", rows, n)
    return np.moveaxis(rows[:, :n].reshape(*x.shape[1:], n), -1, 0)


def as_rows(time_major: NDArray[Any]) -> NDArray[Any]:
    """Return a (T, m, n) array as (T m, n)."""
    T, m, n = time_major.shape
    return time_major.reshape(T * m, n)


def cross_entropy(
    y_pred: ArrayLike,
    targets: ArrayLike,
    mask: ArrayLike | None = None,
    reduction: str = "mean",
) -> float:
    """Return the mean of -log y_pred[target] over the positions that count, or the sum.

    Parameters
    ----------
    y_pred : array_like (n_y, m, T_x)
        Probabilities, as the forward functions return them.
    targets : array_like of integers (m, T_x)
        Labels, ``0 <= label < n_y``.
    mask : array_like of booleans (m, T_x), optional
        True at positions that count.  ``y_pred`` and ``targets`` are not read at the others.  All
        positions count if left out.
    reduction : {"mean", "sum"}
        Whether to average or to sum the losses of the positions that count.

    Returns
    -------
    float
        The loss.  It is finite: probabilities below the smallest normal number of their type are
        replaced by that number.  0.0 if no position counts.

    Raises
    ------
    TypeError
        If ``y_pred`` or ``targets`` is not an array of numbers, or ``mask`` not one of booleans.
    ValueError
        If a shape does not fit, a label that counts is a float or outside its range, or `reduction`
        is neither of the two.

    Examples
    --------
    >>> y_pred = np.array([[[0.5, 0.9]], [[0.5, 0.1]]])  # (n_y, m, T_x)
    >>> round(float(cross_entropy(y_pred, np.array([[0, 0]]))), 4)
    0.3993
    """
    is_mean = read_reduction(reduction)
    y_pred, targets, mask = read_cross_entropy(y_pred, targets, mask)
    labels, weights, count = _positions(targets, mask, y_pred.dtype)
    if count == 0:
        return 0.0
    scale = 1 / count if is_mean else 1.0
    return _loss_and_gradient(padded_copy(y_pred), len(y_pred), labels, weights, scale, False)


def cross_entropy_backward(
    y_pred: ArrayLike,
    targets: ArrayLike,
    S: ArrayLike,
    parameters_dict: Parameters,
    mask: ArrayLike | None = None,
    reduction: str = "mean",
) -> Gradients:
    """Return the gradients of :func:`cross_entropy` through softmax and output layer.

    With y = softmax(Wy s + by) and N positions that count, at each of them::

        dlogits = (y - onehot(target)) / N      without / N for the sum
        ds  = Wyᵀ dlogits
        dWy = Σ dlogits sᵀ
        dby = Σ dlogits

    Parameters
    ----------
    y_pred : array_like (n_y, m, T_x)
        Probabilities, as the forward functions return them.
    targets : array_like of integers (m, T_x)
        Labels, ``0 <= label < n_y``.
    S : array_like (n_s, m, T_x)
        The states that ``y_pred`` was computed from.
    parameters_dict : mapping
        Only ``Wy`` (n_y, n_s) is used.
    mask : array_like of booleans (m, T_x), optional
        True at positions that count.  The others and their states are not read, and have no
        gradient.
    reduction : {"mean", "sum"}
        Which loss the gradients are of.

    Returns
    -------
    dict
        ``"ds"`` (n_s, m, T_x), a view of time-major memory, ``"dWy"`` (n_y, n_s), ``"dby"`` (n_y,
        1); zeros if no position counts.

    Raises
    ------
    TypeError, ValueError
        As :func:`cross_entropy`.
    KeyError
        If ``parameters_dict`` has no ``Wy``.

    Examples
    --------
    >>> y_pred = np.array([[[0.5, 0.9]], [[0.5, 0.1]]])  # (n_y, m, T_x)
    >>> S, parameters = np.ones((3, 1, 2)), {"Wy": np.ones((2, 3)), "by": np.zeros((2, 1))}
    >>> gradients = cross_entropy_backward(y_pred, np.array([[0, 0]]), S, parameters)
    >>> gradients["ds"].shape, gradients["dby"].round(3)
    ((3, 1, 2), array([[-0.3],
           [ 0.3]]))
    """
    is_mean = read_reduction(reduction)
    y_pred, targets, S, Wy, mask = read_cross_entropy_backward(
        y_pred, targets, S, parameters_dict, mask
    )
    (n_y, m, T), n_s, dtype = y_pred.shape, len(S), y_pred.dtype
    labels, weights, count = _positions(targets, mask, dtype)
    dlogits, states = padded_copy(y_pred), readable_rows(S)
    if mask is not None and not mask.all():
        # a state that does not count may be NaN, and zero times NaN is not zero
        states = padded_copy(S)
        states[~mask.T] = 0
    scale = 1 / max(count, 1) if is_mean else 1.0
    _loss_and_gradient(dlogits, n_y, labels, weights, scale, True)
    ds = empty((T, m, padded(n_s, dtype)), dtype)
    dWy, dby = np.empty((n_y, n_s), dtype), np.empty((n_y, 1), dtype)
    _affine_backward[dtype](as_rows(dlogits), as_rows(states), Wy, as_rows(ds), dWy, dby[:, 0])
    return {"ds": features_first(ds, n_s), "dWy": dWy, "dby": dby}


def _positions(
    targets: NDArray[np.int64], mask: NDArray[np.bool_] | None, dtype: np.dtype[Any]
) -> tuple[NDArray[np.int64], NDArray[Any] | None, int]:
    """Return the labels of all rows, their weights (None: all 1), and how many count."""
    labels = np.ascontiguousarray(targets.T).ravel()
    if mask is None:
        return labels, None, labels.size
    weights = mask.T.ravel().astype(dtype)
    return labels, weights, int(np.count_nonzero(mask))


def _loss_and_gradient(
    y: Array,
    n_y: int,
    labels: NDArray[np.int64],
    weights: NDArray[Any] | None,
    scale: float,
    gradient: bool,
) -> float:
    """Return the scaled loss; with `gradient` write that at the logits over the probabilities."""
    rows = as_rows(y)
    total = _cross_entropy[y.dtype](rows, n_y, labels, weights, scale, rows if gradient else None)
    return float(total * scale)
