"""Coursera's notebook "Building a Recurrent Neural Network Step by Step", compiled.

The names and signatures are the notebook's, features first and time last: ``x`` (n_x, m, T_x),
``a`` (n_a, m, T_x).  Caches may also come from the functions in the notebook itself.  The backward
functions propagate the gradients of state and cell from step to step; in an early edition of the
notebook, the expected values are those of an ``lstm_backward`` that did not.

Examples
--------
>>> import numpy as np
>>> from fastrnn.notebooks.coursera import rnn_backward, rnn_forward
>>> rng = np.random.default_rng(0)
>>> shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
>>> parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
>>> a, y_pred, caches = rnn_forward(np.ones((3, 10, 4)), np.zeros((5, 10)), parameters)
>>> rnn_backward(np.ones_like(a), caches)["dWaa"].shape
(5, 5)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastrnn import functional
from fastrnn.arguments import Array, Cache, Gradients, Parameters, Prediction, read_arrays
from fastrnn.arithmetic import quietly
from fastrnn.functional import softmax as softmax

from .coursera_caches import (
    GATES,
    RNN,
    Steps,
    lstm_cache,
    lstm_parameters,
    our_caches,
    our_lstm_cache,
    our_rnn_cache,
    rnn_cache,
    rnn_parameters,
)
from .words import in_words

__all__ = [
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "sigmoid",
    "softmax",
]

_WORDS = {
    "parameters_dict": "parameters",
    "n_s": "n_a",
    "St_next": "a_next",
    "St_prev": "a_prev",
    "Ct_next": "c_next",
    "Ct_prev": "c_prev",
    "Xt": "xt",
    "X": "x",
    "S_0": "a0",
    "ds_next": "da_next",
    "ds": "da",
    **RNN,
}


@quietly
def sigmoid(x: ArrayLike) -> Array:
    """Return 1 / (1 + exp(-x)), of an array of any shape; exp never overflows.

    Examples
    --------
    >>> sigmoid([-1.0, 0.0, 1.0]).round(3)
    array([0.269, 0.5  , 0.731])
    """
    (x,) = read_arrays(("x",), (x,))
    e = np.exp(-np.abs(x))
    result: Array = np.where(x < 0, e, 1) / (1 + e)
    return result


# The RNN ------------------------------------------------------------------------------------------


@in_words(_WORDS)
def rnn_cell_forward(
    xt: ArrayLike, a_prev: ArrayLike, parameters: Parameters
) -> tuple[Array, Prediction, Cache]:
    """Take one step of the RNN: a' = tanh(Waa a + Wax x + ba), y = softmax(Wya a' + by).

    Parameters
    ----------
    xt : array_like (n_x, m)
    a_prev : array_like (n_a, m)
    parameters : mapping
        ``Wax`` (n_a, n_x), ``Waa`` (n_a, n_a), ``Wya`` (n_y, n_a), ``ba`` (n_a, 1), ``by`` (n_y,
        1).

    Returns
    -------
    a_next : ndarray (n_a, m)
    yt_pred : ndarray (n_y, m)
    cache : tuple
        ``(a_next, a_prev, xt, parameters)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    >>> parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    >>> a_next, yt_pred, cache = rnn_cell_forward(np.ones((3, 10)), np.zeros((5, 10)), parameters)
    >>> a_next.shape, yt_pred.shape
    ((5, 10), (2, 10))
    """
    a_next, yt_pred, cache = functional.rnn_cell_forward(xt, a_prev, rnn_parameters(parameters))
    return a_next, yt_pred, rnn_cache(cache, parameters)


@in_words(_WORDS)
def rnn_forward(
    x: ArrayLike, a0: ArrayLike, parameters: Parameters
) -> tuple[Array, Prediction, Cache]:
    """Apply :func:`rnn_cell_forward` to all steps.

    Parameters
    ----------
    x : array_like (n_x, m, T_x)
    a0 : array_like (n_a, m)
    parameters : mapping
        As in :func:`rnn_cell_forward`.

    Returns
    -------
    a : ndarray (n_a, m, T_x)
    y_pred : ndarray (n_y, m, T_x)
    caches : tuple
        ``(caches of the steps, x)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    >>> parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    >>> a, y_pred, caches = rnn_forward(np.ones((3, 10, 4)), np.zeros((5, 10)), parameters)
    >>> a.shape, y_pred.shape
    ((5, 10, 4), (2, 10, 4))
    """
    a, y_pred, (steps, x) = functional.rnn_forward(x, a0, rnn_parameters(parameters))
    return a, y_pred, (Steps(steps, parameters, rnn_cache), x)


@in_words(_WORDS)
def rnn_cell_backward(da_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step of the RNN.

    Parameters
    ----------
    da_next : array_like (n_a, m)
        Gradient of the loss with respect to ``a_next``.
    cache : tuple
        From :func:`rnn_cell_forward`.

    Returns
    -------
    dict
        ``"dxt"`` (n_x, m), ``"da_prev"`` (n_a, m), ``"dWax"`` (n_a, n_x), ``"dWaa"`` (n_a, n_a),
        ``"dba"`` (n_a, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    >>> parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    >>> a_next, _, cache = rnn_cell_forward(np.ones((3, 10)), np.zeros((5, 10)), parameters)
    >>> gradients = rnn_cell_backward(np.ones_like(a_next), cache)
    >>> gradients["dxt"].shape, gradients["dWaa"].shape
    ((3, 10), (5, 5))
    """
    found = functional.rnn_cell_backward(da_next, our_rnn_cache(cache, rnn_parameters(cache[-1])))
    return {
        "dxt": found["dXt"],
        "da_prev": found["ds_prev"],
        "dWax": found["dWx"],
        "dWaa": found["dWs"],
        "dba": found["dbs"],
    }


@in_words(_WORDS)
def rnn_backward(da: ArrayLike, caches: Cache) -> Gradients:
    """Go back through the steps of ``da``, which may be fewer than the forward pass had.

    Parameters
    ----------
    da : array_like (n_a, m, T_x)
        Gradient of the loss with respect to every state in ``a``.
    caches : tuple
        From :func:`rnn_forward`.

    Returns
    -------
    dict
        ``"dx"`` (n_x, m, T_x), ``"da0"`` (n_a, m), ``"dWax"`` (n_a, n_x), ``"dWaa"`` (n_a, n_a),
        ``"dba"`` (n_a, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shapes = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
    >>> parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    >>> a, _, caches = rnn_forward(np.ones((3, 10, 4)), np.zeros((5, 10)), parameters)
    >>> gradients = rnn_backward(np.ones_like(a), caches)
    >>> gradients["dx"].shape, gradients["dWaa"].shape
    ((3, 10, 4), (5, 5))
    """
    found = functional.rnn_backward(da, our_caches(caches, rnn_parameters, our_rnn_cache))
    return {
        "dx": found["dX"],
        "da0": found["ds_0"],
        "dWax": found["dWx"],
        "dWaa": found["dWs"],
        "dba": found["dbs"],
    }


# The LSTM -----------------------------------------------------------------------------------------


@in_words(_WORDS)
def lstm_cell_forward(
    xt: ArrayLike, a_prev: ArrayLike, c_prev: ArrayLike, parameters: Parameters
) -> tuple[Array, Array, Prediction, Cache]:
    """Take one step of the LSTM, whose weights act on ``[a_prev, xt]``.

    Parameters
    ----------
    xt : array_like (n_x, m)
    a_prev, c_prev : array_like (n_a, m)
    parameters : mapping
        ``Wf``, ``Wi``, ``Wc``, ``Wo`` (n_a, n_a + n_x), ``bf``, ``bi``, ``bc``, ``bo`` (n_a, 1),
        ``Wy`` (n_y, n_a), ``by`` (n_y, 1).

    Returns
    -------
    a_next, c_next : ndarray (n_a, m)
    yt_pred : ndarray (n_y, m)
    cache : tuple
        ``(a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {f"W{gate}": rng.standard_normal((5, 8)) for gate in "fico"}
    >>> parameters |= {f"b{gate}": np.zeros((5, 1)) for gate in "fico"}
    >>> xt, a_prev, c_prev = np.ones((3, 10)), np.zeros((5, 10)), np.zeros((5, 10))
    >>> a_next, c_next, yt_pred, cache = lstm_cell_forward(xt, a_prev, c_prev, parameters)
    >>> a_next.shape, c_next.shape, yt_pred is None
    ((5, 10), (5, 10), True)
    """
    a_next, c_next, yt_pred, cache = functional.lstm_cell_forward(
        xt, a_prev, c_prev, lstm_parameters(parameters)
    )
    return a_next, c_next, yt_pred, lstm_cache(cache, parameters)


@in_words(_WORDS)
def lstm_forward(
    x: ArrayLike, a0: ArrayLike, parameters: Parameters
) -> tuple[Array, Prediction, Array, Cache]:
    """Apply :func:`lstm_cell_forward` to all steps, from a cell of zeros.

    Parameters
    ----------
    x : array_like (n_x, m, T_x)
    a0 : array_like (n_a, m)
    parameters : mapping
        As in :func:`lstm_cell_forward`.

    Returns
    -------
    a : ndarray (n_a, m, T_x)
    y : ndarray (n_y, m, T_x)
    c : ndarray (n_a, m, T_x)
    caches : tuple
        ``(caches of the steps, x)``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {f"W{gate}": rng.standard_normal((5, 8)) for gate in "fico"}
    >>> parameters |= {f"b{gate}": np.zeros((5, 1)) for gate in "fico"}
    >>> a, y, c, caches = lstm_forward(np.ones((3, 10, 4)), np.zeros((5, 10)), parameters)
    >>> a.shape, c.shape, y is None
    ((5, 10, 4), (5, 10, 4), True)
    """
    a, y, c, (steps, x) = functional.lstm_forward(x, a0, lstm_parameters(parameters))
    return a, y, c, (Steps(steps, parameters, lstm_cache), x)


@in_words(_WORDS)
def lstm_cell_backward(da_next: ArrayLike, dc_next: ArrayLike, cache: Cache) -> Gradients:
    """Return the gradients of one step of the LSTM.

    Parameters
    ----------
    da_next, dc_next : array_like (n_a, m)
        Gradients of the loss with respect to ``a_next`` and ``c_next``.
    cache : tuple
        From :func:`lstm_cell_forward`.

    Returns
    -------
    dict
        ``"dxt"`` (n_x, m), ``"da_prev"``, ``"dc_prev"`` (n_a, m), and ``"dWf"`` (n_a, n_a + n_x),
        ``"dbf"`` (n_a, 1) and so on for ``i``, ``c`` and ``o``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {f"W{gate}": rng.standard_normal((5, 8)) for gate in "fico"}
    >>> parameters |= {f"b{gate}": np.zeros((5, 1)) for gate in "fico"}
    >>> xt, a_prev, c_prev = np.ones((3, 10)), np.zeros((5, 10)), np.zeros((5, 10))
    >>> a_next, c_next, _, cache = lstm_cell_forward(xt, a_prev, c_prev, parameters)
    >>> gradients = lstm_cell_backward(np.ones_like(a_next), np.zeros_like(c_next), cache)
    >>> gradients["dxt"].shape, gradients["dWf"].shape
    ((3, 10), (5, 8))
    """
    ours = our_lstm_cache(cache, lstm_parameters(cache[-1]))
    found = functional.lstm_cell_backward(da_next, dc_next, ours)
    return {
        "dxt": found["dXt"],
        "da_prev": found["ds_prev"],
        "dc_prev": found["dc_prev"],
        **_gradients_by_gate(found),
    }


@in_words(_WORDS)
def lstm_backward(da: ArrayLike, caches: Cache) -> Gradients:
    """Go back through the steps of ``da``, which may be fewer than the forward pass had.

    Parameters
    ----------
    da : array_like (n_a, m, T_x)
        Gradient of the loss with respect to every state in ``a``.
    caches : tuple
        From :func:`lstm_forward`.

    Returns
    -------
    dict
        ``"dx"`` (n_x, m, T_x), ``"da0"`` (n_a, m), and ``"dWf"`` (n_a, n_a + n_x), ``"dbf"`` (n_a,
        1) and so on for ``i``, ``c`` and ``o``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> parameters = {f"W{gate}": rng.standard_normal((5, 8)) for gate in "fico"}
    >>> parameters |= {f"b{gate}": np.zeros((5, 1)) for gate in "fico"}
    >>> a, _, _, caches = lstm_forward(np.ones((3, 10, 4)), np.zeros((5, 10)), parameters)
    >>> gradients = lstm_backward(np.ones_like(a), caches)
    >>> gradients["dx"].shape, gradients["dWf"].shape
    ((3, 10, 4), (5, 8))
    """
    found = functional.lstm_backward(da, our_caches(caches, lstm_parameters, our_lstm_cache))
    return {"dx": found["dX"], "da0": found["ds_0"], **_gradients_by_gate(found)}


def _gradients_by_gate(found: Gradients) -> Gradients:
    dW = np.concatenate((found["dWs"], found["dWx"]), axis=1)
    of_weights = dict(zip(GATES, np.split(dW, 4), strict=True))
    of_biases = dict(zip(GATES, np.split(found["dbs"], 4), strict=True))
    gradients = {}
    for gate in ("f", "i", "c", "o"):
        gradients[f"dW{gate}"], gradients[f"db{gate}"] = of_weights[gate], of_biases[gate]
    return gradients
