"""The minimal gated unit of Zhou et al., "Minimal Gated Unit for Recurrent Neural Networks" (2016).

One step, s being the state before and s' the state after it; the rows of Wx, Ws and bs are those of
f (forget) and n (new), in this order::

    f  = σ(Wxf x + Wsf s + bsf)
    n  = tanh(Wxn x + Wsn (f ⊙ s) + bsn)
    s' = (1 - f) ⊙ s + f ⊙ n
    y  = softmax(Wy s' + by)

It is a GRU whose one gate is the reset r and 1 - z at once.
"""

# The arguments are read into arrays under the names that they came with.
# mypy: allow-redefinition

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.arguments import (
    MGU,
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
def mgu_cell_forward(
    Xt: ArrayLike,
    St_prev: ArrayLike,
    parameters_dict: Parameters,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the MGU; see the equations at the top of this module.

    Arguments, results and errors are those of :func:`gru_cell_forward`, with 2 n_s rows in ``Wx``,
    ``Ws`` and ``bs``; the cache is ``(St_next, St_prev, Ft, Nt, Xt, parameters_dict)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = mgu_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> S.shape, y.shape
    ((5, 4), (2, 4))
    """
    names = check_activations(activation, recurrent_activation)
    act, gate = (one.function for one in activations(names))
    values = (Xt, St_prev, *pick_parameters(parameters_dict))
    Xt, St_prev, Wx, Ws, bs, _, Wy, by = read(MGU.step, values)
    (xf, xn), (Wsf, Wsn), (bsf, bsn) = (np.split(array, 2) for array in (Wx @ Xt, Ws, bs))
    Ft = gate(xf + Wsf @ St_prev + bsf)
    Nt = act(xn + Wsn @ (Ft * St_prev) + bsn)
    St_next = (1 - Ft) * St_prev + Ft * Nt
    Yt = output_layer(Wy, St_next, by)
    cache = cache_of(St_next, St_prev, Ft, Nt, Xt, parameters_dict)
    return St_next, Yt, make_cache(names, cache)


@quietly
def mgu_forward(
    X: ArrayLike,
    S_0: ArrayLike,
    parameters_dict: Parameters,
    lengths: ArrayLike | None = None,
    *,
    activation: str = "tanh",
    recurrent_activation: str = "sigmoid",
) -> tuple[Array, Prediction, Cache]:
    """Apply :func:`mgu_cell_forward` to all time steps of each sequence.

    Arguments, results and errors are those of :func:`gru_forward`; the caches are ``(steps, X)``.
    In the columns of sequences that have ended, the cache of a step has f = 0 and n = 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = mgu_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> S.shape, y_pred.shape
    ((5, 4, 10), (2, 4, 10))
    """
    check_activations(activation, recurrent_activation)
    step = partial(
        mgu_cell_forward, activation=activation, recurrent_activation=recurrent_activation
    )
    S, y_pred, _, caches = forward_through_time(MGU, step, X, (S_0,), parameters_dict, lengths)
    return S, y_pred, caches


@np.errstate(all="ignore")
@quietly
def mgu_cell_backward(
    ds_next: ArrayLike,
    cache: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Return the gradients of one step, from that of the state after it.

    With a the argument of σ or tanh on the rows of each gate, and q = f ⊙ s::

        dan = ds' ⊙ f ⊙ (1 - n²)        dq = Wsnᵀ dan
        daf = (ds' ⊙ (n - s) + dq ⊙ s) ⊙ f ⊙ (1 - f)

    Arguments, results and errors are those of :func:`gru_cell_backward` without ``reset_after``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y, cache = mgu_cell_forward(np.ones((3, 4)), np.zeros((5, 4)), parameters)
    >>> gradients = mgu_cell_backward(np.ones_like(S), cache)
    >>> gradients["dXt"].shape, gradients["dWs"].shape
    ((3, 4), (10, 5))
    """
    ds_next, _, St_prev, Ft, Nt, Xt, Wx, Ws = read_cell_cache(MGU, (ds_next,), cache)
    Wsf, Wsn = np.split(Ws, 2)
    act, gate = activations(activations_of(cache, activation, recurrent_activation))
    dan = ds_next * Ft * act.slope(Nt)
    dq = Wsn.T @ dan
    daf = (ds_next * (Nt - St_prev) + dq * St_prev) * gate.slope(Ft)
    da = np.concatenate((daf, dan))
    return {
        "dXt": Wx.T @ da,
        "ds_prev": ds_next * (1 - Ft) + Wsf.T @ daf + dq * Ft,
        "dWx": da @ Xt.T,
        "dWs": np.concatenate((daf @ St_prev.T, dan @ (Ft * St_prev).T)),
        "dbs": da.sum(axis=1, keepdims=True),
    }


@np.errstate(all="ignore")
@quietly
def mgu_backward(
    ds: ArrayLike,
    caches: Cache,
    *,
    activation: str | None = None,
    recurrent_activation: str | None = None,
) -> Gradients:
    """Apply :func:`mgu_cell_backward` to all time steps, from the last to the first.

    Arguments, results and errors are those of :func:`gru_backward` without ``reset_after``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {
    ...     "Wx": rng.normal(size=(10, 3)), "Ws": rng.normal(size=(10, 5)), "Wy": np.ones((2, 5)),
    ...     "bs": np.zeros((10, 1)), "by": np.zeros((2, 1)),
    ... }
    >>> S, y_pred, caches = mgu_forward(np.ones((3, 4, 10)), np.zeros((5, 4)), parameters)
    >>> gradients = mgu_backward(np.ones_like(S), caches)
    >>> gradients["dX"].shape, gradients["dWs"].shape
    ((3, 4, 10), (10, 5))
    """
    step = partial(
        mgu_cell_backward, activation=activation, recurrent_activation=recurrent_activation
    )
    return backward_through_time(MGU, step, ds, caches)
