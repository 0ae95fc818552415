"""The mean of every window of steps."""

from __future__ import annotations

import numpy as np

from fastrnn.layers.pooling.base import Pooling
from fastrnn.workspace import Array


class AveragePooling1D(Pooling):
    """The mean of every window of steps, of those that lie within the sequence.

    Parameters are those of :class:`MaxPooling1D`; a mask ends here too.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> AveragePooling1D(2)(x).shape
    (2, 5, 3)
    """

    def call(self, inputs: Array) -> Array:
        """Return the mean of what lies within the sequence."""
        total: Array = self._windows.of(inputs).sum(axis=-1)
        return total / self._counts(inputs)

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return equal shares of the gradient."""
        shares = (gradient / self._counts(inputs))[:, :, np.newaxis]
        shape = (*gradient.shape[:2], self.pool_size, gradient.shape[2])
        return self._windows.add_up(np.broadcast_to(shares, shape), inputs.shape[1])

    def _counts(self, inputs: Array) -> Array:
        counts: Array = self._windows.of(np.ones((1, inputs.shape[1], 1), inputs.dtype)).sum(
            axis=-1
        )
        return counts
