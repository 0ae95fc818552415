"""Max pooling over all steps."""

from __future__ import annotations

from fastrnn.layers.pooling.base import GlobalPooling
from fastrnn.workspace import Array


class GlobalMaxPooling1D(GlobalPooling):
    """The maximum over all steps: (None, time, features) becomes (None, features).

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    keepdims : bool, default False
        Whether the output is (None, 1, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    As in Keras, a mask is ignored: masked steps are included.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> GlobalMaxPooling1D()(x).shape
    (2, 3)
    """

    _arguments = ("keepdims",)

    def call(self, inputs: Array) -> Array:
        """Return the maxima."""
        largest: Array = inputs.max(axis=1, keepdims=self.keepdims)
        return largest

    def backward(self, gradient: Array, inputs: Array, output: Array) -> Array:
        """Return the gradient at the maxima; equal values share it."""
        batch, _, features = inputs.shape
        same = inputs == output.reshape(batch, 1, features)
        shares: Array = gradient.reshape(batch, 1, features) / same.sum(axis=1, keepdims=True)
        found: Array = same * shares.astype(gradient.dtype)
        return found
