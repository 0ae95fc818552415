"""The learning phase, values of weights, and functions of a model's tensors."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastrnn.naming import forget_names
from fastrnn.operations.arrays import is_keras_tensor


def backend() -> str:
    """Return ``"fastrnn"``, the only backend.

    Examples
    --------
    >>> backend()
    'fastrnn'
    """
    return "fastrnn"


def clear_session() -> None:
    """Reset the counts in the names of metrics: the next `AUC` is called ``auc`` again.

    There is nothing else to clear: layers are counted per model.

    Examples
    --------
    >>> clear_session()
    >>> from fastrnn.metrics import AUC
    >>> AUC().name, AUC().name
    ('auc', 'auc_1')
    >>> clear_session()
    >>> AUC().name
    'auc'
    """
    forget_names()


def learning_phase() -> int:
    """Return 0; calls have an argument ``training`` instead.

    Examples
    --------
    >>> learning_phase()
    0
    """
    return 0


def set_learning_phase(value: int) -> None:
    """Accept 0, the phase of prediction.

    Raises
    ------
    ValueError
        If it is 1: call the model or the layer with ``training=True``.

    Examples
    --------
    >>> set_learning_phase(0)
    """
    if value:
        raise ValueError(
            f"value is {value!r}; it should be 0: call model(x, training=True) instead"
        )


def in_train_phase(x: Any, alt: Any, training: bool | None = None) -> Any:
    """Return `x` in training, else `alt`; each may be a function without arguments.

    Raises
    ------
    TypeError
        If `training` is left out: a layer's `call` names it as an argument.

    Examples
    --------
    >>> in_train_phase("noise", "no noise", training=False)
    'no noise'
    """
    if training is None:
        raise TypeError(
            "training is None; name it in call(self, inputs, training) and give it here"
        )
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def get_value(x: Any) -> Any:
    """Return the value of a weight, an array or an optimizer's learning rate.

    Examples
    --------
    >>> from fastrnn.optimizers import Adam
    >>> get_value(Adam(0.01).learning_rate)
    0.01
    """
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: ArrayLike) -> None:
    """Set a weight, an array or an optimizer's learning rate, ``model.optimizer.lr``.

    Parameters
    ----------
    x : float, Parameter or ndarray
        The object to set.  Arrays are written to.
    value : array_like
        In the shape of `x`; for a weight in Keras's order of gates.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((3,)), Dense(2)])
    >>> model.compile("adam", "mse")
    >>> set_value(model.optimizer.lr, 0.01)
    >>> model.optimizer.learning_rate
    0.01
    """
    if hasattr(x, "assign"):
        x.assign(value)
    elif isinstance(x, np.ndarray):
        x[...] = value
    else:
        raise TypeError(f"x is a {type(x).__name__}; it should be a weight or a learning rate")


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """Return the values of :func:`get_value` for a list.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((3,)), Dense(2)])
    >>> [array.shape for array in batch_get_value(model.weights)]
    [(3, 2), (2,)]
    """
    return [get_value(tensor) for tensor in tensors]


def batch_set_value(tuples: Sequence[tuple[Any, ArrayLike]]) -> None:
    """Set pairs of arguments of :func:`set_value`.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((3,)), Dense(2)])
    >>> kernel, bias = model.weights
    >>> batch_set_value([(kernel, np.ones((3, 2))), (bias, [5.0, 7.0])])
    >>> model.predict(np.ones((1, 3)), verbose=0)
    array([[ 8., 10.]], dtype=float32)
    """
    for x, value in tuples:
        set_value(x, value)


def function(inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return a function that computes symbolic tensors from others.

    Parameters
    ----------
    inputs, outputs : list of SymbolicTensor
        Such as ``[model.input]`` and ``[layer.output]``.  :func:`learning_phase` among the inputs
        is replaced by a number, nonzero for training.

    Returns
    -------
    callable
        Takes a list of arrays for `inputs`, and returns a list of arrays for `outputs`.

    Examples
    --------
    >>> from fastrnn.layers import GRU, Dense, Input
    >>> from fastrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), GRU(4), Dense(1)])
    >>> states = function([model.input], [model.layers[0].output])
    >>> states([np.ones((2, 5, 3))])[0].shape
    (2, 4)
    """
    from fastrnn.models import Model

    places = [place for place, one in enumerate(inputs) if is_keras_tensor(one)]
    model = Model([inputs[place] for place in places], list(outputs))

    def compute(given: Sequence[Any]) -> list[Any]:
        arrays = [given[place] for place in places]
        training = builtins.any(given[i] for i in range(len(given)) if i not in places)
        found = model(arrays if len(arrays) > 1 else arrays[0], training=training)
        return found if isinstance(found, list) else [found]

    return compute
