"""Symbolic tensors: what layers are called on while a model is put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastrnn.layers.layer import Layer

#: A shape with the batch first; None where only the data will tell.
Shape = tuple[int | None, ...]


class SymbolicTensor:
    """What a layer will put out, known by its shape and by where it comes from.

    Attributes
    ----------
    shape : tuple
        (None, time, features) or (None, features); time may be None.
    dtype : numpy.dtype
    layer : Layer
        What makes it.
    source : SymbolicTensor or None
        What that layer was called on; None for an input.
    """

    def __init__(
        self, shape: Shape, dtype: np.dtype, layer: Layer, source: SymbolicTensor | None
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.layer = layer
        self.source = source

    def history(self) -> Iterator[SymbolicTensor]:
        """Yield this tensor, the one before, and so on to the input."""
        tensor: SymbolicTensor | None = self
        while tensor is not None:
            yield tensor
            tensor = tensor.source

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.shape} {self.dtype} of {self.layer.name}>"
