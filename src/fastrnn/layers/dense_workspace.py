"""The buffers of an affine layer."""

from __future__ import annotations

import numpy as np

from fastrnn import activations
from fastrnn._core import output as core
from fastrnn.layers.affine import Affine
from fastrnn.workspace import Applied, Signal, Workspace, as_rows, empty, rows_reached, zeros


class DenseWorkspace(Workspace):
    """Computes the rows up to the last unmasked step; rows after it are zero."""

    def __init__(self, layer: Affine, source: Signal, training: bool) -> None:
        self.source = source
        kernel = layer.parameter("kernel")
        self.features = kernel.value.shape[1]
        self.mask = source.mask
        self.needs_output = layer.activation is not activations.LINEAR
        shape = (*source.output.shape[:-1], self.features)
        self.output = empty(shape, layer.dtype)
        self._x, self._y = as_rows(source.output), as_rows(self.output)

        self._w = kernel.value.T
        self._b = layer.bias_or_zeros()
        if training:
            self.doutput = zeros(shape, layer.dtype)
            self._dy, self._dx = as_rows(self.doutput), source.drows
            self._dw = kernel.gradient.T
            self._db = (
                layer.parameter("bias").gradient if layer.use_bias else np.empty_like(self._b)
            )
        self._steps = Applied(layer.activation, self._y, self.drows, self.features)
        self.applied = self._steps

    def forward(self, training: bool) -> None:
        """Compute the output."""
        rows = self._reached = rows_reached(self.mask, len(self._y))
        y = self._y[:rows]
        core.affine(self._x[:rows], self._w, self._b, y)
        self._steps.forward(training, rows)
        self._y[rows:] = 0

    def backward(self) -> None:
        """Compute the gradients of the input and of the weights."""
        rows = self._reached
        dy, dx = self._dy[:rows], None if self._dx is None else self._dx[:rows]
        self._steps.backward(rows)
        core.affine_backward(dy, self._x[:rows], self._w, dx, self._dw, self._db)
        if self._dx is not None:
            self._dx[rows:] = 0
