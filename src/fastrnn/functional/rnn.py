"""The tanh RNN of the functional API, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.layout import empty_gradients, padded_copy, rows_and_source, stacked
from fastrnn._core.output import softmax_of_states
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    RNN_CACHE,
    RNN_CACHES,
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
from .steps import Steps, joined

_core = Recurrence("rnn")


def rnn_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, parameters_dict: Parameters
) -> tuple[Array, Array, Cache]:
    """Take one step: s' = tanh(Wx x + Ws s + bs), y = softmax(Wy s' + by).

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m)
        State before it.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1).

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step, a view of batch-major memory.
    Yt : ndarray (n_y, m)
        Prediction, likewise.
    cache : tuple
        ``(St_next, St_prev, Xt, parameters_dict)``, for :func:`rnn_cell_backward`.  It refers to
        the arrays and does not copy them: leave them as they are until the backward pass is done.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.

    References
    ----------
    J. L. Elman, Finding Structure in Time, Cognitive Science 14, 1990.
    """
    Xt, St_prev, Wx, Ws, Wy, bs, by = plain(
        "xm sm", (Xt, St_prev), parameters_dict, gates=1
    ) or read_cell(Xt, St_prev, parameters_dict, gates=1)
    _, states, y = _run(padded_copy(Xt), St_prev, Wx, Ws, Wy, bs, by)
    St_next = states[1].T[: len(Ws)]
    return St_next, y[0].T[: len(Wy)], (St_next, St_prev, Xt, parameters_dict)


def rnn_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
) -> tuple[Array, Array, Cache]:
    """Take the step of :func:`rnn_cell_forward` through whole sequences.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m)
        State before the first step.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1).
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
    caches : tuple
        ``(steps, X)``, for :func:`rnn_backward`; ``steps[t]`` is the cache of step t, made when it
        is asked for, and ``steps.lengths`` the lengths.  In the columns of sequences that have
        ended, the cache of a step has ``St_next`` = ``St_prev`` and zeros for ``Xt``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    X, S_0, Wx, Ws, Wy, bs, by = plain("xmt sm", (X, S_0), parameters_dict, gates=1) or read_layer(
        X, S_0, parameters_dict, gates=1
    )
    n_s, n_y = len(Ws), len(Wy)
    ends = read_lengths(lengths, X)
    if ends is None:
        x, source = rows_and_source(X)
        reserve, states, y = _run(x, S_0, Wx, Ws, Wy, bs, by, source=source)
        steps = Steps(_core, reserve, x, X, parameters_dict, n_s)
        return features_first(states[1:], n_s), features_first(y, n_y), (steps, X)
    ragged = Ragged(ends, X.shape[2])
    x = ragged.ordered(readable_rows(X))
    reserve, states, y = _run(x, ragged.ordered(S_0.T).T, Wx, Ws, Wy, bs, by, ragged.mask)
    steps = Steps(_core, reserve, x, X, parameters_dict, n_s, ragged)
    S, y_pred = ragged.restored(states[1:]), ragged.restored(y)
    return features_first(S, n_s), features_first(y_pred, n_y), (steps, X)


def _run(
    x: Array,
    S_0: Array,
    Wx: Array,
    Ws: Array,
    Wy: Array,
    bs: Array,
    by: Array,
    mask: NDArray[np.uint8] | None = None,
    source: Array | None = None,
) -> tuple[Array, Array, Array]:
    """Return what the core leaves, the states in it, and the predictions, time-major.

    The source is copied into x.
    """
    T, m, _ = x.shape
    reserve = _core.reserve((S_0,), T)
    _core.forward(x, (Wx, Ws, bs), reserve, mask=mask, source=source)
    (states,) = _core.views(reserve, T, m, len(Ws))
    return reserve, states, softmax_of_states(states, 1, Wy, by, mask)


def rnn_cell_backward(ds_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With da = ds' ⊙ (1 - s'²)::

        dx = Wxᵀ da    ds = Wsᵀ da    dWx = da xᵀ    dWs = da sᵀ    dbs = Σ da

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`rnn_cell_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (n_s, n_x), ``"dWs"`` (n_s, n_s),
        ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or what the cache holds has the wrong type or shape.
    """
    arrays = plain_cache("sm sm sm xm", ds_next, cache, gates=1)
    return _backward_of_step(*arrays or read_cell_cache(ds_next, cache, RNN_CACHE, gates=1))


def _backward_of_step(
    ds_next: Array, St_next: Array, St_prev: Array, Xt: Array, Wx: Array, Ws: Array
) -> Gradients:
    states = stacked((St_prev, St_next))
    ds = ds_next[:, :, np.newaxis]
    return of_one_step(_run_back(ds, padded_copy(Xt), states.reshape(-1), Wx, Ws))


def rnn_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through a whole sequence: backpropagation through time.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, not counting what reaches a state
        through the later ones.  Where the sequences have lengths, ``S`` holds the last state past
        an end, and the gradients there all go to that one state; for the gradients of PyTorch's
        packed sequences, which have no states there, give zeros.
    caches : tuple
        From :func:`rnn_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x) and ``"ds_0"`` (n_s, m), views of time-major memory, ``"dWx"`` (n_s,
        n_x), ``"dWs"`` (n_s, n_s), ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or what the caches hold has the wrong type or shape.

    References
    ----------
    P. J. Werbos, Backpropagation through time: what it does and how to do it, Proceedings of the
    IEEE 78, 1990.
    """
    if type(caches) is tuple and len(caches) == 2 and type(caches[0]) is Steps:
        ds, Wx, Ws, reserve, x = caches[0].read(ds)
        return _run_back(ds, x, reserve, Wx, Ws, caches[0].ragged)
    return _backward_of_steps(ds, caches)


def _backward_of_steps(ds: ArrayLike, caches: Cache) -> Gradients:
    """As :func:`rnn_backward`, from a cache for each step."""
    ds, steps, X, _ = read_layer_caches(ds, caches, RNN_CACHES, RNN_CACHE)
    lengths = lengths_of(steps, X)
    entries: Any = joined(ds, steps, RNN_CACHE, gates=1) if len(steps) else None
    if entries is None:
        return sum_of_steps(ds, steps, X, lengths, RNN_CACHE, 1, _backward_of_step)
    _, St_next, St_prev, Xt, Wx, Ws = (list(column) for column in zip(*entries, strict=True))
    states = stacked((St_prev[0], *St_next))
    x, ragged = stacked(Xt), None
    if lengths is not None:
        ragged = Ragged(lengths, len(steps))
        x, states = ragged.ordered(x), ragged.ordered(states)
    return _run_back(ds, x, reserve_of(_core, [states], len(Ws[0])), Wx[0], Ws[0], ragged)


def _run_back(
    ds: Array, x: Array, reserve: Array, Wx: Array, Ws: Array, ragged: Ragged | None = None
) -> Gradients:
    _, m, T = ds.shape
    rows, source, mask = rows_or_source(ds, ragged)
    dx, ds0, *gradients = empty_gradients(Wx, Ws, T, m, 1)
    _core.backward(rows, x, (Wx, Ws), reserve, (*gradients,), ds0, dx=dx, mask=mask, source=source)
    return gradients_by_name(dx, ds0, *gradients, ragged=ragged)
