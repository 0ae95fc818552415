"""Zeros at masked steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastrnn.workspace import Signal, Workspace, zeros


class Masked(Workspace):
    """Sets masked steps to zero, by a given mask, or one that a subclass computes.

    Parameters
    ----------
    source : Signal
    mask : ndarray of shape (time, batch), uint8, optional
    """

    def __init__(self, source: Signal, mask: NDArray[np.uint8] | None = None) -> None:
        self.source = source
        self.features = source.features
        shape = (*source.output.shape[:-1], source.features)
        self.output = zeros(shape, source.output.dtype)
        self.mask = np.ones(shape[:-1], np.uint8) if mask is None else mask
        self._counts = self.mask.view(np.bool_)
        if source.doutput is not None:
            self.doutput = zeros(shape, source.output.dtype)

    def forward(self, training: bool) -> None:
        """Copy the unmasked steps."""
        # Copied and not multiplied, since padding may be infinite or NaN.
        n = self.features
        self.output.fill(0)
        np.copyto(self.output[..., :n], self.source.output[..., :n], where=self._counts[..., None])

    def backward(self) -> None:
        """Copy the gradient of the unmasked steps."""
        dx = self.source.doutput
        if dx is not None:
            assert self.doutput is not None
            n = self.features
            dx.fill(0)
            np.copyto(dx[..., :n], self.doutput[..., :n], where=self._counts[..., None])
