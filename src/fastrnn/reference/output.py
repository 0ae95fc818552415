"""The output layer: softmax over the classes, and the cross entropy with its gradients."""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    Array,
    Gradients,
    Parameters,
    read_cross_entropy,
    read_cross_entropy_backward,
    read_reduction,
    read_softmax,
)
from fastrnn.arithmetic import quietly


@np.errstate(all="ignore")
@quietly
def softmax(x: ArrayLike) -> Array:
    """Return exp(x) / sum(exp(x)), the sum running over the first axis.

    Each column's own maximum is subtracted first, which changes nothing but keeps exp from
    overflowing, however far apart the columns are.

    Parameters
    ----------
    x : array_like (n_y, ...)
        Logits, with any number of further axes.

    Returns
    -------
    ndarray, of the shape of ``x``
        Probabilities: every column sums to 1.  A column that holds NaN or +inf, or only -inf,
        becomes NaN.

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
    exponentials = np.exp(x - x.max(axis=0, initial=-np.inf))
    probabilities: Array = exponentials / exponentials.sum(axis=0)
    return probabilities


@np.errstate(all="ignore")
@quietly
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
    counts = np.ones(targets.shape, bool) if mask is None else mask
    if not counts.any():
        return 0.0
    picked = np.take_along_axis(y_pred, targets[np.newaxis], axis=0)[0]
    smallest = np.finfo(y_pred.dtype).tiny
    losses = -np.log(np.maximum(picked, smallest))
    reduce = np.mean if is_mean else np.sum
    return float(reduce(losses, where=counts, dtype=np.float64))


@np.errstate(all="ignore")
@quietly
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

    The lower bound that the loss puts on probabilities is left out of the gradient, so that a
    prediction that is sure and wrong keeps its gradient.

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
        ``"ds"`` (n_s, m, T_x), ``"dWy"`` (n_y, n_s), ``"dby"`` (n_y, 1); zeros if no position
        counts.

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
    counts = np.ones(targets.shape, bool) if mask is None else mask
    labels, states = targets[counts], S[:, counts]  # (N,) and (n_s, N)
    dlogits = y_pred[:, counts]  # (n_y, N)
    dlogits[labels, np.arange(labels.size)] -= 1
    if is_mean:
        dlogits /= max(labels.size, 1)

    ds = np.zeros_like(S)
    ds[:, counts] = Wy.T @ dlogits
    return {"ds": ds, "dWy": dlogits @ states.T, "dby": dlogits.sum(axis=1, keepdims=True)}
