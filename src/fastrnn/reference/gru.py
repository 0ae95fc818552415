"""The gated recurrent unit, in both of its forms.

It comes from Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
Machine Translation" (2014).

One step, s being the state before and s' the state after it; the rows of Wx, Ws, bs and bx are
those of the gates r (reset), z (update) and n (new), in this order::

    r  = σ(Wxr x + bxr + Wsr s + bsr)
    z  = σ(Wxz x + bxz + Wsz s + bsz)
    n  = tanh(Wxn x + bsn + Wsn (r ⊙ s))            reset_after=False: as in the paper, without bx
    n  = tanh(Wxn x + bxn + r ⊙ (Wsn s + bsn))      reset_after=True: as in cuDNN and PyTorch
    s' = (1 - z) ⊙ n + z ⊙ s
    y  = softmax(Wy s' + by)

With other activations, `activation` stands for tanh and `recurrent_activation` for σ.

The paper's own z and 1 - z stand here as PyTorch and Keras have them.
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    GRU,
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
def gru_cell_forward(
    Xt: ArrayLike,
    St_prev: ArrayLike,
    parameters_dict: Parameters,
    reset_after: bool = False,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the GRU; see the equations at the top of this module.

    Parameters
    ----------
    Xt : array_like (n_x, m)
        Input of the step.
    St_prev : array_like (n_s, m) or (n_s, 1)
        State before the step; a single column is broadcast over the batch.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by``
        (n_y, 1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of n, and of the gates r and z: any of those of :func:`rnn_cell_forward`.

    Returns
    -------
    St_next : ndarray (n_s, m)
        State after the step.
    Yt : ndarray (n_y, m)
        Prediction; None without an output layer.
    cache : tuple
        ``(St_next, St_prev, Rt, Zt, Nt, Ht, Xt, parameters_dict)`` for :func:`gru_cell_backward`:
        the gates r, z, n, and Ht = Wsn s + bsn, each (n_s, m).  Ht is None without ``reset_after``.
        The cache shares no memory with the arguments and the results, so writing to them does not
        change it.  The parameters are not copied: the backward pass uses their current values.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = gru_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    names = check_activations(activation, recurrent_activation)
    act, gate = (one.function for one in activations(names))
    values = (Xt, St_prev, *pick_parameters(parameters_dict, input_bias=reset_after))
    Xt, St_prev, Wx, Ws, bs, bx, Wy, by = read(GRU.step, values)
    Wsr, Wsz, Wsn = np.split(Ws, 3)
    bsr, bsz, bsn = np.split(bs, 3)
    xr, xz, xn = np.split(Wx @ Xt + bx if reset_after else Wx @ Xt, 3)

    Rt = gate(xr + Wsr @ St_prev + bsr)
    Zt = gate(xz + Wsz @ St_prev + bsz)
    if reset_after:
        Ht = Wsn @ St_prev + bsn
        Nt = act(xn + Rt * Ht)
    else:
        Ht = None
        Nt = act(xn + Wsn @ (Rt * St_prev) + bsn)
    St_next = (1 - Zt) * Nt + Zt * St_prev
    Yt = output_layer(Wy, St_next, by)
    cache = cache_of(St_next, St_prev, Rt, Zt, Nt, Ht, Xt, parameters_dict)
    return St_next, Yt, make_cache(names, cache)


@quietly
def gru_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    reset_after: bool = False,
    lengths: ArrayLike | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Apply :func:`gru_cell_forward` to all time steps of each sequence.

    Parameters
    ----------
    X : array_like (n_x, m, T_x)
        Inputs.
    S_0 : array_like (n_s, m) or (n_s, 1)
        State before the first step; a single column is broadcast over the batch, and ``ds_0`` then
        has a gradient for each column of the batch.
    parameters_dict : mapping
        ``Wx`` (3 n_s, n_x), ``Ws`` (3 n_s, n_s), ``Wy`` (n_y, n_s), ``bs`` (3 n_s, 1), ``by``
        (n_y, 1), and with ``reset_after`` also ``bx`` (3 n_s, 1).  Gate rows in the order r, z, n.
    reset_after : bool
        Whether r acts on Wsn s + bsn, after the product, or on s, before it.
    lengths : array_like of int (m,), optional
        How many steps each sequence of the batch has, 0 to T_x, in any order; all have T_x steps if
        left out.  ``X`` past the end of a sequence is not read.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        The functions of n, and of the gates r and z: any of those of :func:`rnn_cell_forward`.

    Returns
    -------
    S : ndarray (n_s, m, T_x)
        State after every step.  Past the end of a sequence its last state is repeated, so that
        ``S[:, :, -1]`` has the last states of all sequences; that of a sequence of length 0 is its
        ``S_0``.
    y_pred : ndarray (n_y, m, T_x)
        Prediction of every step, zero past the end of a sequence; None without an output layer.
    caches : tuple
        ``(steps, X, reset_after)`` for :func:`gru_backward`; ``steps[t]`` is the cache of step t,
        and ``steps.lengths`` the lengths.  Writing to ``X``, ``S_0``, ``S`` or ``y_pred`` does not
        change them.  In the columns of sequences that have ended, the cache is that of a step that
        keeps the state: r = 0, z = 1, n = 0, zeros for ``Ht`` and ``Xt``, ``St_next`` =
        ``St_prev``.

    Raises
    ------
    TypeError, ValueError, KeyError
        If an argument has the wrong type, an array the wrong shape, a parameter is missing, or
        there is no such activation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = gru_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    check_activations(activation, recurrent_activation)
    step = partial(
        gru_cell_forward,
        reset_after=reset_after,
        activation=activation,
        recurrent_activation=recurrent_activation,
    )
    S, y_pred, _, caches = forward_through_time(
        GRU,
        step,
        X,
        (S_0,),
        parameters_dict,
        lengths,
        input_bias=reset_after,
    )
    return S, y_pred, (*caches, bool(reset_after))


@np.errstate(all="ignore")
@quietly
def gru_cell_backward(
    ds_next: ArrayLike,
    cache: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of σ or tanh on the rows of each gate; other activations have their own
    slopes in place of z ⊙ (1 - z), r ⊙ (1 - r) and 1 - n²::

        dz = ds' ⊙ (s - n)        daz = dz ⊙ z ⊙ (1 - z)
        dn = ds' ⊙ (1 - z)        dan = dn ⊙ (1 - n²)
                                  dar = dr ⊙ r ⊙ (1 - r)

        reset_after=True:    h = Wsn s + bsn    dh = dan ⊙ r    dr = dan ⊙ h
        reset_after=False:   q = r ⊙ s          dq = Wsnᵀ dan   dr = dq ⊙ s

    The rest are the gradients of the products and sums that these come from.

    Parameters
    ----------
    ds_next : array_like (n_s, m)
        Gradient of the loss with respect to ``St_next``.
    cache : tuple
        From :func:`gru_cell_forward`, of this module or of the compiled one.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the cache was converted to a plain
        tuple, which counts as one of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dXt"`` (n_x, m), ``"ds_prev"`` (n_s, m), ``"dWx"`` (3 n_s, n_x), ``"dWs"`` (3 n_s, n_s),
        ``"dbs"`` (3 n_s, 1), and of a step with ``reset_after`` also ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds_next`` or an entry of the cache has the wrong type or shape.

    Examples
    --------
    >>> Wx, Ws = np.ones((15, 3)), np.ones((15, 5))
    >>> parameters = {"Wx": Wx, "Ws": Ws, "bs": np.zeros((15, 1))}
    >>> S, y, cache = gru_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = gru_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (15, 5))
    """
    ds_next, _, St_prev, Rt, Zt, Nt, Ht, Xt, Wx, Ws = read_cell_cache(GRU, (ds_next,), cache)
    Wsr, Wsz, Wsn = np.split(Ws, 3)
    reset_after = Ht is not None
    names = activations_of(cache, activation, recurrent_activation)
    act_slope, gate_slope = (one.slope for one in activations(names))

    daz = ds_next * (St_prev - Nt) * gate_slope(Zt)
    dan = ds_next * (1 - Zt) * act_slope(Nt)
    if reset_after:
        dh = dan * Rt
        dar = dan * Ht * gate_slope(Rt)
        ds_new, dWsn, dbsn = Wsn.T @ dh, dh @ St_prev.T, dh
    else:
        dq = Wsn.T @ dan
        dar = dq * St_prev * gate_slope(Rt)
        ds_new, dWsn, dbsn = dq * Rt, dan @ (Rt * St_prev).T, dan

    da = np.concatenate((dar, daz, dan))
    gradients = {
        "dXt": Wx.T @ da,
        "ds_prev": ds_next * Zt + Wsr.T @ dar + Wsz.T @ daz + ds_new,
        "dWx": da @ Xt.T,
        "dWs": np.concatenate((dar @ St_prev.T, daz @ St_prev.T, dWsn)),
        "dbs": np.concatenate((dar, daz, dbsn)).sum(axis=1, keepdims=True),
    }
    if reset_after:
        gradients["dbx"] = da.sum(axis=1, keepdims=True)
    return gradients


@np.errstate(all="ignore")
@quietly
def gru_backward(
    ds: ArrayLike,
    caches: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Apply :func:`gru_cell_backward` to all time steps, from the last to the first.

    Parameters
    ----------
    ds : array_like (n_s, m, T_x)
        Gradient of the loss with respect to every state in ``S``, without the contributions through
        later states.  With fewer steps than ``S``, it is the gradient of a loss on these first
        steps only, and ``dX`` has as many steps.  Past the end of a sequence, ``S`` holds its last
        state, so the gradients there are added to that of the last state; give zeros for the
        gradients of PyTorch's packed sequences, which have no states there.
    caches : tuple
        From :func:`gru_forward`, of this module or of the compiled one.
    activation, recurrent_activation : str, optional
        Those of the forward pass.  They may be left out, unless the caches were converted to plain
        tuples, which count as ones of tanh and sigmoid.

    Returns
    -------
    dict
        ``"dX"`` (n_x, m, T_x), ``"ds_0"`` (n_s, m), ``"dWx"`` (3 n_s, n_x), ``"dWs"`` (3 n_s, n_s),
        ``"dbs"`` (3 n_s, 1), and with ``reset_after`` also ``"dbx"`` (3 n_s, 1).

    Raises
    ------
    TypeError, ValueError
        If ``ds`` or an entry of the caches has the wrong type or shape.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(15, 3)), "Ws": rng.normal(size=(15, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((15, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = gru_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = gru_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (15, 5))
    """
    step = partial(
        gru_cell_backward, activation=activation, recurrent_activation=recurrent_activation
    )
    return backward_through_time(GRU, step, ds, caches)
