"""The memory in which layers compute, and the two passes over it.

A layer holds weights and knows nothing of data.  For every shape of batch it makes a
:class:`Workspace`, which owns time-major buffers with padded rows, (time, batch, features) or
(batch, features), and runs the layer forward and backward in them.  What goes from one workspace to
the next is a :class:`Signal`: a workspace reads the ``output`` of the one before, and writes the
gradient of that output into its ``doutput``.  Nothing is allocated after they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastrnn import activations
from fastrnn._core.memory import aligned_empty, aligned_zeros, padded

Array = NDArray[Any]


class Signal:
    """One output of a workspace: what its neighbours see of it.

    Attributes
    ----------
    output : ndarray of shape (time, batch, padded(features)) or (batch, padded(features))
    doutput : ndarray of the same shape, or None
        Gradient of the loss with respect to `output`, written by what comes after; None where no
        gradient is wanted.  Zeros until then: what nobody uses has no gradient.
    features : int
        How many of a row count.
    mask : ndarray of shape (time, batch), uint8, or None
        Where it is zero the step is padding; None: every step counts.  The array is made once, and
        filled by the forward pass of whoever makes it.
    tokens : ndarray of shape (time, batch), int64, or None
        Where the rows of `output` are one-hot: the places of their ones.  Whoever can do with them
        leaves `output` alone, and it is never made.
    needs_output : bool
        Whether the backward pass reads `output`.  If not, what comes after may overwrite it.
    activation : fastrnn.activations.Kernel
        What was applied last.
    fused : bool
        Set by a loss that writes the gradient of what went into `activation` to `doutput`.
    """

    output: Array
    doutput: Array | None = None
    features: int
    mask: NDArray[np.uint8] | None = None
    tokens: NDArray[np.int64] | None = None
    needs_output: bool = True
    activation: activations.Kernel = activations.LINEAR
    fused: bool = False

    @property
    def rows(self) -> Array:
        """`output` as (time · batch, padded(features))."""
        return as_rows(self.output)

    @property
    def drows(self) -> Array | None:
        """`doutput` as (time · batch, padded(features))."""
        return None if self.doutput is None else as_rows(self.doutput)


class Workspace(Signal):
    """Buffers of one layer for one shape of batch; its own first, and mostly only, output."""

    @property
    def outputs(self) -> Sequence[Signal]:
        """All outputs, in the order of the layer's."""
        return (self,)

    def forward(self, training: bool) -> None:
        """Fill the outputs from those of the workspaces before."""
        raise NotImplementedError

    def backward(self) -> None:
        """From `doutput`: fill the layer's gradients, and `doutput` of the workspaces before."""
        raise NotImplementedError


class InputWorkspace(Workspace):
    """What a batch is copied into: the start of a model.

    Parameters
    ----------
    shape : tuple of int
        (time, batch, features) or (batch, features); (time, batch) for tokens.
    dtype : dtype
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.features = shape[-1]
        self.output = np.zeros(shape, dtype) if np.dtype(dtype).kind == "i" else zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        """Do nothing: the output is there already."""

    def backward(self) -> None:
        """Do nothing: nobody asks for the gradient of the data."""


class Fork(Workspace):
    """Stands behind a signal that has several uses: each gets a branch, and their gradients add up.

    Parameters
    ----------
    source : Signal
    uses : int
    """

    def __init__(self, source: Signal, uses: int) -> None:
        self._source = source
        self._branches = tuple(_Branch(source) for _ in range(uses))

    @property
    def outputs(self) -> Sequence[Signal]:
        """The branches."""
        return self._branches

    def forward(self, training: bool) -> None:
        """Do nothing: the branches show what the source holds."""

    def backward(self) -> None:
        """Add up what the branches got."""
        total = self._source.doutput
        if total is None:
            return
        first, *others = (branch.doutput for branch in self._branches)
        assert first is not None
        np.copyto(total, first)
        for other in others:
            assert other is not None
            np.add(total, other, out=total)


class _Branch(Signal):
    def __init__(self, source: Signal) -> None:
        self._source = source
        self.features = source.features
        self.mask, self.tokens = source.mask, source.tokens
        if source.doutput is not None:
            self.doutput = aligned_zeros(source.doutput.shape, source.doutput.dtype)

    @property
    def output(self) -> Array:  # type: ignore[override]
        """That of the source, asked for as late as here: it may be made by the asking."""
        return self._source.output


def rows_reached(mask: NDArray[np.uint8] | None, rows: int) -> int:
    """Return how many rows (time · batch) there are up to the last step that a mask leaves."""
    if mask is None:
        return rows
    steps = np.flatnonzero(mask.any(axis=1))
    return (int(steps[-1]) + 1) * mask.shape[1] if len(steps) else 0


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
