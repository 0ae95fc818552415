"""The buffers of an embedding."""

from __future__ import annotations

import numpy as np

from fastrnn._core import gather as core
from fastrnn.layers.parameter import Parameter
from fastrnn.workspace import Signal, Workspace, empty, zeros


class EmbeddingWorkspace(Workspace):
    """The buffers of an embedding; gradients are summed in a fixed order, so bits never differ.

    The gradient at padding is zero and is not used.
    """

    needs_output = False

    def __init__(self, table: Parameter, mask_zero: bool, source: Signal, training: bool) -> None:
        # Of tokens with more axes than time, each step has several.
        self._tokens = source.output.reshape(len(source.output), -1)
        self.features = table.value.shape[1]
        shape = (*source.output.shape, self.features)
        self.output = empty(shape, table.value.dtype)
        self._rows = self.output.reshape(*self._tokens.shape, -1)
        self._table = table.value
        if mask_zero:
            self.mask = np.ones(self._tokens.shape, np.uint8)
        if training:
            self.doutput = zeros(shape, table.value.dtype)
            self._drows = self.doutput.reshape(self._rows.shape)
            self._dtable = table.gradient

    def forward(self, training: bool) -> None:
        """Look up the vectors, and compute the mask."""
        core.take_rows(self._table, self._tokens, self._rows)
        if self.mask is not None:
            np.not_equal(self._tokens, 0, out=self.mask.view(np.bool_))

    def backward(self) -> None:
        """Compute the gradient of the table."""
        core.add_rows(self._drows, self._tokens, self.mask, self._dtable)
