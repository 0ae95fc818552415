"""The memory in which layers compute, and the two passes over it.

A layer holds weights and knows nothing of data.  For every shape of batch it makes a
:class:`Workspace`, which owns time-major buffers with padded rows, (time, batch, features) or
(batch, features), and runs the layer forward and backward in them.  The workspaces of a chain are
linked: each reads the ``output`` of the one before, and writes the gradient of that output into its
``doutput``. Nothing is allocated after they are made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn import activations
from fastrnn._core.memory import aligned_empty, aligned_zeros, padded

Array = NDArray[Any]


class Workspace:
    """Buffers of one layer for one shape of batch.

    Attributes
    ----------
    output : ndarray of shape (time, batch, padded(features)) or (batch, padded(features))
    doutput : ndarray of the same shape, or None
        Gradient of the loss with respect to `output`, written by what comes after; None where no
        gradient is wanted.
    features : int
        How many of a row count.
    needs_output : bool
        Whether :meth:`backward` reads `output`.  If not, what comes after may overwrite it.
    activation : fastrnn.activations.Kernel
        What was applied last.
    fused : bool
        Set by a loss that writes the gradient of what went into `activation` to `doutput`.
    """

    output: Array
    doutput: Array | None = None
    features: int
    needs_output: bool = True
    activation: activations.Kernel = activations.LINEAR
    fused: bool = False

    def forward(self, training: bool) -> None:
        """Fill `output` from the output of the workspace before."""
        raise NotImplementedError

    def backward(self) -> None:
        """From `doutput`: fill the layer's gradients, and `doutput` of the workspace before."""
        raise NotImplementedError

    @property
    def rows(self) -> Array:
        """`output` as (time · batch, padded(features))."""
        return as_rows(self.output)

    @property
    def drows(self) -> Array | None:
        """`doutput` as (time · batch, padded(features))."""
        return None if self.doutput is None else as_rows(self.doutput)


class InputWorkspace(Workspace):
    """What a batch is copied into: the start of a chain.

    Parameters
    ----------
    shape : tuple of int
        (time, batch, features) or (batch, features).
    dtype : dtype
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.features = shape[-1]
        self.output = zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        """Do nothing: the output is there already."""

    def backward(self) -> None:
        """Do nothing: nobody asks for the gradient of the data."""


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return an uninitialised buffer for `shape`, its rows padded."""
    return aligned_empty((*shape[:-1], padded(shape[-1], dtype)), dtype)


def zeros(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Return a buffer of zeros for `shape`, its rows padded."""
    return aligned_zeros((*shape[:-1], padded(shape[-1], dtype)), dtype)


def as_rows(buffer: Array) -> Array:
    """Return a contiguous buffer as a matrix of rows, without a copy."""
    rows = buffer.reshape(-1, buffer.shape[-1])
    assert np.shares_memory(rows, buffer) or not buffer.size
    return rows
