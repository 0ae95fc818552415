"""The mean squared error."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.arithmetic import quietly
from fastrnn.losses.head import DenseTargets, Head
from fastrnn.losses.loss import Loss
from fastrnn.losses.targets import check_dense_targets, real_arrays
from fastrnn.workspace import Signal

Array = NDArray[Any]


@quietly
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Return the mean of (y_pred − y_true)² over the features, at every position.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., features)

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError
        If NumPy would not broadcast the shapes.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> mean_squared_error(y_true, y_pred).round(4)
    array([0.04, 0.16])
    """
    targets, predictions = real_arrays(y_true, y_pred, broadcasts=True)
    return np.asarray(np.square(predictions - targets).mean(axis=-1))


class MeanSquaredError(Loss):
    """Mean of :func:`mean_squared_error` over all positions.

    Parameters
    ----------
    reduction, name :
        See :class:`~fastrnn.losses.Loss`.

    Examples
    --------
    >>> y_true, y_pred = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.2, 0.8], [0.6, 0.4]])
    >>> round(float(MeanSquaredError()(y_true, y_pred)), 4)
    0.1
    """

    name = "mean_squared_error"
    broadcasts = True

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = None) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """Return the loss at every position."""
        return mean_squared_error(y_true, y_pred)

    def check_targets(self, y: Array, output_shape: tuple[int, ...], argument: str) -> Array:
        """Return targets of the shape of the output, or say what is wrong with them."""
        return check_dense_targets(y, output_shape, argument, self.broadcasts)

    def head(self, last: Signal) -> Head:
        """Return the head of this loss for the output `last` of a workspace."""
        return _SquaredErrorHead(last)


class _SquaredErrorHead(DenseTargets):
    def __init__(self, last: Signal) -> None:
        super().__init__(last)
        self._difference = np.empty_like(self.targets)

    def run(self, training: bool) -> float:
        difference = self._difference
        np.subtract(self.output, self.targets, out=difference)
        if training:
            assert self.gradient is not None
            np.multiply(difference, 2, out=self.gradient)
            self.average(self.gradient, self.features)
        np.square(difference, out=difference)
        return self.total(difference) / self.features
