"""Sequences: the steps of a cell forward and backward, and sequences that end early.

The caches own what they hold: whatever a caller does to an array that went into the forward pass or
came out of it, the backward pass returns the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arguments import (
    Array,
    Cache,
    Cell,
    Gradients,
    Parameters,
    Prediction,
    activations_of,
    columns_that_count,
    make_cache,
    of_columns,
    pick_parameters,
    read,
    read_layer_caches,
    read_lengths,
)

from .output import softmax


class Steps(list[Cache]):
    """The caches of all steps of a sequence, ``steps[t]`` being that of step t.

    Attributes
    ----------
    lengths : ndarray of int (m,), or None
        The lengths of the sequences in the forward pass.
    """

    def __init__(
        self, caches: Iterable[Cache] = (), lengths: NDArray[np.int64] | None = None
    ) -> None:
        super().__init__(caches)
        self.lengths = lengths


def output_layer(Wy: Array | None, s: Array, by: Array | None) -> Prediction:
    """Return softmax(Wy s + by), or None where there is no output layer."""
    return None if Wy is None or by is None else softmax(Wy @ s + by)


def cache_of(*entries: Any) -> Cache:
    """Return a cache with copies of the arrays, and with the user's own parameters."""
    return tuple(entry.copy() if isinstance(entry, np.ndarray) else entry for entry in entries)


def forward_through_time(
    cell: Cell,
    step: Callable[..., Any],
    X: Any,
    initial: tuple[Any, ...],
    parameters_dict: Parameters,
    lengths: Any,
    input_bias: bool = False,
) -> tuple[Array, Prediction, list[Array], tuple[Steps, Array]]:
    """Take a cell through all steps, or as many as each sequence has.

    Parameters
    ----------
    cell : Cell
    step : callable
        One step forward, as a function of ``Xt``, the states before it, and the parameters.
    X : array_like (n_x, m, T_x)
    initial : tuple of array_like (n_s, m)
        ``(S_0,)``, or ``(S_0, C_0)`` of an LSTM, whose C_0 may be None.
    parameters_dict : mapping
    lengths : array_like of int (m,), or None
    input_bias : bool
        Whether there is a ``bx``.

    Returns
    -------
    S, y_pred : ndarray
    others : list of ndarray
        What else is carried: ``[C]`` in an LSTM.
    caches : tuple
        ``(steps, X)``.
    """
    values = (X, *initial, *pick_parameters(parameters_dict, input_bias))
    X, *rest = read(cell.sequence, values)
    carried, Wy = rest[: len(initial)], rest[-2]
    ends = read_lengths(lengths, X.shape)
    inputs = _zeros_past_ends(X, ends)
    n_s, (_, m, T_x) = len(rest[0]), X.shape

    carried = [np.zeros_like(rest[0]) if state is None else state for state in carried]
    histories = [np.empty((n_s, m, T_x), X.dtype) for _ in carried]
    y_pred = None if Wy is None else np.empty((len(Wy), m, T_x), X.dtype)
    steps = Steps(lengths=ends)
    for t in range(T_x):
        *_, Yt, cache = step(inputs[:, :, t], *carried, parameters_dict)
        *made, Xt, _ = cache
        before = [state for state in carried for _ in ("next", "prev")]
        made = _held_past_ends(t, ends, made, (*before, *cell.held))
        carried = made[: len(before) : 2]
        steps.append(make_cache(activations_of(cache), (*made, Xt, parameters_dict)))
        for history, state in zip(histories, carried, strict=True):
            history[:, :, t] = state
        if y_pred is not None:
            (y_pred[:, :, t],) = _held_past_ends(t, ends, (Yt,), (0,))
    return histories[0], y_pred, histories[1:], (steps, X)


def backward_through_time(
    cell: Cell, step: Callable[..., Gradients], ds: Any, caches: Any, dc_last: Any = None
) -> Gradients:
    """Go back from the last step of ``ds`` to the first, summing the parameters' gradients.

    Parameters
    ----------
    cell : Cell
    step : callable
        One step back, as a function of the gradients of the states after it, and the cache.
    ds : array_like (n_s, m, <= T_x)
    caches : tuple
    dc_last : array_like (n_s, m), optional
    """
    ds, dc_last, steps, n_x, lengths, input_bias = read_layer_caches(cell, ds, caches, dc_last)
    (n_s, m, T_x), rows = ds.shape, cell.gates * len(ds)

    shapes: dict[str, tuple[int, ...]] = {"dX": (n_x, m, T_x)}
    states = [state.lower() for state in cell.states]
    shapes |= {f"d{state}_0": (n_s, m) for state in states}
    shapes |= {"dWx": (rows, n_x), "dWs": (rows, n_s), "dbs": (rows, 1)}
    if input_bias:
        shapes["dbx"] = (rows, 1)
    total = {name: np.zeros(shape, ds.dtype) for name, shape in shapes.items()}
    if dc_last is not None:
        total["dc_0"][...] = dc_last
    for t, on in reversed(list(enumerate(columns_that_count(lengths, T_x)))):
        total["ds_0"] = ds[:, :, t] + total["ds_0"]
        gradients = step(*(total[f"d{s}_0"][:, on] for s in states), of_columns(steps[t], on))
        total["dX"][:, on, t] = gradients.pop("dXt")
        for state in states:
            total[f"d{state}_0"][:, on] = gradients.pop(f"d{state}_prev")
        for name, gradient in gradients.items():
            total[name] += gradient
    return total


def _zeros_past_ends(X: Array, lengths: NDArray[np.int64] | None) -> Array:
    """Return the input with zeros past the ends of its sequences."""
    T_x = X.shape[2]
    if lengths is None or lengths.min(initial=T_x) == T_x:
        return X
    return np.where(np.arange(T_x) < lengths[:, np.newaxis], X, 0)


def _held_past_ends(
    t: int, lengths: NDArray[np.int64] | None, entries: Iterable[Any], held: Iterable[Any]
) -> list[Any]:
    """Return the arrays of step t, with other values in the columns that have ended.

    Parameters
    ----------
    t : int
    lengths : ndarray of int (m,), or None
    entries : iterable of ndarray (n, m)
        The arrays of the step; None where there is none.
    held : iterable of ndarray (n, m) or float
        The value of each entry in the columns that have ended.
    """
    if lengths is None:
        return [*entries]
    return [
        None if entry is None else np.where(t < lengths, entry, other)
        for entry, other in zip(entries, held, strict=True)
    ]
