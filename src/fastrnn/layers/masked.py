"""Zeros at the steps that a mask leaves out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastrnn.workspace import Signal, Workspace, zeros


class Masked(Workspace):
    """Zeros where a mask says so: that which is given, or one that a subclass fills.

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
        """Copy the steps that count."""
        # Copied and not multiplied: what pads may be infinite, or no number.
        n = self.features
        self.output.fill(0)
        np.copyto(self.output[..., :n], self.source.output[..., :n], where=self._counts[..., None])

    def backward(self) -> None:
        """Copy the gradient of the steps that count."""
        dx = self.source.doutput
        if dx is not None:
            assert self.doutput is not None
            n = self.features
            dx.fill(0)
            np.copyto(dx[..., :n], self.doutput[..., :n], where=self._counts[..., None])
