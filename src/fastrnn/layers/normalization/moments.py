"""Mean and variance of a batch, and their part in its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.workspace import Array

#: What Keras adds to a count of steps that may be zero.
EPSILON = 1e-7


class Moments:
    """Mean and variance of the numbers at every place of one axis.

    Parameters
    ----------
    inputs : ndarray
    place : int
        The axis that is left.
    mask : ndarray of shape (batch, time), optional
        Which steps count; all of them if left out.

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
        # Chosen and not multiplied: what pads may be no number.
        read = np.where(counts > 0, inputs, 0)
        mean = read.sum(axis=others, keepdims=True) / total
        variance = (np.square(read - mean) * counts).sum(axis=others, keepdims=True) / total
        self._counts, self._total = counts, total
        self.mean, self.variance = mean.reshape(-1), variance.reshape(-1)

    def backward(self, dnormal: Array, normal: Array) -> Array:
        """Return the gradient by that of the normalized numbers, but for the factor of these."""
        others = self._others
        along = (dnormal * normal).sum(axis=others, keepdims=True) / self._total
        # Zero but for Keras's EPSILON: how far the mean is from where it balances.
        left = (self._counts * normal).sum(axis=others, keepdims=True)
        mean = (dnormal.sum(axis=others, keepdims=True) - along * left) / self._total
        return np.asarray(dnormal - self._counts * (mean + normal * along))
