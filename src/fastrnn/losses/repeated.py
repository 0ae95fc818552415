"""An output of one feature, as it is compared with several targets."""

from __future__ import annotations

import numpy as np

from fastrnn.workspace import Signal


class Repeated(Signal):
    """An output of one feature, so many times side by side.

    Parameters
    ----------
    source : Signal
    features : int
    """

    def __init__(self, source: Signal, features: int) -> None:
        self._source = source
        self.features, self.mask = features, source.mask
        shape = (*source.output.shape[:-1], features)
        self.output = np.zeros(shape, source.output.dtype)
        if source.doutput is not None:
            self.doutput = np.zeros(shape, source.output.dtype)

    def show(self) -> None:
        """Repeat what the source has put out."""
        np.copyto(self.output, self._source.output[..., :1])

    def hand_back(self) -> None:
        """Add up the gradients of all, which is that of the one output."""
        if self.doutput is not None and self._source.doutput is not None:
            np.sum(self.doutput, axis=-1, out=self._source.doutput[..., 0])
