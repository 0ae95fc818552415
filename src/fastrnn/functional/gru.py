"""The GRU of the functional API, compiled, in both of its forms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.layout import empty_gradients, padded_copy, rows_and_source, stacked
from fastrnn._core.output import softmax_of_states
from fastrnn._core.recurrence import Recurrence
from fastrnn.arguments import (
    GRU_CACHE,
    GRU_CACHES,
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
from .steps import GRUSteps, joined

#: By whether the reset comes after the product.
_CORES = (Recurrence("gru"), Recurrence("gru_reset_after"))


def gru_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, parameters_dict: Parameters, reset_after: bool = False
) -> tuple[Array, Array, Cache]:
    """Take one step of the GRU.

    With r, z = σ(Wx x + bx + Ws s + bs) on their rows, s' = (1 - z) ⊙ n + z ⊙ s and y = softmax(Wy
    s' + by)::

        n = tanh(Wxn x + bsn + Wsn (r ⊙ s))            reset_after=False, without bx
        n = tanh(Wxn x + bxn + r ⊙ (Wsn s + bsn))      reset_after=True

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m)
        State before it.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by`` (n_y,
        1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step, a view of batch-major memory.
    Yt : ndarray (n_y, m)
        Prediction, likewise.
    cache : tuple
        ``(St_next, St_prev, Rt, Zt, Nt, Ht, Xt, parameters_dict)``, for :func:`gru_cell_backward`:
        the gates r, z, n, and Ht = Wsn s + bsn, each (n_s, m).  Ht is None without ``reset_after``,
        and so tells the forms apart.  The cache refers to the arrays and does not copy them: leave
        them as they are until the backward pass is done.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.

    References ---------- K. Cho et al., Learning Phrase Representations using RNN Encoder-Decoder
    for Statistical Machine Translation, EMNLP 2014.
    """
    Xt, St_prev, *weights = plain(
        "xm sm", (Xt, St_prev), parameters_dict, gates=3, input_bias=reset_after
    ) or read_cell(Xt, St_prev, parameters_dict, gates=3, input_bias=reset_after)
    _, (states, gates, hidden), y = _run(padded_copy(Xt), St_prev, *weights)
    n_s = len(St_prev)
    St_next = states[1].T[:n_s]
    Rt, Zt, Nt = gates[0].transpose(1, 2, 0)[:, :n_s]
    Ht = hidden[0].T[:n_s] if reset_after else None
    cache = (St_next, St_prev, Rt, Zt, Nt, Ht, Xt, parameters_dict)
    return St_next, y[0].T[: len(weights[2])], cache


def gru_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    reset_after: bool = False,
    lengths: ArrayLike | None = None,
) -> tuple[Array, Array, Cache]:
    """Take the step of :func:`gru_cell_forward` through whole sequences.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m)
        State before the first step.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by`` (n_y,
        1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.
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
        ``(steps, X, reset_after)``, for :func:`gru_backward`; ``steps[t]`` is the cache of step t,
        made when it is asked for, and ``steps.lengths`` the lengths.  In the columns of sequences
        that have ended, the cache of a step is that of one which keeps the state: r = 0, z = 1, n =
        0, zeros for ``Ht`` and ``Xt``, ``St_next`` = ``St_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    X, S_0, *weights = plain(
        "xmt sm", (X, S_0), parameters_dict, gates=3, input_bias=reset_after
    ) or read_layer(X, S_0, parameters_dict, gates=3, input_bias=reset_after)
    reset_after = bool(reset_after)
    core, n_s, n_y = _CORES[reset_after], len(S_0), len(weights[2])
    ends = read_lengths(lengths, X)
    if ends is None:
        x, source = rows_and_source(X)
        reserve, (states, *_), y = _run(x, S_0, *weights, source=source)
        steps = GRUSteps(core, reserve, x, X, parameters_dict, n_s, reset_after=reset_after)
        S, y_pred = features_first(states[1:], n_s), features_first(y, n_y)
        return S, y_pred, (steps, X, reset_after)
    ragged = Ragged(ends, X.shape[2])
    x = ragged.ordered(readable_rows(X))
    reserve, (states, *_), y = _run(x, ragged.ordered(S_0.T).T, *weights, mask=ragged.mask)
    steps = GRUSteps(core, reserve, x, X, parameters_dict, n_s, ragged, reset_after=reset_after)
    S, y_pred = ragged.restored(states[1:]), ragged.restored(y)
    return features_first(S, n_s), features_first(y_pred, n_y), (steps, X, reset_after)


def _run(
    x: Array,
    S_0: Array,
    Wx: Array,
    Ws: Array,
    Wy: Array,
    bs: Array,
    by: Array,
    *bx: Array,
    mask: NDArray[np.uint8] | None = None,
    source: Array | None = None,
) -> tuple[Array, list[Array], Array]:
    """Return what the core leaves; states, gates and ``hidden`` in it; predictions, time-major.

    The source is copied into x.
    """
    (T, m, _), core = x.shape, _CORES[len(bx)]
    reserve = core.reserve((S_0,), T)
    core.forward(x, (Wx, Ws, bs, *bx), reserve, mask=mask, source=source)
    arrays = core.views(reserve, T, m, len(S_0))
    return reserve, arrays, softmax_of_states(arrays[0], 1, Wy, by, mask)


def gru_cell_backward(ds_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of σ or tanh on the rows of each gate::

        dz = ds' ⊙ (s - n)        daz = dz ⊙ z ⊙ (1 - z)
        dn = ds' ⊙ (1 - z)        dan = dn ⊙ (1 - n²)
                                  dar = dr ⊙ r ⊙ (1 - r)

        reset_after=True:    h = Wsn s + bsn    dh = dan ⊙ r    dr = dan ⊙ h
        reset_after=False:   q = r ⊙ s          dq = Wsnᵀ dan   dr = dq ⊙ s

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`gru_cell_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (3 n_s, n_x), ``"dWs"`` (3 n_s, n_s),
        ``"dbs"`` (3 n_s, 1), and of a step with ``reset_after`` also ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or what the cache holds has the wrong type or shape.
    """
    arrays = plain_cache("sm sm sm sm sm sm ?sm xm", ds_next, cache, gates=3)
    return _backward_of_step(*arrays or read_cell_cache(ds_next, cache, GRU_CACHE, gates=3))


def _backward_of_step(ds_next: Array, *entries: Any) -> Gradients:
    *arrays, x, Wx, Ws, reset_after = _arrays_of([entries])
    reserve = reserve_of(_CORES[reset_after], arrays, len(ds_next))
    return of_one_step(_run_back(ds_next[:, :, np.newaxis], x, reserve, Wx, Ws, reset_after))


def gru_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through a whole sequence: backpropagation through time.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, not counting what reaches a state
        through the later ones.  Where the sequences have lengths, ``S`` holds the last state past
        an end, and the gradients there all go to that one state; for the gradients of PyTorch's
        packed sequences, which have no states there, give zeros.
    caches : tuple
        From :func:`gru_forward`, of this package or of :mod:`fastrnn.reference`.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x) and ``"ds_0"`` (n_s, m), views of time-major memory, ``"dWx"`` (3
        n_s, n_x), ``"dWs"`` (3 n_s, n_s), ``"dbs"`` (3 n_s, 1), and with ``reset_after`` also
        ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or what the caches hold has the wrong type or shape.
    """
    if type(caches) is tuple and len(caches) == 3 and type(caches[0]) is GRUSteps:
        steps = caches[0]
        ds, Wx, Ws, reserve, x = steps.read(ds)
        return _run_back(ds, x, reserve, Wx, Ws, steps.reset_after, steps.ragged)
    return _backward_of_steps(ds, caches)


def _backward_of_steps(ds: ArrayLike, caches: Cache) -> Gradients:
    """As :func:`gru_backward`, from a cache for each step."""
    ds, steps, X, reset_after = read_layer_caches(ds, caches, GRU_CACHES, GRU_CACHE)
    lengths = lengths_of(steps, X)
    entries = joined(ds, steps, GRU_CACHE, gates=3) if len(steps) else None
    if entries is None:
        return sum_of_steps(ds, steps, X, lengths, GRU_CACHE, 3, _backward_of_step, reset_after)
    *arrays, x, Wx, Ws, _ = _arrays_of([entry[1:] for entry in entries])
    ragged = None
    if lengths is not None:
        ragged = Ragged(lengths, len(steps))
        x, *arrays = (ragged.ordered(array, 1) for array in (x, *arrays))
    reserve = reserve_of(_CORES[reset_after], arrays, len(ds))
    return _run_back(ds, x, reserve, Wx, Ws, reset_after, ragged)


def _arrays_of(entries: list[Any]) -> tuple[Any, ...]:
    """Return ``states, gates, hidden, x, Wx, Ws, reset_after`` of consecutive steps' caches."""
    St_next, St_prev, Rt, Zt, Nt, Ht, Xt, Wx, Ws = (
        list(column) for column in zip(*entries, strict=True)
    )
    states = stacked((St_prev[0], *St_next))
    gates = np.stack([stacked(gate) for gate in (Rt, Zt, Nt)], axis=2)
    reset_after = Ht[0] is not None
    hidden = stacked(Ht if reset_after else [r * s for r, s in zip(Rt, St_prev, strict=True)])
    return states, gates, hidden, stacked(Xt), Wx[0], Ws[0], reset_after


def _run_back(
    ds: Array,
    x: Array,
    reserve: Array,
    Wx: Array,
    Ws: Array,
    reset_after: bool,
    ragged: Ragged | None = None,
) -> Gradients:
    _, m, T = ds.shape
    rows, source, mask = rows_or_source(ds, ragged)
    dx, ds0, *gradients = empty_gradients(Wx, Ws, T, m, 1, reset_after)
    _CORES[reset_after].backward(
        rows, x, (Wx, Ws), reserve, (*gradients,), ds0, dx=dx, mask=mask, source=source
    )
    return gradients_by_name(dx, ds0, *gradients, ragged=ragged)
