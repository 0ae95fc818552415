"""A sequence as one row of features."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape
from fastrnn.workspace import Signal, Workspace, empty, zeros


class GlobalAveragePooling1D(Layer):
    """The mean over the steps that count: (None, time, features) becomes (None, features).

    Where no step counts it is zero.

    Parameters
    ----------
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` without the time."""
        if len(input_shape) != 3:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; "
                "it should be (None, time, features)"
            )
        return (input_shape[0], input_shape[2])

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _AverageWorkspace(source, training)


class _AverageWorkspace(Workspace):
    """A weight for every step, one divided by how many count, makes sums of means."""

    needs_output = False

    def __init__(self, source: Signal, training: bool) -> None:
        self._source = source
        self.features = source.features
        steps, batch = source.output.shape[:2]
        dtype: np.dtype[Any] = source.output.dtype
        self._mask = source.mask
        self._shares = np.full((steps, batch, 1), 1 / steps, dtype)
        self._weighted = np.empty((steps, batch, self.features), dtype)
        self.output = empty((batch, self.features), dtype)
        if training:
            self.doutput = zeros((batch, self.features), dtype)

    def forward(self, training: bool) -> None:
        n = self.features
        if self._mask is not None:
            np.not_equal(self._mask[..., np.newaxis], 0, out=self._shares)
            self._shares /= np.maximum(self._shares.sum(axis=0, keepdims=True), 1)
        np.multiply(self._source.output[..., :n], self._shares, out=self._weighted)
        if self._mask is not None:
            np.copyto(self._weighted, 0, where=self._shares == 0)
        self._weighted.sum(axis=0, out=self.output[:, :n])

    def backward(self) -> None:
        dx = self._source.doutput
        if dx is not None:
            assert self.doutput is not None
            n = self.features
            np.multiply(self._shares, self.doutput[:, :n], out=dx[..., :n])
