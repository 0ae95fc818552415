"""Workspaces that pass their input unchanged, or reversed in time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastrnn.workspace import Array, Signal, Workspace, empty, zeros


class Passing(Workspace):
    """Passes its input unchanged, in the memory of the previous layer.

    Parameters
    ----------
    source : Signal
    mask : ndarray of shape (time, batch), uint8, optional
        Replaces the mask of the source.
    """

    def __init__(self, source: Signal, mask: NDArray[np.uint8] | None = None) -> None:
        self._source = source
        self.features = source.features
        self.mask = source.mask if mask is None else mask
        self.tokens, self.doutput = source.tokens, source.doutput
        self.needs_output = source.needs_output

    @property
    def output(self) -> Array:  # type: ignore[override]
        """The output of the source, read only on use, since reading may compute it."""
        return self._source.output

    def forward(self, training: bool) -> None:
        """Do nothing."""

    def backward(self) -> None:
        """Do nothing: the next layer writes to the gradient of the previous one."""


class Reversed(Workspace):
    """The steps of a sequence and their mask in reverse order.

    Parameters
    ----------
    source : Signal
        Of shape (time, batch, features).
    """

    def __init__(self, source: Signal) -> None:
        self._source = source
        self.features = source.features
        self._dx = source.doutput
        if source.tokens is not None:
            self.tokens = np.empty_like(source.tokens)
        else:
            self.output = empty((*source.output.shape[:-1], source.features), source.output.dtype)
        if source.mask is not None:
            self.mask = np.empty_like(source.mask)
        if self._dx is not None:
            self.doutput = zeros((*self._dx.shape[:-1], source.features), self._dx.dtype)

    def forward(self, training: bool) -> None:
        """Copy the steps in reverse order."""
        source = self._source
        if source.tokens is not None:
            assert self.tokens is not None
            np.copyto(self.tokens, source.tokens[::-1])
        else:
            np.copyto(self.output, source.output[::-1])
        if source.mask is not None:
            assert self.mask is not None
            np.copyto(self.mask, source.mask[::-1])

    def backward(self) -> None:
        """Copy the gradient in the original order of the steps."""
        if self._dx is not None:
            assert self.doutput is not None
            np.copyto(self._dx, self.doutput[::-1])
