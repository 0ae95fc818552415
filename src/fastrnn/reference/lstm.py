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

With other activations, `activation` stands for tanh and `recurrent_activation` for σ.
PyTorch has two biases, of which only the sum counts: bs = b_ih + b_hh.
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    LSTM,
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

from .activation import activations
from .sequence import backward_through_time, cache_of, forward_through_time, output_layer


@np.errstate(all="ignore")
@quietly
def lstm_cell_forward(
    Xt: ArrayLike,
    St_prev: ArrayLike,
    Ct_prev: ArrayLike,
    parameters_dict: Parameters,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Array, Prediction, Cache]:
    """Take one step of the LSTM; see the equations at the top of this module.

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m) or (n_s, 1)
        State before the step; a single column is broadcast over the batch.
    Ct_prev : array_like (n_s, m) or (n_s, 1)
        Cell before the step.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by``
        (n_y, 1).  Gate rows in the order i, f, g, o.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of g and c', and of the gates i, f and o: any of those of
        :func:`rnn_cell_forward`.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step.
    Ct_next : ndarray (n_s, m)
        Cell after the step.
    Yt : ndarray (n_y, m)
        Prediction; None without an output layer.
    cache : tuple
        ``(St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)`` for
        :func:`lstm_cell_backward`: the gates i, f, g, o, each (n_s, m).  The cache shares no memory
        with the arguments and the results, so writing to them does not change it.  The parameters
        are not copied: the backward pass uses their current values.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(20, 3)), "Ws": rng.normal(size=(20, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((20, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> zeros = np.zeros((5, 4))
    >>> S, C, y, cache = lstm_cell_forward(np.ones((3, 4)), zeros, zeros, parameters)
    >>> S.shape, C.shape, y.shape
    ((5, 4), (5, 4), (2, 4))
    """
    names = check_activations(activation, recurrent_activation)
    act, gate = (one.function for one in activations(names))
    values = (Xt, St_prev, Ct_prev, *pick_parameters(parameters_dict))
    Xt, St_prev, Ct_prev, Wx, Ws, bs, _, Wy, by = read(LSTM.step, values)
    ai, af, ag, ao = np.split(Wx @ Xt + Ws @ St_prev + bs, 4)

    It, Ft, Gt, Ot = gate(ai), gate(af), act(ag), gate(ao)
    Ct_next = Ft * Ct_prev + It * Gt
    St_next = Ot * act(Ct_next)
    Yt = output_layer(Wy, St_next, by)
    cache = cache_of(St_next, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, parameters_dict)
    return St_next, Ct_next, Yt, make_cache(names, cache)


@quietly
def lstm_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    C_0: ArrayLike | None = None,
    lengths: ArrayLike | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Array, Cache]:
    """Apply :func:`lstm_cell_forward` to all time steps of each sequence.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m) or (n_s, 1)
        State before the first step; a single column is broadcast over the batch, and ``ds_0`` then
        has a gradient for each column of the batch.
    parameters_dict : mapping
        ``Wx`` (4 n_s, n_x), ``Ws`` (4 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (4 n_s, 1), ``by``
        (n_y, 1).  Gate rows in the order i, f, g, o.
    C_0 : array_like (n_s, m) or (n_s, 1), optional
        Cell before the first step; zeros if left out.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x steps if
        left out.  ``X`` past the end of a sequence is not read.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of g and c', and of the gates i, f and o: any of those of
        :func:`rnn_cell_forward`.

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step.  Past the end of a sequence its last state is repeated, so that
        ``S[:, :, -1]`` has the last states of all sequences; that of a sequence of length 0 is its
        ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, zero past the end of a sequence; None without an output layer.
    C : ndarray (n_s, m, T_x)
        Cell after every step, held past the end of a sequence as its state is.
    caches : tuple
        ``(steps, X)`` for :func:`lstm_backward`; ``steps[t]`` is the cache of step t, and
        ``steps.lengths`` the lengths.  Writing to ``X``, ``S_0``, ``S`` or ``y_pred`` does not
        change them.  In the columns of sequences that have ended, the cache of
        a step has ``St_next`` = ``St_prev``, and is that of one which keeps the cell: i = 0, f = 1,
        g = 0, o = 0, zeros for ``Xt``, ``Ct_next`` = ``Ct_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(20, 3)), "Ws": rng.normal(size=(20, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((20, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, C, caches = lstm_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape, C.shape
    ((5, 4, 10), (2, 4, 10), (5, 4, 10))
    """
    check_activations(activation, recurrent_activation)
    step = partial(
        lstm_cell_forward, activation=activation, recurrent_activation=recurrent_activation
    )
    S, y_pred, (C,), caches = forward_through_time(
        LSTM, step, X, (S_0, C_0), parameters_dict, lengths
    )
    return S, y_pred, C, caches


@np.errstate(all="ignore")
@quietly
def lstm_cell_backward(
    ds_next: ArrayLike,
    dc_next: ArrayLike,
    cache: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of one step, from those of the state and the cell after it.

    With a the argument of σ or tanh on the rows of each gate, and dc all that reaches c';
    other activations have their own slopes in place of i ⊙ (1 - i), 1 - g² and so on::

        dc  = dc' + ds' ⊙ o ⊙ (1 - tanh²(c'))
        dai = dc ⊙ g ⊙ i ⊙ (1 - i)          dag = dc ⊙ i ⊙ (1 - g²)
        daf = dc ⊙ c ⊙ f ⊙ (1 - f)          dao = ds' ⊙ tanh(c') ⊙ o ⊙ (1 - o)

    The gradient at c is dc ⊙ f.  The rest are the gradients of the products and sums that these
    come from.

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``, without the contribution through
        ``Ct_next``.
    dc_next : array_like (n_s, m)
        Gradient of the loss with respect to ``Ct_next``, without the contribution through
        ``St_next``.
    cache : tuple
        From :func:`lstm_cell_forward`, of this module or of the compiled one.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the cache was converted to a plain
        tuple, which counts as one of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` and ``"dc_prev"`` (n_s, m), ``"dWx"`` (4 n_s, n_x),
        ``"dWs"`` (4 n_s, n_s), ``"dbs"`` (4 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next``, ``dc_next`` or an entry of the cache has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(20, 3)), "Ws": rng.normal(size=(20, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((20, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> zeros = np.zeros((5, 4))
    >>> S, C, y, cache = lstm_cell_forward(np.ones((3, 4)), zeros, zeros, parameters)
    >>> gradients = lstm_cell_backward(np.ones_like(S), np.zeros_like(C), cache)
    >>> gradients["dXt"].shape, gradients["dc_prev"].shape
    ((3, 4), (5, 4))
    """
    ds_next, dc_next, _, St_prev, Ct_next, Ct_prev, It, Ft, Gt, Ot, Xt, Wx, Ws = read_cell_cache(
        LSTM, (ds_next, dc_next), cache
    )
    act, gate = activations(activations_of(cache, activation, recurrent_activation))
    Ht = act.function(Ct_next)

    dc = dc_next + ds_next * Ot * act.slope(Ht)
    dai = dc * Gt * gate.slope(It)
    daf = dc * Ct_prev * gate.slope(Ft)
    dag = dc * It * act.slope(Gt)
    dao = ds_next * Ht * gate.slope(Ot)
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
@quietly
def lstm_backward(
    ds: ArrayLike,
    caches: Cache,
    dc_last: ArrayLike | None = None,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Apply :func:`lstm_cell_backward` to all time steps, from the last to the first.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, without the contributions through
        later states.  With fewer steps than ``S``, it is the gradient of a loss on these first
        steps only, and ``dX`` has as many steps.  Past the end of a sequence, ``S`` holds its last
        state, so the gradients there are added to that of the last state; give zeros for the
        gradients of PyTorch's packed sequences, which have no states there.
    caches : tuple
        From :func:`lstm_forward`, of this module or of the compiled one.
    dc_last : array_like (n_s, m), optional
        Gradient of the loss with respect to the cell after the last step of ``ds``, without the
        contribution through the state; zeros if left out.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the caches were converted to plain
        tuples, which count as ones of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` and ``"dc_0"`` (n_s, m), ``"dWx"`` (4 n_s, n_x),
        ``"dWs"`` (4 n_s, n_s), ``"dbs"`` (4 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or an entry of the caches has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(20, 3)), "Ws": rng.normal(size=(20, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((20, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, C, caches = lstm_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = lstm_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dc_0"].shape
    ((3, 4, 10), (5, 4))
    """
    step = partial(
        lstm_cell_backward, activation=activation, recurrent_activation=recurrent_activation
    )
    return backward_through_time(LSTM, step, ds, caches, dc_last)
