"""The buffers of an embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastrnn._core import gather as core
from fastrnn.workspace import Signal, Workspace, empty, zeros

if TYPE_CHECKING:
    from fastrnn.layers.embedding import Embedding


class EmbeddingWorkspace(Workspace):
    """The table's gradient is added up in the order of the rows, and so has the same bits always.

    What comes after needs no gradient at padding, and gives zeros there.
    """

    needs_output = False

    def __init__(self, layer: Embedding, source: Signal, training: bool) -> None:
        # What has more axes than time is as many tokens a step.
        self._tokens = source.output.reshape(len(source.output), -1)
        self.features = layer.output_dim
        shape = (*source.output.shape, layer.output_dim)
        self.output = empty(shape, layer.dtype)
        self._rows = self.output.reshape(*self._tokens.shape, -1)
        table = layer.parameter("embeddings")
        self._table = table.value
        if layer.mask_zero:
            self.mask = np.ones(self._tokens.shape, np.uint8)
        if training:
            self.doutput = zeros(shape, layer.dtype)
            self._drows = self.doutput.reshape(self._rows.shape)
            self._dtable = table.gradient

    def forward(self, training: bool) -> None:
        """Pick the vectors, and fill the mask."""
        core.take_rows(self._table, self._tokens, self._rows)
        if self.mask is not None:
            np.not_equal(self._tokens, 0, out=self.mask.view(np.bool_))

    def backward(self) -> None:
        """Add up the gradient of the table."""
        core.add_rows(self._drows, self._tokens, self.mask, self._dtable)
