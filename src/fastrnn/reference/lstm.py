"""The long short-term memory, with a forget gate.

It comes from Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997); the forget gate from
Gers, Schmidhuber and Cummins, "Learning to Forget: Continual Prediction with LSTM" (2000).

One step, s and c being the state and the cell before it, s' and c' those after it; the rows of Wx,
Ws and bs are those of the gates i (input), f (forget), g (new) and o (output), in this order::

    i  = σ(Wxi x + Wsi s + bsi)
    f  = σ(Wxf x + Wsf s + bsf)
    g  = tanh(Wxg x + Wsg s + bsg)
    o  = σ(Wxo x + Wso s + bso)
    c' = f ⊙ c + i ⊙ g
    s' = o ⊙ tanh(c')
    y  = softmax(Wy s' + by)

PyTorch has two biases, of which only the sum counts: bs = b_ih + b_hh.
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    LSTM_CACHE,
    LSTM_CACHES,
    Array,
    Cache,
    Gradients,
    Parameters,
    columns_that_count,
    lengths_of,
    of_columns,
    read_cell,
    read_cell_cache,
    read_layer,
    read_layer_caches,
    read_lengths,
)

from .activation import sigmoid
from .ends import Steps, held_past_ends, zeros_past_ends
from .output import softmax


@np.errstate(all="ignore")
def lstm_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, Ct_prev: ArrayLike, parameters_dict: Parameters
) -> tuple[Array, Array, Array, Cache]:
    """Take one step of the LSTM; the equations stand at the top of this module.

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m)
        State before it.
    Ct_prev : array_like (n_s, m)
        Cell before it.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by``
        (n_y, 1).  Gate rows in the order i, f, g, o.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step.
    Ct_next : ndarray (n_s, m)
        Cell after the step.
    Yt : ndarray (n_y, m)
        Prediction.
    cache : tuple
        ``(St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)`` for
        :func:`lstm_cell_backward`: the gates i, f, g, o, each (n_s, m).  The cache refers to the
        arrays and does not copy them: leave them as they are until the backward pass is done.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    Xt, St_prev, Ct_prev, Wx, Ws, Wy, bs, by = read_cell(
        Xt, St_prev, parameters_dict, gates=4, cells=(Ct_prev,)
    )
    ai, af, ag, ao = np.split(Wx @ Xt + Ws @ St_prev + bs, 4)

    It, Ft, Gt, Ot = sigmoid(ai), sigmoid(af), np.tanh(ag), sigmoid(ao)
    Ct_next = Ft * Ct_prev + It * Gt
    St_next = Ot * np.tanh(Ct_next)
    Yt = softmax(Wy @ St_next + by)
    cache = (St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)
    return St_next, Ct_next, Yt, cache


def lstm_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    C_0: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
) -> tuple[Array, Array, Array, Cache]:
    """Take :func:`lstm_cell_forward` through all time steps, or as many as each sequence has.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m)
        State before the first step.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by``
        (n_y, 1).  Gate rows in the order i, f, g, o.
    C_0 : array_like (n_s, m), optional
        Cell before the first step; zeros if it is left out.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x if it is
        left out.  What stands in ``X`` past an end is not looked at.

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step.  Past the end of a sequence its last state is held, so that ``S[:,
        :, -1]`` is the last state of all; that of a sequence of length 0 is its ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, zero past the end of a sequence.
    C : ndarray (n_s, m, T_x)
        Cell after every step, held past the end of a sequence as its state is.
    caches : tuple
        ``(steps, X)`` for :func:`lstm_backward`; ``steps[t]`` is the cache of step t, and
        ``steps.lengths`` the lengths.  In the columns of sequences that have ended, the cache of a
        step has ``St_next`` = ``St_prev``, and is that of one which keeps the cell: i = 0, f = 1, g
        = 0, o = 0, zeros for ``Xt``, ``Ct_next`` = ``Ct_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    X, S_0, *cells, _, _, Wy, _, _ = read_layer(
        X, S_0, parameters_dict, gates=4, cells=() if C_0 is None else (C_0,)
    )
    ends = read_lengths(lengths, X)
    inputs = zeros_past_ends(X, ends)
    n_y, n_s = Wy.shape
    _, m, T_x = X.shape

    S, C = np.empty((n_s, m, T_x), X.dtype), np.empty((n_s, m, T_x), X.dtype)
    y_pred = np.empty((n_y, m, T_x), X.dtype)
    steps, St, Ct = Steps(lengths=ends), S_0, cells[0] if cells else np.zeros_like(S_0)
    for t in range(T_x):
        _, _, Yt, cache = lstm_cell_forward(inputs[:, :, t], St, Ct, parameters_dict)
        *made, Xt, parameters_dict = cache
        made = held_past_ends(t, ends, (*made,), (St, St, Ct, Ct, 0, 1, 0, 0))
        (y_pred[:, :, t],) = held_past_ends(t, ends, (Yt,), (0,))
        S[:, :, t], C[:, :, t] = St, Ct = made[0], made[2]
        steps.append((*made, Xt, parameters_dict))
    return S, y_pred, C, (steps, X)


@np.errstate(all="ignore")
def lstm_cell_backward(ds_next: ArrayLike, dc_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from those of the state and the cell after it.

    With a the argument of σ or tanh on the rows of each gate, and dc all that reaches c'::

        dc  = dc' + ds' ⊙ o ⊙ (1 - tanh²(c'))
        dai = dc ⊙ g ⊙ i ⊙ (1 - i)          dag = dc ⊙ i ⊙ (1 - g²)
        daf = dc ⊙ c ⊙ f ⊙ (1 - f)          dao = ds' ⊙ tanh(c') ⊙ o ⊙ (1 - o)

    The gradient at c is dc ⊙ f.  The rest are the gradients of the products and sums that these
    come from.

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``, not counting what reaches it through
        ``Ct_next``.
    dc_next : array_like (n_s, m)
        Gradient of the loss with respect to ``Ct_next``, not counting what reaches it through
        ``St_next``.
    cache : tuple
        From :func:`lstm_cell_forward`, of this module or of the compiled one.

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
    ds_next, dc_next, _, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, Wx, Ws = read_cell_cache(
        ds_next, cache, LSTM_CACHE, gates=4, dc=(dc_next,)
    )
    tanh_c = np.tanh(Ct_next)

    dc = dc_next + ds_next * Ot * (1 - tanh_c**2)
    dai = dc * Gt * It * (1 - It)
    daf = dc * Ct_prev * Ft * (1 - Ft)
    dag = dc * It * (1 - Gt**2)
    dao = ds_next * tanh_c * Ot * (1 - Ot)
    da = np.concatenate((dai, daf, dag, dao))
    return {
        "dXt": Wx.T @ da,
        "ds_prev": Ws.T @ da,
        "dc_prev": dc * Ft,
        "dWx": da @ Xt.T,
        "dWs": da @ St_prev.T,
        "dbs": da.sum(axis=1, keepdims=True),
    }


@np.errstate(all="ignore")
def lstm_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through all time steps with :func:`lstm_cell_backward`, from the last to the first.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, not counting what reaches a state
        through the later ones.  Where the sequences have lengths, ``S`` holds the last state past
        an end, and the gradients there all go to that one state; for the gradients of PyTorch's
        packed sequences, which have no states there, give zeros.
    caches : tuple
        From :func:`lstm_forward`, of this module or of the compiled one.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` and ``"dc_0"`` (n_s, m), ``"dWx"`` (4 n_s, n_x),
        ``"dWs"`` (4 n_s, n_s), ``"dbs"`` (4 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or what the caches hold has the wrong type or shape.
    """
    ds, steps, X, _ = read_layer_caches(ds, caches, LSTM_CACHES, LSTM_CACHE)
    (n_s, m, T_x), n_x = ds.shape, X.shape[0]

    total = {
        "dX": np.zeros((n_x, m, T_x), ds.dtype),
        "ds_0": np.zeros((n_s, m), ds.dtype),
        "dc_0": np.zeros((n_s, m), ds.dtype),
        "dWx": np.zeros((4 * n_s, n_x), ds.dtype),
        "dWs": np.zeros((4 * n_s, n_s), ds.dtype),
        "dbs": np.zeros((4 * n_s, 1), ds.dtype),
    }
    columns = columns_that_count(lengths_of(steps, X), T_x)
    for t, on in reversed(list(enumerate(columns))):
        total["ds_0"] = ds[:, :, t] + total["ds_0"]
        step = lstm_cell_backward(
            total["ds_0"][:, on], total["dc_0"][:, on], of_columns(steps[t], on)
        )
        total["dX"][:, on, t] = step["dXt"]
        total["ds_0"][:, on], total["dc_0"][:, on] = step["ds_prev"], step["dc_prev"]
        for name in ("dWx", "dWs", "dbs"):
            total[name] += step[name]
    return total
