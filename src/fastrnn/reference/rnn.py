"""The simple recurrent network of Elman, "Finding Structure in Time" (1990), with tanh.

One step, s being the state before and s' the state after it::

    s' = tanh(Wx x + Ws s + bs)
    y  = softmax(Wy s' + by)
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    RNN_CACHE,
    RNN_CACHES,
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

from .ends import Steps, held_past_ends, zeros_past_ends
from .output import softmax


@np.errstate(all="ignore")
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
        State after the step.
    Yt : ndarray (n_y, m)
        Prediction.
    cache : tuple
        ``(St_next, St_prev, Xt, parameters_dict)`` for :func:`rnn_cell_backward`.  It refers to the
        arrays and does not copy them: leave them as they are until the backward pass is done.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    Xt, St_prev, Wx, Ws, Wy, bs, by = read_cell(Xt, St_prev, parameters_dict, gates=1)

    St_next = np.tanh(Wx @ Xt + Ws @ St_prev + bs)
    Yt = softmax(Wy @ St_next + by)
    return St_next, Yt, (St_next, St_prev, Xt, parameters_dict)


def rnn_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
) -> tuple[Array, Array, Cache]:
    """Take :func:`rnn_cell_forward` through all time steps, or as many as each sequence has.

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
        left out.  What stands in ``X`` past an end is not looked at.

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step.  Past the end of a sequence its last state is held, so that ``S[:,
        :, -1]`` is the last state of all; that of a sequence of length 0 is its ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, zero past the end of a sequence.
    caches : tuple
        ``(steps, X)`` for :func:`rnn_backward`; ``steps[t]`` is the cache of step t, and
        ``steps.lengths`` the lengths.  In the columns of sequences that have ended, the cache of a
        step has ``St_next`` = ``St_prev`` and zeros for ``Xt``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, or a parameter is missing.
    """
    X, S_0, _, _, Wy, _, _ = read_layer(X, S_0, parameters_dict, gates=1)
    ends = read_lengths(lengths, X)
    inputs = zeros_past_ends(X, ends)
    n_y, n_s = Wy.shape
    _, m, T_x = X.shape

    S, y_pred = np.empty((n_s, m, T_x), X.dtype), np.empty((n_y, m, T_x), X.dtype)
    steps, St = Steps(lengths=ends), S_0
    for t in range(T_x):
        St_next, Yt, cache = rnn_cell_forward(inputs[:, :, t], St, parameters_dict)
        St, y_pred[:, :, t] = held_past_ends(t, ends, (St_next, Yt), (St, 0))
        S[:, :, t] = St
        steps.append((St, *cache[1:]))
    return S, y_pred, (steps, X)


@np.errstate(all="ignore")
def rnn_cell_backward(ds_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of tanh, da = (1 - s'²) ⊙ ds'::

        dx  = Wxᵀ da      ds = Wsᵀ da
        dWx = da xᵀ       dWs = da sᵀ      dbs = Σ da over the batch

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`rnn_cell_forward`, of this module or of the compiled one.

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
    ds_next, St_next, St_prev, Xt, Wx, Ws = read_cell_cache(ds_next, cache, RNN_CACHE, gates=1)

    da = (1 - St_next**2) * ds_next
    return {
        "dXt": Wx.T @ da,
        "ds_prev": Ws.T @ da,
        "dWx": da @ Xt.T,
        "dWs": da @ St_prev.T,
        "dbs": da.sum(axis=1, keepdims=True),
    }


@np.errstate(all="ignore")
def rnn_backward(ds: ArrayLike, caches: Cache) -> Gradients:
    """Go back through all time steps with :func:`rnn_cell_backward`, from the last to the first.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, not counting what reaches a state
        through the later ones.  Where the sequences have lengths, ``S`` holds the last state past
        an end, and the gradients there all go to that one state; for the gradients of PyTorch's
        packed sequences, which have no states there, give zeros.
    caches : tuple
        From :func:`rnn_forward`, of this module or of the compiled one.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` (n_s, m), ``"dWx"`` (n_s, n_x), ``"dWs"`` (n_s, n_s),
        ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or what the caches hold has the wrong type or shape.
    """
    ds, steps, X, _ = read_layer_caches(ds, caches, RNN_CACHES, RNN_CACHE)
    (n_s, m, T_x), n_x = ds.shape, X.shape[0]

    total = {
        "dX": np.zeros((n_x, m, T_x), ds.dtype),
        "ds_0": np.zeros((n_s, m), ds.dtype),
        "dWx": np.zeros((n_s, n_x), ds.dtype),
        "dWs": np.zeros((n_s, n_s), ds.dtype),
        "dbs": np.zeros((n_s, 1), ds.dtype),
    }
    columns = columns_that_count(lengths_of(steps, X), T_x)
    for t, on in reversed(list(enumerate(columns))):
        total["ds_0"] = ds[:, :, t] + total["ds_0"]
        step = rnn_cell_backward(total["ds_0"][:, on], of_columns(steps[t], on))
        total["dX"][:, on, t], total["ds_0"][:, on] = step["dXt"], step["ds_prev"]
        for name in ("dWx", "dWs", "dbs"):
            total[name] += step[name]
    return total
