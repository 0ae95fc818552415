"""The LSTM of the functional API, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.layout import empty_gradients, padded_copy, rows_and_source, stacked
from fastrnn._core.output import softmax_of_states
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    LSTM_CACHE,
    LSTM_CACHES,
    Array,
    Cache,
    Gradients,
    Parameters,
    lengths_of,
    read_cell,
    read_cell_cache,
    read_layer,
    read_layer_caches,
    read_lengths,
)

from .layout import features_first, readable_rows
from .plain import plain, plain_cache
from .ragged import Ragged
from .recurrence import (
    gradients_by_name,
    of_one_step,
    reserve_of,
    rows_or_source,
    sum_of_steps,
)
from .steps import LSTMSteps, joined

_core = Recurrence("lstm")

#: The axes of ds_next, dc_next and the arrays of a cache; the letters are those of plain().
_CACHE_FORM = "sm sm sm sm sm sm sm sm sm sm xm"


def lstm_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, Ct_prev: ArrayLike, parameters_dict: Parameters
) -> tuple[Array, Array, Array, Cache]:
    """Take one step of the LSTM.

    With i, f, o = σ(Wx x + Ws s + bs) and g = tanh(Wx x + Ws s + bs) on their rows::

        c' = f ⊙ c + i ⊙ g
        s' = o ⊙ tanh(c')
        y  = softmax(Wy s' + by)

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m)
        State before it.
    Ct_prev : array_like (n_s, m)
        Cell before it.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by`` (n_y,
        1).  Gate rows in the order i, f, g, o.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step, a view of batch-major memory.
    Ct_next : ndarray (n_s, m)
        Cell after the step, likewise.
    Yt : ndarray (n_y, m)
        Prediction, likewise.
    cache : tuple
        ``(St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)``, for
        :func:`lstm_cell_backward`: the gates i, f, g, o, each (n_s, m).  The cache refers to the
        arrays and does not copy them: leave them as they are until the backward pass is done.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, Long Short-Term Memory, Neural Computation 9, 1997; F. A. Gers,
    J. Schmidhuber, F. Cummins, Learning to Forget: Continual Prediction with LSTM, Neural
    Computation 12, 2000.
    """
    Xt, St_prev, Ct_prev, Wx, Ws, Wy, bs, by = plain(
        "xm sm sm", (Xt, St_prev, Ct_prev), parameters_dict, gates=4
    ) or read_cell(Xt, St_prev, parameters_dict, gates=4, cells=(Ct_prev,))
    _, arrays, y = _run(padded_copy(Xt), St_prev, Ct_prev, Wx, Ws, Wy, bs, by)
    states, cells, gates, _ = arrays
    n_s = len(St_prev)
    St_next, Ct_next = states[1].T[:n_s], cells[1].T[:n_s]
    It, Ft, Gt, Ot = gates[0].transpose(1, 2, 0)[:, :n_s]
    cache = (St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)
    return St_next, Ct_next, y[0].T[: len(Wy)], cache


def lstm_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    C_0: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> tuple[Array, Array, Array, Cache]:
    """Take the step of :func:`lstm_cell_forward` through whole sequences.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m)
        State before the first step.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by`` (n_y,
        1).  Gate rows in the order i, f, g, o.
    C_0 : array_like (n_s, m), optional
        Cell before the first step; zeros if it is left out.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x if it is
        left out.  What stands in ``X`` past an end is not looked at, and what a step has no
        sequence for is not computed.  ``np.arange(T_x) < lengths[:, np.newaxis]`` is the mask that
        :func:`cross_entropy` takes.

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step, a view of time-major memory.  Past the end of a sequence its last
        state is held, so that ``S[:, :, -1]`` is the last state of all; that of a sequence of
        length 0 is its ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, likewise a view; zero past the end of a sequence.
    C : ndarray (n_s, m, T_x)
        Cell after every step, likewise a view; held past the end of a sequence as its state is.
    caches : tuple
        ``(steps, X)``, for :func:`lstm_backward`; ``steps[t]`` is the cache of step t, made when it
        is asked for, and ``steps.lengths`` the lengths.  In the columns of sequences that have
        ended, the cache of a step has ``St_next`` = ``St_prev``, and is that of one which keeps the
        cell: i = 0, f = 1, g = 0, o = 0, zeros for ``Xt``, ``Ct_next`` = ``Ct_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    optional: tuple[Any, ...] = () if C_0 is None else (C_0,)
    X, S_0, *cells, Wx, Ws, Wy, bs, by = plain(
        "xmt sm" + len(optional) * " sm", (X, S_0, *optional), parameters_dict, gates=4
    ) or read_layer(X, S_0, parameters_dict, gates=4, cells=optional)
    n_s, n_y = len(S_0), len(Wy)
    # Not zeros_like, which writes the zeros: memory that is never looked at should cost nothing.
    initial = cells[0] if cells else np.zeros(S_0.shape, S_0.dtype)
    ends = read_lengths(lengths, X)
    if ends is None:
        x, source = rows_and_source(X)
        reserve, arrays, y = _run(x, S_0, initial, Wx, Ws, Wy, bs, by, source=source)
        steps = LSTMSteps(_core, reserve, x, X, parameters_dict, n_s)
        S, C = features_first(arrays[0][1:], n_s), features_first(arrays[1][1:], n_s)
        return S, features_first(y, n_y), C, (steps, X)
    ragged = Ragged(ends, X.shape[2])
    x = ragged.ordered(readable_rows(X))
    S_0, initial = ragged.ordered(S_0.T).T, ragged.ordered(initial.T).T
    reserve, arrays, y = _run(x, S_0, initial, Wx, Ws, Wy, bs, by, ragged.mask)
    steps = LSTMSteps(_core, reserve, x, X, parameters_dict, n_s, ragged)
    S, y_pred, C = (ragged.restored(rows) for rows in (arrays[0][1:], y, arrays[1][1:]))
    return features_first(S, n_s), features_first(y_pred, n_y), features_first(C, n_s), (steps, X)


def _run(
    x: Array,
    S_0: Array,
    C_0: Array,
    Wx: Array,
    Ws: Array,
    Wy: Array,
    bs: Array,
    by: Array,
    mask: NDArray[np.uint8] | None = None,
    source: Array | None = None,
) -> tuple[Array, list[Array], Array]:
    """Return what the core leaves; states, cells, gates, tanh of the cells in it; predictions.

    All is time-major.  The source is copied into x.
    """
    T, m, _ = x.shape
    reserve = _core.reserve((S_0, C_0), T)
    _core.forward(x, (Wx, Ws, bs), reserve, mask=mask, source=source)
    arrays = _core.views(reserve, T, m, len(S_0))
    return reserve, arrays, softmax_of_states(arrays[0], 1, Wy, by, mask)


def lstm_cell_backward(ds_next: ArrayLike, dc_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from those of the state and the cell after it.

    With a the argument of σ or tanh on the rows of each gate, and dc all that reaches c'::

        dc  = dc' + ds' ⊙ o ⊙ (1 - tanh²(c'))
        dai = dc ⊙ g ⊙ i ⊙ (1 - i)          dag = dc ⊙ i ⊙ (1 - g²)
        daf = dc ⊙ c ⊙ f ⊙ (1 - f)          dao = ds' ⊙ tanh(c') ⊙ o ⊙ (1 - o)

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``, not counting what reaches it through
        ``Ct_next``.
    dc_next : array_like (n_s, m)
        Gradient of the loss with respect to ``Ct_next``, not counting what reaches it through
        ``St_next``.
    cache : tuple
        From :func:`lstm_cell_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` and ``"dc_prev"`` (n_s, m), ``"dWx"`` (4 n_s, n_x),
        ``"dWs"`` (4 n_s, n_s), ``"dbs"`` (4 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next``, ``dc_next`` or what the cache holds has the wrong type or shape.
    """
    arrays = plain_cache(_CACHE_FORM, ds_next, cache, gates=4, dc=(dc_next,)) or read_cell_cache(
        ds_next, cache, LSTM_CACHE, gates=4, dc=(dc_next,)
    )
    return _backward_of_step(*arrays)


def _backward_of_step(ds_next: Array, dc_next: Array, *entries: Any) -> Gradients:
    *arrays, x, Wx, Ws = _arrays_of([entries])
    reserve = reserve_of(_core, arrays, len(ds_next))
    return of_one_step(_run_back(ds_next[:, :, np.newaxis], dc_next, x, reserve, Wx, Ws))


def lstm_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through a whole sequence: backpropagation through time.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, not counting what reaches a state
        through the later ones.  Where the sequences have lengths, ``S`` holds the last state past
        an end, and the gradients there all go to that one state; for the gradients of PyTorch's
        packed sequences, which have no states there, give zeros.
    caches : tuple
        From :func:`lstm_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` and ``"dc_0"`` (n_s, m), views of time-major memory,
        ``"dWx"`` (4 n_s, n_x), ``"dWs"`` (4 n_s, n_s), ``"dbs"`` (4 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or what the caches hold has the wrong type or shape.
    """
    if type(caches) is tuple and len(caches) == 2 and type(caches[0]) is LSTMSteps:
        steps = caches[0]
        ds, Wx, Ws, reserve, x = steps.read(ds)
        return _run_back(ds, None, x, reserve, Wx, Ws, steps.ragged)
    return _backward_of_steps(ds, caches)


def _backward_of_steps(ds: ArrayLike, caches: Cache) -> Gradients:
    """As :func:`lstm_backward`, from a cache for each step."""
    ds, steps, X, _ = read_layer_caches(ds, caches, LSTM_CACHES, LSTM_CACHE)
    lengths = lengths_of(steps, X)
    entries = joined(ds, steps, LSTM_CACHE, gates=4) if len(steps) else None
    if entries is None:
        return sum_of_steps(ds, steps, X, lengths, LSTM_CACHE, 4, _backward_of_step)
    *arrays, x, Wx, Ws = _arrays_of([entry[1:] for entry in entries])
    ragged = None
    if lengths is not None:
        ragged = Ragged(lengths, len(steps))
        x, *arrays = (ragged.ordered(array, 1) for array in (x, *arrays))
    return _run_back(ds, None, x, reserve_of(_core, arrays, len(ds)), Wx, Ws, ragged)


def _arrays_of(entries: list[Any]) -> tuple[Any, ...]:
    """Return ``states, cells, gates, tanh_c, x, Wx, Ws`` of consecutive steps' caches."""
    St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, Wx, Ws = (
        list(column) for column in zip(*entries, strict=True)
    )
    states, cells = stacked((St_prev[0], *St_next)), stacked((Ct_prev[0], *Ct_next))
    gates = np.stack([stacked(gate) for gate in (It, Ft, Gt, Ot)], axis=2)
    return states, cells, gates, np.tanh(cells[1:]), stacked(Xt), Wx[0], Ws[0]


def _run_back(
    ds: Array,
    dc: Array | None,
    x: Array,
    reserve: Array,
    Wx: Array,
    Ws: Array,
    ragged: Ragged | None = None,
) -> Gradients:
    """Return the gradients; ``dc`` (n_s, m) is that of the last cells, None for zeros."""
    _, m, T = ds.shape
    rows, source, mask = rows_or_source(ds, ragged)
    dx, d_initial, *gradients = empty_gradients(Wx, Ws, T, m, 2)
    # the core turns the gradient at the last cells into that at the first
    d_initial[1] = 0 if dc is None else padded_copy(dc)[0]
    _core.backward(
        rows, x, (Wx, Ws), reserve, (*gradients,), d_initial, dx=dx, mask=mask, source=source
    )
    return gradients_by_name(dx, d_initial, *gradients, ragged=ragged)
