"""The simple recurrent network of Elman, "Finding Structure in Time" (1990), with tanh.

One step, s being the state before and s' the state after it::

    s' = tanh(Wx x + Ws s + bs)
    y  = softmax(Wy s' + by)
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    RNN,
    Array,
    Cache,
    Gradients,
    Parameters,
    Prediction,
    activations_of,
    check_activations,
    make_cache,
    pick_parameters,
    read,
    read_cell_cache,
)
from fastrnn.arithmetic import quietly

from .activation import ACTIVATIONS
from .sequence import backward_through_time, cache_of, forward_through_time, output_layer


@np.errstate(all="ignore")
@quietly
def rnn_cell_forward(
    Xt: ArrayLike, St_prev: ArrayLike, parameters_dict: Parameters, activation: str = "tanh"
) -> tuple[Array, Prediction, Cache]:
    """Take one step: s' = tanh(Wx x + Ws s + bs), y = softmax(Wy s' + by).

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m) or (n_s, 1)
        State before the step; a single column is broadcast over the batch.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1). A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    activation : {"tanh", "relu", "sigmoid", "linear", "hard_sigmoid", ...}
        The function of the new state, as ``nonlinearity`` of PyTorch's RNN; also "softsign", "elu",
        "selu", "softplus", "exponential", and Keras 2's hard sigmoid, "hard_sigmoid_keras2".

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step.
    Yt : ndarray (n_y, m)
        Prediction; None without an output layer.
    cache : tuple
        ``(St_next, St_prev, Xt, parameters_dict)`` for :func:`rnn_cell_backward`.  The cache shares
        no memory with the arguments and the results, so writing to them does not change it.  The
        parameters are not copied: the backward pass uses their current values.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = rnn_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    names = check_activations(activation)
    values = (Xt, St_prev, *pick_parameters(parameters_dict))
    Xt, St_prev, Wx, Ws, bs, _, Wy, by = read(RNN.step, values)

    St_next = ACTIVATIONS[activation].function(Wx @ Xt + Ws @ St_prev + bs)
    Yt = output_layer(Wy, St_next, by)
    cache = make_cache(names, cache_of(St_next, St_prev, Xt, parameters_dict))
    return St_next, Yt, cache


@quietly
def rnn_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
    activation: str = "tanh",
) -> tuple[Array, Prediction, Cache]:
    """Apply :func:`rnn_cell_forward` to all time steps of each sequence.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m) or (n_s, 1)
        State before the first step; a single column is broadcast over the batch, and ``ds_0`` then
        has a gradient for each column of the batch.
    parameters_dict : mapping
        ``Wx`` (n_s, n_x), ``Ws`` (n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (n_s, 1), ``by`` (n_y, 1). A
        bias may also be (n,) or a scalar.  Without ``Wy`` and ``by`` there is no output layer.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x steps if
        left out.  ``X`` past the end of a sequence is not read.
    activation : {"tanh", "relu", "sigmoid", "linear", "hard_sigmoid", ...}
        The function of the new state, as ``nonlinearity`` of PyTorch's RNN; also "softsign", "elu",
        "selu", "softplus", "exponential", and Keras 2's hard sigmoid, "hard_sigmoid_keras2".

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step.  Past the end of a sequence its last state is repeated, so that
        ``S[:, :, -1]`` has the last states of all sequences; that of a sequence of length 0 is its
        ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, zero past the end of a sequence; None without an output layer.
    caches : tuple
        ``(steps, X)`` for :func:`rnn_backward`; ``steps[t]`` is the cache of step t, and
        ``steps.lengths`` the lengths.  Writing to ``X``, ``S_0``, ``S`` or ``y_pred`` does not
        change them.  In the columns of sequences that have ended, the cache of
        a step has ``St_next`` = ``St_prev`` and zeros for ``Xt``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = rnn_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    S, y_pred, _, caches = forward_through_time(
        RNN,
        partial(rnn_cell_forward, activation=check_activations(activation)[0]),
        X,
        (S_0,),
        parameters_dict,
        lengths,
    )
    return S, y_pred, caches


@np.errstate(all="ignore")
@quietly
def rnn_cell_backward(ds_next: ArrayLike, cache: Cache, activation: str | None = None) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of tanh, da = (1 - s'²) ⊙ ds'; another activation has its own slope::

        dx  = Wxᵀ da      ds = Wsᵀ da
        dWx = da xᵀ       dWs = da sᵀ      dbs = Σ da over the batch

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`rnn_cell_forward`, of this module or of the compiled one.
    activation : str, optional
        That of the forward pass.  It may be left out, unless the cache was converted to a plain
        tuple, which counts as one of tanh.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (n_s, n_x), ``"dWs"`` (n_s, n_s),
        ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or an entry of the cache has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = rnn_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = rnn_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (5, 5))
    """
    ds_next, St_next, St_prev, Xt, Wx, Ws = read_cell_cache(RNN, (ds_next,), cache)

    name, _ = activations_of(cache, activation)
    da = ACTIVATIONS[name].slope(St_next) * ds_next
    return {
        "dXt": Wx.T @ da,
        "ds_prev": Ws.T @ da,
        "dWx": da @ Xt.T,
        "dWs": da @ St_prev.T,
        "dbs": da.sum(axis=1, keepdims=True),
    }


@np.errstate(all="ignore")
@quietly
def rnn_backward(ds: ArrayLike, caches: Cache, activation: str | None = None) -> Gradients:
    """Apply :func:`rnn_cell_backward` to all time steps, from the last to the first.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, without the contributions through
        later states.  With fewer steps than ``S``, it is the gradient of a loss on these first
        steps only, and ``dX`` has as many steps.  Past the end of a sequence, ``S`` holds its last
        state, so the gradients there are added to that of the last state; give zeros for the
        gradients of PyTorch's packed sequences, which have no states there.
    caches : tuple
        From :func:`rnn_forward`, of this module or of the compiled one.
    activation : str, optional
        That of the forward pass.  It may be left out, unless the caches were converted to plain
        tuples, which count as ones of tanh.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` (n_s, m), ``"dWx"`` (n_s, n_x), ``"dWs"`` (n_s, n_s),
        ``"dbs"`` (n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or an entry of the caches has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(5, 3)), "Ws": rng.normal(size=(5, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((5, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = rnn_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = rnn_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (5, 5))
    """
    return backward_through_time(RNN, partial(rnn_cell_backward, activation=activation), ds, caches)
