"""Mean and variance of a batch, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.workspace import Array

#: Added by Keras to the number of unmasked steps, which may be zero.
EPSILON = 1e-7


class Moments:
    """Mean and variance over all axes but one.

    Parameters
    ----------
    inputs : ndarray
    place : int
        The axis that is kept.
    mask : ndarray of shape (batch, time), optional
        Mask of the steps; all are used if left out.

    Attributes
    ----------
    mean, variance : ndarray of shape (inputs.shape[place],)
    """

    def __init__(self, inputs: Array, place: int, mask: Any) -> None:
        self._others = others = tuple(axis for axis in range(inputs.ndim) if axis != place)
        self._counts: Any = 1
        self._total: Any = inputs.size // inputs.shape[place]
        if mask is None:
            self.mean, self.variance = inputs.mean(axis=others), inputs.var(axis=others)
            return
        counts = mask.reshape(mask.shape + (1,) * (inputs.ndim - mask.ndim)).astype(inputs.dtype)
        counts = np.broadcast_to(counts, inputs.shape)
        total = counts.sum(axis=others, keepdims=True) + inputs.dtype.type(EPSILON)
        # Selected and not multiplied, since padding may be NaN.
        read = np.where(counts > 0, inputs, 0)
        mean = read.sum(axis=others, keepdims=True) / total
        variance = (np.square(read - mean) * counts).sum(axis=others, keepdims=True) / total
        self._counts, self._total = counts, total
        self.mean, self.variance = mean.reshape(-1), variance.reshape(-1)

    def backward(self, dnormal: Array, normal: Array) -> Array:
        """Return the gradient of the inputs, given that of the normalized values, unscaled."""
        others = self._others
        along = (dnormal * normal).sum(axis=others, keepdims=True) / self._total
        # Zero except for Keras's EPSILON: the deviation of the mean from the exact one.
        left = (self._counts * normal).sum(axis=others, keepdims=True)
        mean = (dnormal.sum(axis=others, keepdims=True) - along * left) / self._total
        return np.asarray(dnormal - self._counts * (mean + normal * along))
