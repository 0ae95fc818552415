"""Workspaces: the memory of layers for batches, with a forward and a backward pass.

A layer holds weights and no data.  For every shape of batch it creates a :class:`Workspace`, which
owns time-major buffers with padded rows, (time, batch, features) or (batch, features), and runs the
layer forward and backward in them.  Arrays with more axes have the first two exchanged too: (batch,
a, b, features) is stored as (a, batch, b, features).  Workspaces are connected by :class:`Signal`
objects: a workspace reads the ``output`` of the previous one, and writes the gradient of that
output to its ``doutput``.  All memory is allocated when workspaces are created.
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
    """An output of a workspace, for the workspaces that read it.

    Attributes
    ----------
    output : ndarray of shape (time, batch, ..., padded(features)) or (batch, padded(features))
    doutput : ndarray of the same shape, or None
        Gradient of the loss with respect to `output`, written by the reader; None if no gradient is
        needed.  Initially zero, so that the gradient of an unused output is zero.
    features : int
        Number of features of a row, without padding.
    mask : ndarray of shape (time, batch), uint8, or None
        Zero at masked steps; None: no mask.  The array is allocated once, and filled by the forward
        pass of the layer that creates the mask.
    tokens : ndarray of shape (time, batch), int64, or None
        The tokens, if the rows of `output` are their one-hot encoding.  If the readers use
        `tokens`, `output` is never computed.
    needs_output : bool
        Whether the backward pass reads `output`.  If not, the reader may overwrite it.
    applied : Applied or None
        The activation that was applied to `output` in place.
    """

    output: Array
    doutput: Array | None = None
    features: int
    mask: NDArray[np.uint8] | None = None
    tokens: NDArray[np.int64] | None = None
    needs_output: bool = True
    applied: Applied | None = None

    @property
    def activation(self) -> activations.Kernel:
        """The activation that was applied."""
        return activations.LINEAR if self.applied is None else self.applied.kernel

    @property
    def values(self) -> Array:
        """View of `output` without padding, batch first: with features, or (batch, time) tokens."""
        if self.output.dtype.kind == "i":
            return self.output.swapaxes(0, 1)
        return batch_first(self.output, self.features)

    @property
    def dvalues(self) -> Array | None:
        """View of `doutput` without padding, in the shape of `values`."""
        return None if self.doutput is None else batch_first(self.doutput, self.features)

    @property
    def rows(self) -> Array:
        """`output` as a matrix of rows, (time · batch · ..., padded(features))."""
        return as_rows(self.output)

    @property
    def drows(self) -> Array | None:
        """`doutput` as a matrix of rows."""
        return None if self.doutput is None else as_rows(self.doutput)


class Applied:
    """An activation that is applied in place to the output of a workspace.

    Parameters
    ----------
    kernel : fastrnn.activations.Kernel
    rows : ndarray of shape (R, padded(features))
        IN/OUT.  The output, replaced by the activation of it.
    drows : ndarray of the same shape, or None
        IN/OUT.  The gradient of the result, replaced by that of the activation's input; None if no
        gradient is needed.
    features : int

    Attributes
    ----------
    is_passed : bool
        Set by a loss that computes the gradient of the activation's input itself: :meth:`backward`
        then does nothing.
    """

    def __init__(
        self, kernel: activations.Kernel, rows: Array, drows: Array | None, features: int
    ) -> None:
        self.kernel, self.is_passed = kernel, False
        self._rows, self._drows, self._features = rows, drows, features
        differentiates = drows is not None and kernel is not activations.LINEAR
        room = (len(rows) if differentiates else 0, features)
        self._scratch: Array = np.empty(room, rows.dtype)
        keeps = differentiates and kernel.keeps_input
        self._before: Array | None = np.empty(room, rows.dtype) if keeps else None

    def forward(self, training: bool, count: int | None = None) -> None:
        """Apply it to the first `count` rows, all if left out."""
        before = self._before[:count] if training and self._before is not None else None
        self.kernel.forward(self._rows[:count], self._features, before)

    def backward(self, count: int | None = None) -> None:
        """Replace the gradient of the first `count` rows by that of the activation's input."""
        if self.is_passed:
            return
        assert self._drows is not None
        before = None if self._before is None else self._before[:count]
        self.kernel.backward(
            self._rows[:count],
            self._drows[:count],
            self._features,
            self._scratch[:count],
            before,
        )


class Workspace(Signal):
    """The buffers of a layer for one shape of batch; as a signal, its first output.

    Attributes
    ----------
    further : sequence of Signal
        The outputs after the first, if the workspace itself is the first.
    """

    further: Sequence[Signal] = ()

    @property
    def outputs(self) -> Sequence[Signal]:
        """All outputs of the layer, in order."""
        # Not kept: with a reference to itself, a workspace would hold its memory until the garbage
        # collector runs, and the next one could not have it.
        return (self, *self.further)

    def forward(self, training: bool) -> None:
        """Compute the outputs from those of the previous workspaces."""
        raise NotImplementedError

    def backward(self) -> None:
        """Compute the gradients of the layer, and `doutput` of the previous workspaces."""
        raise NotImplementedError

    def settle(self) -> None:
        """End a training step: update values that are not trained by gradients."""

    def penalty(self) -> float:
        """Return the penalty of an ``activity_regularizer`` for the batch."""
        return 0.0


class InputWorkspace(Workspace):
    """The buffer of an input of a model, which batches are copied to.

    Parameters
    ----------
    shape : tuple of int
        Of the data, batch first.
    dtype : dtype
        An integer type for tokens, which have no features.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.features = shape[-1]
        if np.dtype(dtype).kind == "i":
            self.output = np.zeros((shape[1], shape[0], *shape[2:]), dtype)
        else:
            self.output = zeros(time_major(shape), dtype)

    def forward(self, training: bool) -> None:
        """Do nothing: the output is there already."""

    def backward(self) -> None:
        """Do nothing: the gradient of the data is not needed."""


class Fork(Workspace):
    """Splits a signal with several readers: each gets a branch, and the gradients are summed.

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
        """Do nothing: the branches are views of the source."""

    def backward(self) -> None:
        """Sum the gradients of the branches."""
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
        """The output of the source, read only on use, since reading may compute it."""
        return self._source.output


def time_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the time-major form of a batch-first shape."""
    return (shape[1], shape[0], *shape[2:]) if len(shape) > 2 else shape


def batch_first(buffer: Array, features: int) -> Array:
    """Return a view of a time-major buffer without its padding, batch first."""
    counted = buffer[..., :features]
    return counted.swapaxes(0, 1) if counted.ndim > 2 else counted


def rows_reached(mask: NDArray[np.uint8] | None, rows: int) -> int:
    """Return the number of rows (time · batch · ...) up to the last unmasked step."""
    if mask is None:
        return rows
    steps = np.flatnonzero(mask.any(axis=1))
    return (int(steps[-1]) + 1) * (rows // len(mask)) if len(steps) else 0


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
