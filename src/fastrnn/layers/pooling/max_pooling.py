"""Max pooling over windows of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.pooling.base import Pooling
from fastrnn.workspace import Array


class MaxPooling1D(Pooling):
    """Max pooling: the maximum of every window of steps, for each feature.

    Parameters
    ----------
    pool_size : int, default 2
        Steps of a window.
    strides : int, optional
        Distance between the starts of windows; `pool_size` if left out.
    padding : {"valid", "same"}
        Whether windows lie within the sequence, or may extend beyond its ends.
    data_format : {"channels_last"}, optional
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask, as in Keras.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> MaxPooling1D(2)(x).shape
    (2, 5, 3)
    """

    def call(self, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the maximum of every window."""
        windows = self._windows.of(inputs, -np.inf)
        kept["places"] = places = windows.argmax(axis=-1)[..., np.newaxis]
        return np.take_along_axis(windows, places, axis=-1)[..., 0]

    def backward(self, gradient: Array, inputs: Array, kept: dict[str, Any]) -> Array:
        """Return the gradient at the first maximum of every window."""
        dwindows = np.zeros((*gradient.shape, self.pool_size), gradient.dtype)
        np.put_along_axis(dwindows, kept["places"], gradient[..., np.newaxis], axis=-1)
        return self._windows.add_up(dwindows.swapaxes(2, 3), inputs.shape[1])
