"""Average pooling over windows of steps."""

from __future__ import annotations

import numpy as np

from fastrnn.layers.pooling.base import Pooling
from fastrnn.workspace import Array


class AveragePooling1D(Pooling):
    """Average pooling: the mean of every window, over the steps within the sequence.

    Parameters are those of :class:`MaxPooling1D`; the output has no mask either.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> AveragePooling1D(2)(x).shape
    (2, 5, 3)
    """

    def call(self, inputs: Array) -> Array:
        """Return the means over the steps within the sequence."""
        total: Array = self._windows.of(inputs).sum(axis=-1)
        return total / self._counts(inputs)

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient, divided equally over the steps of a window."""
        shares = (gradient / self._counts(inputs))[:, :, np.newaxis]
        shape = (*gradient.shape[:2], self.pool_size, gradient.shape[2])
        return self._windows.add_up(np.broadcast_to(shares, shape), inputs.shape[1])

    def _counts(self, inputs: Array) -> Array:
        counts: Array = self._windows.of(np.ones((1, inputs.shape[1], 1), inputs.dtype)).sum(
            axis=-1
        )
        return counts
