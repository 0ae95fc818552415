"""The functions of ``rnn_layers.py`` of Stanford's CS231n, compiled.

Arrays are batch first and features last: ``x`` (N, T, D), ``h`` (N, T, H); weights multiply from
the right, ``Wx`` (D, H) and ``Wh`` (H, H), in an LSTM (D, 4H) and (H, 4H) with the columns of the
gates in the order i, f, o, g.  Caches are only for the backward functions; their content is that of
the functional API.

Examples
--------
>>> import numpy as np
>>> from fastrnn.notebooks.cs231n import rnn_backward, rnn_forward
>>> rng = np.random.default_rng(0)
>>> x, h0 = rng.standard_normal((2, 10, 3)), np.zeros((2, 5))
>>> Wx, Wh, b = rng.standard_normal((3, 5)), rng.standard_normal((5, 5)), np.zeros(5)
>>> h, cache = rnn_forward(x, h0, Wx, Wh, b)
>>> dx, dh0, dWx, dWh, db = rnn_backward(np.ones_like(h), cache)
>>> h.shape, dWx.shape, db.shape
((2, 10, 5), (3, 5), (5,))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastrnn import functional
from fastrnn.arguments import Array, Cache, read_arrays

from .affine import affine_backward, affine_forward
from .axes import batch_first, features_first, ranked
from .coursera import sigmoid as sigmoid
from .temporal import (
    temporal_affine_backward,
    temporal_affine_forward,
    temporal_softmax_loss,
    word_embedding_backward,
    word_embedding_forward,
)
from .words import in_words

__all__ = [
    "affine_backward",
    "affine_forward",
    "lstm_backward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step_backward",
    "rnn_step_forward",
    "sigmoid",
    "temporal_affine_backward",
    "temporal_affine_forward",
    "temporal_softmax_loss",
    "word_embedding_backward",
    "word_embedding_forward",
]

_WORDS = {
    "St_prev": "prev_h",
    "Ct_prev": "prev_c",
    "Xt": "x",
    "X": "x",
    "S_0": "h0",
    "Ws": "Wh",
    "bs": "b",
    "ds_next": "dnext_h",
    "dc_next": "dnext_c",
    "ds": "dh",
    "n_s": "H",
    "n_x": "D",
    "T_x": "T",
    "m": "N",
}


def _parameters(Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike, gates: int = 1) -> dict[str, Array]:
    """Return the weights as rows, in the functional API's order of gates."""
    Wx, Wh, b = read_arrays(("Wx", "Wh", "b"), (Wx, Wh, b))
    H = Wh.shape[0] if Wh.ndim == 2 else 0
    D = Wx.shape[0] if Wx.ndim == 2 else 0
    columns = "H" if gates == 1 else f"{gates} H"
    _expect("Wh", Wh, f"(H, {columns})", (H, gates * H))
    _expect("Wx", Wx, f"(D, {columns})", (D, gates * H))
    _expect("b", b, f"({columns},)", (gates * H,))
    if gates == 1:
        return {"Wx": Wx.T, "Ws": Wh.T, "bs": b[:, np.newaxis]}
    return {
        "Wx": _exchanged(Wx.T, H),
        "Ws": _exchanged(Wh.T, H),
        "bs": _exchanged(b[:, np.newaxis], H),
    }


def _exchanged(rows: Array, H: int) -> Array:
    """Return rows of gates with the last two gates exchanged: i, f, o, g to i, f, g, o or back."""
    return np.concatenate((rows[: 2 * H], rows[3 * H :], rows[2 * H : 3 * H]))


def _expect(name: str, array: Array, symbols: str, shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {symbols} = {shape}")


def _inputs(
    x: ArrayLike, axes: str, weights: dict[str, Array], **states: ArrayLike
) -> tuple[Any, ...]:
    """Return the checked input and previous states, features first."""
    rows = ranked("x", x, axes)
    D, H = weights["Wx"].shape[1], weights["Ws"].shape[1]
    _expect("x", rows, f"({', '.join(axes)})", (*rows.shape[:-1], D))
    arrays = [rows.T if rows.ndim == 2 else rows.transpose(2, 0, 1)]
    for name, value in states.items():
        state = ranked(name, value, "NH")
        _expect(name, state, "(N, H)", (len(rows), H))
        arrays.append(state.T)
    return tuple(arrays)


def _step_gradients(cache: Any, **gradients: ArrayLike) -> tuple[Any, ...]:
    """Return the checked gradients of a step, features first."""
    arrays = []
    for name, value in gradients.items():
        array = ranked(name, value, "NH")
        if isinstance(cache, tuple) and cache and isinstance(cache[0], np.ndarray):
            _expect(name, array, "(N, H)", cache[0].shape[::-1])
        arrays.append(array.T)
    return tuple(arrays)


# The RNN ------------------------------------------------------------------------------------------


@in_words(_WORDS)
def rnn_step_forward(
    x: ArrayLike, prev_h: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike
) -> tuple[Array, Cache]:
    """Take one step: h' = tanh(x Wx + h Wh + b).

    Parameters
    ----------
    x : array_like (N, D)
    prev_h : array_like (N, H)
    Wx, Wh, b : array_like (D, H), (H, H), (H,)

    Returns
    -------
    next_h : ndarray (N, H)
    cache : tuple
        For :func:`rnn_step_backward`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 5)), rng.standard_normal((5, 5)), np.zeros(5)
    >>> next_h, cache = rnn_step_forward(np.ones((2, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> next_h.shape
    (2, 5)
    """
    weights = _parameters(Wx, Wh, b)
    Xt, St_prev = _inputs(x, "ND", weights, prev_h=prev_h)
    next_h, _, cache = functional.rnn_cell_forward(Xt, St_prev, weights)
    return next_h.T, cache


@in_words(_WORDS)
def rnn_step_backward(dnext_h: ArrayLike, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients of one step.

    Parameters
    ----------
    dnext_h : array_like (N, H)
    cache : tuple
        From :func:`rnn_step_forward`.

    Returns
    -------
    dx, dprev_h, dWx, dWh, db : ndarray (N, D), (N, H), (D, H), (H, H), (H,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 5)), rng.standard_normal((5, 5)), np.zeros(5)
    >>> next_h, cache = rnn_step_forward(np.ones((2, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> dx, dprev_h, dWx, dWh, db = rnn_step_backward(np.ones_like(next_h), cache)
    >>> dx.shape, dWx.shape, db.shape
    ((2, 3), (3, 5), (5,))
    """
    found = functional.rnn_cell_backward(_step_gradients(cache, dnext_h=dnext_h)[0], cache)
    return found["dXt"].T, found["ds_prev"].T, found["dWx"].T, found["dWs"].T, found["dbs"][:, 0]


@in_words(_WORDS)
def rnn_forward(
    x: ArrayLike, h0: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike
) -> tuple[Array, Cache]:
    """Apply :func:`rnn_step_forward` to all steps.

    Parameters
    ----------
    x : array_like (N, T, D)
    h0 : array_like (N, H)
    Wx, Wh, b : array_like (D, H), (H, H), (H,)

    Returns
    -------
    h : ndarray (N, T, H)
    cache : tuple
        For :func:`rnn_backward`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 5)), rng.standard_normal((5, 5)), np.zeros(5)
    >>> h, cache = rnn_forward(np.ones((2, 10, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> h.shape
    (2, 10, 5)
    """
    weights = _parameters(Wx, Wh, b)
    X, S_0 = _inputs(x, "NTD", weights, h0=h0)
    h, _, cache = functional.rnn_forward(X, S_0, weights)
    return batch_first(h), cache


@in_words(_WORDS)
def rnn_backward(dh: ArrayLike, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients of all steps.

    Parameters
    ----------
    dh : array_like (N, T, H)
        Gradient of the loss with respect to every state in ``h``.
    cache : tuple
        From :func:`rnn_forward`.

    Returns
    -------
    dx, dh0, dWx, dWh, db : ndarray (N, T, D), (N, H), (D, H), (H, H), (H,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 5)), rng.standard_normal((5, 5)), np.zeros(5)
    >>> h, cache = rnn_forward(np.ones((2, 10, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> dx, dh0, dWx, dWh, db = rnn_backward(np.ones_like(h), cache)
    >>> dx.shape, dWx.shape, db.shape
    ((2, 10, 3), (3, 5), (5,))
    """
    found = functional.rnn_backward(features_first("dh", dh, "H"), cache)
    dx, dh0 = batch_first(found["dX"]), found["ds_0"].T
    return dx, dh0, found["dWx"].T, found["dWs"].T, found["dbs"][:, 0]


# The LSTM -----------------------------------------------------------------------------------------


@in_words(_WORDS)
def lstm_step_forward(
    x: ArrayLike,
    prev_h: ArrayLike,
    prev_c: ArrayLike,
    Wx: ArrayLike,
    Wh: ArrayLike,
    b: ArrayLike,
) -> tuple[Array, Array, Cache]:
    """Take one step of the LSTM.

    Parameters
    ----------
    x : array_like (N, D)
    prev_h, prev_c : array_like (N, H)
    Wx, Wh, b : array_like (D, 4H), (H, 4H), (4H,)
        Columns of the gates in the order i, f, o, g.

    Returns
    -------
    next_h, next_c : ndarray (N, H)
    cache : tuple
        For :func:`lstm_step_backward`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 20)), rng.standard_normal((5, 20)), np.zeros(20)
    >>> prev_h, prev_c = np.zeros((2, 5)), np.zeros((2, 5))
    >>> next_h, next_c, cache = lstm_step_forward(np.ones((2, 3)), prev_h, prev_c, Wx, Wh, b)
    >>> next_h.shape, next_c.shape
    ((2, 5), (2, 5))
    """
    weights = _parameters(Wx, Wh, b, gates=4)
    Xt, St_prev, Ct_prev = _inputs(x, "ND", weights, prev_h=prev_h, prev_c=prev_c)
    next_h, next_c, _, cache = functional.lstm_cell_forward(Xt, St_prev, Ct_prev, weights)
    return next_h.T, next_c.T, cache


@in_words(_WORDS)
def lstm_step_backward(
    dnext_h: ArrayLike, dnext_c: ArrayLike, cache: Cache
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return the gradients of one step of the LSTM.

    Parameters
    ----------
    dnext_h, dnext_c : array_like (N, H)
    cache : tuple
        From :func:`lstm_step_forward`.

    Returns
    -------
    dx, dprev_h, dprev_c, dWx, dWh, db : ndarray
        (N, D), (N, H), (N, H), (D, 4H), (H, 4H), (4H,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 20)), rng.standard_normal((5, 20)), np.zeros(20)
    >>> prev_h, prev_c = np.zeros((2, 5)), np.zeros((2, 5))
    >>> next_h, next_c, cache = lstm_step_forward(np.ones((2, 3)), prev_h, prev_c, Wx, Wh, b)
    >>> gradients = lstm_step_backward(np.ones_like(next_h), np.zeros_like(next_c), cache)
    >>> [gradient.shape for gradient in gradients]
    [(2, 3), (2, 5), (2, 5), (3, 20), (5, 20), (20,)]
    """
    dh, dc = _step_gradients(cache, dnext_h=dnext_h, dnext_c=dnext_c)
    found = functional.lstm_cell_backward(dh, dc, cache)
    of_states = found["ds_prev"].T, found["dc_prev"].T
    return found["dXt"].T, *of_states, *_of_weights(found)


@in_words(_WORDS)
def lstm_forward(
    x: ArrayLike, h0: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, b: ArrayLike
) -> tuple[Array, Cache]:
    """Apply :func:`lstm_step_forward` to all steps, from a cell of zeros.

    Parameters
    ----------
    x : array_like (N, T, D)
    h0 : array_like (N, H)
    Wx, Wh, b : array_like (D, 4H), (H, 4H), (4H,)
        Columns of the gates in the order i, f, o, g.

    Returns
    -------
    h : ndarray (N, T, H)
    cache : tuple
        For :func:`lstm_backward`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 20)), rng.standard_normal((5, 20)), np.zeros(20)
    >>> h, cache = lstm_forward(np.ones((2, 10, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> h.shape
    (2, 10, 5)
    """
    weights = _parameters(Wx, Wh, b, gates=4)
    X, S_0 = _inputs(x, "NTD", weights, h0=h0)
    h, _, _, cache = functional.lstm_forward(X, S_0, weights)
    return batch_first(h), cache


@in_words(_WORDS)
def lstm_backward(dh: ArrayLike, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients of all steps of the LSTM.

    Parameters
    ----------
    dh : array_like (N, T, H)
        Gradient of the loss with respect to every state in ``h``.
    cache : tuple
        From :func:`lstm_forward`.

    Returns
    -------
    dx, dh0, dWx, dWh, db : ndarray (N, T, D), (N, H), (D, 4H), (H, 4H), (4H,)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> Wx, Wh, b = rng.standard_normal((3, 20)), rng.standard_normal((5, 20)), np.zeros(20)
    >>> h, cache = lstm_forward(np.ones((2, 10, 3)), np.zeros((2, 5)), Wx, Wh, b)
    >>> dx, dh0, dWx, dWh, db = lstm_backward(np.ones_like(h), cache)
    >>> dx.shape, dWx.shape, db.shape
    ((2, 10, 3), (3, 20), (20,))
    """
    found = functional.lstm_backward(features_first("dh", dh, "H"), cache)
    return batch_first(found["dX"]), found["ds_0"].T, *_of_weights(found)


def _of_weights(found: dict[str, Array]) -> tuple[Array, Array, Array]:
    H = found["dWs"].shape[1]
    dWx, dWh, db = (_exchanged(found[name], H) for name in ("dWx", "dWs", "dbs"))
    return dWx.T, dWh.T, db[:, 0]
