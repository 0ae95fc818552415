"""Average pooling over all unmasked steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.pooling.base import GlobalPooling
from fastrnn.workspace import Signal, Workspace, as_rows, empty, zeros


class GlobalAveragePooling1D(GlobalPooling):
    """The mean over the unmasked steps: (None, time, features) becomes (None, features).

    If all steps are masked, it is zero.

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    keepdims : bool, default False
        Whether the output is (None, 1, features).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> GlobalAveragePooling1D()(x).shape
    (2, 3)
    """

    supports_masking = True

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return False: the output has no steps."""
        return False

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _AverageWorkspace(source, training, self.keepdims)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        config = super().get_config()
        # Only if it differs from the default, so that earlier versions can read the files.
        return {**config, "keepdims": True} if self.keepdims else config


class _AverageWorkspace(Workspace):
    """Computes means as sums with a weight for every step: 1 / number of unmasked steps."""

    needs_output = False

    def __init__(self, source: Signal, training: bool, keepdims: bool = False) -> None:
        self._source = source
        self.features = source.features
        steps, batch = source.output.shape[:2]
        dtype: np.dtype[Any] = source.output.dtype
        self._mask = source.mask
        self._shares = np.full((steps, batch, 1), 1 / steps, dtype)
        self._weighted = np.empty((steps, batch, self.features), dtype)
        shape = (1, batch, self.features) if keepdims else (batch, self.features)
        self.output = empty(shape, dtype)
        self._mean = as_rows(self.output)
        if training:
            self.doutput = zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        n = self.features
        if self._mask is not None:
            np.not_equal(self._mask[..., np.newaxis], 0, out=self._shares)
            self._shares /= np.maximum(self._shares.sum(axis=0, keepdims=True), 1)
        np.multiply(self._source.output[..., :n], self._shares, out=self._weighted)
        if self._mask is not None:
            np.copyto(self._weighted, 0, where=self._shares == 0)
        self._weighted.sum(axis=0, out=self._mean[:, :n])

    def backward(self) -> None:
        dx = self._source.doutput
        if dx is not None:
            assert self.drows is not None
            n = self.features
            np.multiply(self._shares, self.drows[:, :n], out=dx[..., :n])
