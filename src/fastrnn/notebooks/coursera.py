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

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from fastrnn import functional
from fastrnn.arguments import Array, Cache, Gradients, Parameters, Prediction, read_arrays
from fastrnn.arithmetic import quietly
from fastrnn.functional import softmax as softmax

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

_RNN = {"Wx": "Wax", "Ws": "Waa", "bs": "ba", "Wy": "Wya", "by": "by"}
#: The notebook's gates in the order of this package: i, f, g, o.
_GATES = ("i", "f", "c", "o")
_LSTM = ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo")
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
    **_RNN,
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


# Parameters and caches ----------------------------------------------------------------------------


def _rnn_parameters(parameters: Parameters) -> dict[str, Any]:
    _check(parameters)
    return {ours: parameters[name] for ours, name in _RNN.items() if name in parameters}


def _lstm_parameters(parameters: Parameters) -> dict[str, Any]:
    """Return the parameters with stacked gates, and separate weights for ``a`` and ``x``."""
    _check(parameters)
    missing = [name for name in _LSTM if name not in parameters]
    if missing:
        raise KeyError(f"parameters has no {missing[0]}; it needs {', '.join(_LSTM)}")
    weights = read_arrays(_LSTM, [parameters[name] for name in _LSTM])
    found = dict(zip(_LSTM, weights, strict=True))
    first = found["Wf"]
    n_a = first.shape[0] if first.ndim == 2 else 0
    for name, array in found.items():
        fits = array.shape == first.shape if name[0] == "W" else array.shape == (n_a, 1)
        if not fits or first.ndim != 2 or first.shape[1] < n_a:
            wanted = "(n_a, n_a + n_x)" if name[0] == "W" else f"(n_a, 1) = ({n_a}, 1)"
            raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    W = np.concatenate([found[f"W{gate}"] for gate in _GATES])
    stacked = {"Wx": W[:, n_a:], "Ws": W[:, :n_a]}
    stacked["bs"] = np.concatenate([found[f"b{gate}"] for gate in _GATES])
    return stacked | {name: parameters[name] for name in ("Wy", "by") if name in parameters}


def _check(parameters: Any) -> None:
    if not isinstance(parameters, Mapping):
        raise TypeError(
            "parameters must be a dictionary (a mapping) of arrays, "
            f"got {type(parameters).__name__}"
        )


def _rnn_cache(cache: Cache, parameters: Any) -> Cache:
    return (*cache[:-1], parameters)


def _lstm_cache(cache: Cache, parameters: Any) -> Cache:
    a_next, a_prev, c_next, c_prev, it, ft, cct, ot, xt, _ = cache
    return (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)


def _our_lstm_cache(cache: Any, parameters: Any) -> Cache:
    names = "a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters"
    if not isinstance(cache, tuple | list) or len(cache) != 10:
        raise ValueError(f"cache must be what lstm_cell_forward returned, ({names})")
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, _ = cache
    return (a_next, a_prev, c_next, c_prev, it, ft, cct, ot, xt, parameters)


def _our_rnn_cache(cache: Any, parameters: Any) -> Cache:
    if not isinstance(cache, tuple | list) or len(cache) != 4:
        raise ValueError(
            "cache must be what rnn_cell_forward returned, (a_next, a_prev, xt, parameters)"
        )
    return (*cache[:-1], parameters)


class _Steps(Sequence[Cache]):
    """The caches of all steps, in the notebook's order, created on access."""

    def __init__(self, steps: Any, parameters: Parameters, theirs: Callable[..., Cache]) -> None:
        self.steps = steps
        self.parameters = parameters
        self._theirs = theirs

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, index: int) -> Cache: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cache]: ...
    def __getitem__(self, index: int | slice) -> Cache | list[Cache]:
        found = self.steps[index]
        if isinstance(index, slice):
            return [self._theirs(cache, self.parameters) for cache in found]
        return self._theirs(found, self.parameters)

    def __iter__(self) -> Iterator[Cache]:
        return (self._theirs(cache, self.parameters) for cache in self.steps)


def _our_caches(
    caches: Any,
    of_parameters: Callable[[Parameters], dict[str, Any]],
    ours: Callable[..., Cache],
) -> Cache:
    """Return caches of a sequence in the format of the functional API."""
    if not isinstance(caches, tuple | list) or len(caches) != 2:
        raise ValueError("caches must be what the forward function returned, (caches, x)")
    steps, x = caches
    if type(steps) is _Steps:
        # with the current parameters
        return steps.steps.having(of_parameters(steps.parameters)), x
    read: dict[int, dict[str, Any]] = {}
    found = []
    for cache in steps:
        parameters = cache[-1]
        if id(parameters) not in read:
            read[id(parameters)] = of_parameters(parameters)
        found.append(ours(cache, read[id(parameters)]))
    return found, x


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
    a_next, yt_pred, cache = functional.rnn_cell_forward(xt, a_prev, _rnn_parameters(parameters))
    return a_next, yt_pred, _rnn_cache(cache, parameters)


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
    a, y_pred, (steps, x) = functional.rnn_forward(x, a0, _rnn_parameters(parameters))
    return a, y_pred, (_Steps(steps, parameters, _rnn_cache), x)


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
    found = functional.rnn_cell_backward(da_next, _our_rnn_cache(cache, _rnn_parameters(cache[-1])))
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
    found = functional.rnn_backward(da, _our_caches(caches, _rnn_parameters, _our_rnn_cache))
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
        xt, a_prev, c_prev, _lstm_parameters(parameters)
    )
    return a_next, c_next, yt_pred, _lstm_cache(cache, parameters)


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
    a, y, c, (steps, x) = functional.lstm_forward(x, a0, _lstm_parameters(parameters))
    return a, y, c, (_Steps(steps, parameters, _lstm_cache), x)


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
    ours = _our_lstm_cache(cache, _lstm_parameters(cache[-1]))
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
    found = functional.lstm_backward(da, _our_caches(caches, _lstm_parameters, _our_lstm_cache))
    return {"dx": found["dX"], "da0": found["ds_0"], **_gradients_by_gate(found)}


def _gradients_by_gate(found: Gradients) -> Gradients:
    dW = np.concatenate((found["dWs"], found["dWx"]), axis=1)
    of_weights = dict(zip(_GATES, np.split(dW, 4), strict=True))
    of_biases = dict(zip(_GATES, np.split(found["dbs"], 4), strict=True))
    gradients = {}
    for gate in ("f", "i", "c", "o"):
        gradients[f"dW{gate}"], gradients[f"db{gate}"] = of_weights[gate], of_biases[gate]
    return gradients
