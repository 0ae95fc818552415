"""The calls of the core's recurrence, and the memory that it fills, time-major.

What a forward pass leaves for the way back is one piece of memory, the ``reserve``: states, cells
of an LSTM, gates, and what the cell keeps beside them (``Recurrence.views``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.layout import empty_gradients, padded_copy, rows_and_source
from fastrnn._core.recurrence import Recurrence
from fastrnn._core.recycled import empty
from fastrnn.arguments import Array, Cell, Gradients

from .ragged import Ragged

#: By the name of the cell, ``reset_after`` of a GRU, and the activation of an RNN.
_CORES = {
    ("rnn", False, "tanh"): Recurrence("rnn"),
    ("rnn", False, "relu"): Recurrence("rnn", "relu"),
    ("gru", False, "tanh"): Recurrence("gru"),
    ("gru", True, "tanh"): Recurrence("gru_reset_after"),
    ("lstm", False, "tanh"): Recurrence("lstm"),
    ("mgu", False, "tanh"): Recurrence("mgu"),
}


def core_of(cell: Cell, reset_after: bool = False, activation: str = "tanh") -> Recurrence:
    """Return what computes a cell in one of its forms."""
    return _CORES[cell.name, reset_after, activation]


def apart(time_major: Array) -> Array:
    """Return a copy, which shares no memory with what the caches hold."""
    copy: Array = empty(time_major.shape, time_major.dtype)
    copy[...] = time_major
    return copy


def rows_of_its_own(X: Array) -> tuple[Array, Array | None]:
    """Return rows (T, m, >= n_x) for ``X``, and ``X`` where the core is still to copy it there."""
    x, source = rows_and_source(X)
    return (apart(x), None) if source is None else (x, source)


def forward(
    core: Recurrence,
    x: Array,
    initial: Sequence[Array],
    weights: tuple[Any, ...],
    mask: NDArray[np.uint8] | None = None,
    source: Array | None = None,
) -> tuple[Array, list[Array]]:
    """Return the reserve and the arrays in it, the states (T + 1, m, ld) first.

    Parameters
    ----------
    core : Recurrence
    x : ndarray (T, m, >= n_x)
        The input; memory for it where there is a source.
    initial : sequence of ndarray (n_s, m)
        State, and in an LSTM cell, before the first step.
    weights : tuple
        ``Wx, Ws, bs, bx``; ``bx`` is None where the core knows none.
    mask : ndarray (T, m), optional
        Not zero where a step counts.
    source : ndarray (n_x, m, T), optional
        What the core is to copy into `x`.
    """
    reserve, arrays = core.reserve((*initial,), len(x))
    if weights[3] is None:
        weights = weights[:3]
    core.forward(x, weights, reserve, mask=mask, source=source)
    return reserve, arrays


def reserve_of(core: Recurrence, arrays: Sequence[Array], n_s: int) -> Array:
    """Return the memory that the core reads, from the time-major arrays that it holds."""
    states = arrays[0]
    T, m = states.shape[0] - 1, states.shape[1]
    length = core.reserve_length(T, m, n_s, states.itemsize)
    reserve: Array = empty((length,), states.dtype)
    for view, array in zip(core.views(reserve, T, m, n_s), arrays, strict=True):
        view[...] = array
    return reserve


def backward(
    core: Recurrence,
    ds: Array,
    dc_last: Array | None,
    x: Array,
    reserve: Array,
    weights: tuple[Array, Array],
    ragged: Ragged | None = None,
) -> Gradients:
    """Return the gradients of a sequence, or of its first steps, by their names.

    Parameters
    ----------
    core : Recurrence
    ds : ndarray (n_s, m, <= T)
    dc_last : ndarray (n_s, m), optional
        That at the cells after the last step of `ds`; zeros if it is left out.
    x, reserve
        What :func:`forward` had and left, in the order that `ragged` says.
    weights : tuple
        ``Wx, Ws``.
    ragged : Ragged, optional
    """
    (n_s, m, steps), (Wx, Ws) = ds.shape, weights
    rows: Array | None = None
    source: Array | None = ds
    mask: NDArray[np.uint8] | None = None
    if ragged is not None:  # the core copies ds step by step, but not in another order
        rows, source, mask = ragged.ordered(padded_copy(ds)), None, ragged.mask
    has_input_bias = core.name == "gru_reset_after"
    made = empty_gradients(Wx, Ws, steps, m, core.states, has_input_bias)
    dx, d_initial, of_weights = made[0], made[1], made[2:]
    if core.states > 1:  # the core turns the gradient at the last cells into that at the first
        if dc_last is None:
            d_initial[1] = 0
        else:
            last = padded_copy(dc_last)[0]
            d_initial[1] = last if ragged is None else ragged.ordered(last)
    core.backward(rows, x, weights, reserve, of_weights, d_initial, dx=dx, mask=mask, source=source)
    if ragged is not None:
        dx, d_initial = ragged.restored(dx), ragged.restored(d_initial)
    gradients = {"dX": dx.T[: Wx.shape[1]], "ds_0": d_initial[0].T[:n_s]}
    if core.states > 1:
        gradients["dc_0"] = d_initial[1].T[:n_s]
    gradients["dWx"], gradients["dWs"], gradients["dbs"] = of_weights[:3]
    if has_input_bias:
        gradients["dbx"] = of_weights[3]
    return gradients
