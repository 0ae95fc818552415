"""Activation functions on arrays, and as kernels on the buffers of layers.

The functions have Keras's names; they take an array with the features on the last axis and return a
new one.  A :class:`Kernel` computes the same in place on a layer's time-major memory, and its
derivative, in most cases from the output alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core.memory import aligned_empty, padded
from fastrnn._names import names_of
from fastrnn.activations.kernel import Kernel
from fastrnn.activations.rectifying import (
    ELU,
    EXPONENTIAL,
    GELU,
    LEAKY_RELU,
    MISH,
    RELU,
    RELU6,
    SELU,
    SILU,
    SOFTPLUS,
)
from fastrnn.activations.saturating import (
    HARD_SIGMOID,
    HARD_SIGMOID_KERAS2,
    LOG_SIGMOID,
    LOG_SOFTMAX,
    SIGMOID,
    SOFTMAX,
    SOFTSIGN,
    TANH,
)
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.naming import identified, unknown

__all__ = [
    "LINEAR",
    "SIGMOID",
    "SOFTMAX",
    "TANH",
    "Kernel",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_sigmoid_keras2",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]

Array = NDArray[Any]


LINEAR = Kernel()


def linear(x: ArrayLike) -> Array:
    """Return a copy of `x`: no activation.

    Examples
    --------
    >>> linear(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.,  0.,  2.]])
    """
    return _apply(LINEAR, x)


def tanh(x: ArrayLike) -> Array:
    """Return the hyperbolic tangent of every element.

    Examples
    --------
    >>> tanh(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.7616,  0.    ,  0.964 ]])
    """
    return _apply(TANH, x)


def sigmoid(x: ArrayLike) -> Array:
    """Return 1 / (1 + exp(−x)) of every element.

    Examples
    --------
    >>> sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.2689, 0.5   , 0.8808]])
    """
    return _apply(SIGMOID, x)


def relu(x: ArrayLike) -> Array:
    """Return max(x, 0) of every element.

    Examples
    --------
    >>> relu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0., 0., 2.]])
    """
    return _apply(RELU, x)


def relu6(x: ArrayLike) -> Array:
    """Return x clipped to [0, 6], of every element.

    Examples
    --------
    >>> relu6(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0., 0., 2.]])
    """
    return _apply(RELU6, x)


def leaky_relu(x: ArrayLike) -> Array:
    """Return x for positive x, else 0.2 x, of every element.

    Examples
    --------
    >>> leaky_relu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2,  0. ,  2. ]])
    """
    return _apply(LEAKY_RELU, x)


def elu(x: ArrayLike) -> Array:
    """Return x for positive x, else exp(x) − 1, of every element.

    Examples
    --------
    >>> elu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.6321,  0.    ,  2.    ]])
    """
    return _apply(ELU, x)


def selu(x: ArrayLike) -> Array:
    """Return a scaled :func:`elu` that keeps mean and variance from layer to layer.

    Examples
    --------
    >>> selu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.1113,  0.    ,  2.1014]])
    """
    return _apply(SELU, x)


def gelu(x: ArrayLike) -> Array:
    """Return x · Φ(x), with the standard normal distribution function Φ.

    Examples
    --------
    >>> gelu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.1587,  0.    ,  1.9545]])
    """
    return _apply(GELU, x)


def silu(x: ArrayLike) -> Array:
    """Return x / (1 + exp(−x)) of every element.

    Examples
    --------
    >>> silu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2689,  0.    ,  1.7616]])
    """
    return _apply(SILU, x)


def swish(x: ArrayLike) -> Array:
    """Return :func:`silu`; another name of it.

    Examples
    --------
    >>> swish(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2689,  0.    ,  1.7616]])
    """
    return _apply(SILU, x)


def mish(x: ArrayLike) -> Array:
    """Return x · tanh(log(1 + exp(x))) of every element.

    Examples
    --------
    >>> mish(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.3034,  0.    ,  1.944 ]])
    """
    return _apply(MISH, x)


def softplus(x: ArrayLike) -> Array:
    """Return log(1 + exp(x)) of every element.

    Examples
    --------
    >>> softplus(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3133, 0.6931, 2.1269]])
    """
    return _apply(SOFTPLUS, x)


def softsign(x: ArrayLike) -> Array:
    """Return x / (1 + |x|) of every element.

    Examples
    --------
    >>> softsign(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.5   ,  0.    ,  0.6667]])
    """
    return _apply(SOFTSIGN, x)


def exponential(x: ArrayLike) -> Array:
    """Return exp(x) of every element.

    Examples
    --------
    >>> exponential(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3679, 1.    , 7.3891]])
    """
    return _apply(EXPONENTIAL, x)


def hard_sigmoid(x: ArrayLike) -> Array:
    """Return x / 6 + 1/2, clipped to [0, 1], of every element.

    Examples
    --------
    >>> hard_sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3333, 0.5   , 0.8333]])
    """
    return _apply(HARD_SIGMOID, x)


def hard_sigmoid_keras2(x: ArrayLike) -> Array:
    """Return 0.2 x + 1/2, clipped to [0, 1]: the hard_sigmoid of Keras 1 and 2.

    Examples
    --------
    >>> hard_sigmoid_keras2(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3, 0.5, 0.9]])
    """
    return _apply(HARD_SIGMOID_KERAS2, x)


def log_sigmoid(x: ArrayLike) -> Array:
    """Return log(1 / (1 + exp(−x))) of every element.

    Examples
    --------
    >>> log_sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.3133, -0.6931, -0.1269]])
    """
    return _apply(LOG_SIGMOID, x)


def log_softmax(x: ArrayLike) -> Array:
    """Return the logarithm of :func:`softmax`, over the last axis.

    Examples
    --------
    >>> log_softmax(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-3.1698, -2.1698, -0.1698]])
    """
    return _apply(LOG_SOFTMAX, x)


def softmax(x: ArrayLike) -> Array:
    """Return exp(x) / Σ exp(x) over the last axis.

    (:func:`fastrnn.softmax` is the same over axis 0, features first.)

    Examples
    --------
    >>> softmax(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.042 , 0.1142, 0.8438]])
    """
    return _apply(SOFTMAX, x)


@quietly
def _apply(kernel: Kernel, x: ArrayLike) -> Array:
    given = as_array("x", x)
    if given.dtype.kind not in "biuf" or given.dtype == np.float16:
        raise TypeError(f"x is of type {given.dtype}; it should be float32 or float64")
    if not given.ndim:
        raise ValueError(
            "x is a single number; it should be an array with features on the last axis"
        )
    dtype = np.float32 if given.dtype == np.float32 else np.float64
    n = given.shape[-1]
    if not given.size:
        return np.zeros(given.shape, dtype)
    rows = aligned_empty((given.size // n, padded(n, dtype)), dtype)
    rows[:, :n] = given.reshape(-1, n)
    kernel.forward(rows, n)
    return np.ascontiguousarray(rows[:, :n]).reshape(given.shape)


_FUNCTIONS: dict[Callable[..., Array], Kernel] = {
    elu: ELU,
    exponential: EXPONENTIAL,
    gelu: GELU,
    hard_sigmoid: HARD_SIGMOID,
    hard_sigmoid_keras2: HARD_SIGMOID_KERAS2,
    leaky_relu: LEAKY_RELU,
    linear: LINEAR,
    log_sigmoid: LOG_SIGMOID,
    log_softmax: LOG_SOFTMAX,
    mish: MISH,
    relu: RELU,
    relu6: RELU6,
    selu: SELU,
    sigmoid: SIGMOID,
    silu: SILU,
    softmax: SOFTMAX,
    softplus: SOFTPLUS,
    softsign: SOFTSIGN,
    swish: SILU,
    tanh: TANH,
}
#: What else an activation may be, for error messages.
_OTHERS = ", or a function of fastrnn.activations"
_KERNELS = {function.__name__: kernel for function, kernel in _FUNCTIONS.items()}


def get(identifier: str | Callable[..., Array] | Kernel | None) -> Kernel:
    """Return the kernel for a name or a function of this module; ``None`` is linear.

    Raises
    ------
    ValueError
        If there is none of that name, or a function is not one of this module.
    TypeError
        If it is none of these.

    Examples
    --------
    >>> get("relu") is get(relu)
    True
    """
    if identifier is None:
        return LINEAR
    should = "a name such as 'relu', or a function of fastrnn.activations"
    return identified("activation", identifier, Kernel, _by_name, None, _by_function, should)


def _by_name(name: str) -> Kernel:
    if name in _KERNELS:
        return _KERNELS[name]
    raise ValueError(unknown("activation", name, _KERNELS, _OTHERS))


def _by_function(function: Callable[..., Array]) -> Kernel:
    for known, kernel in _FUNCTIONS.items():
        if function is known:
            return kernel
    raise ValueError(unknown("activation", function, _KERNELS, _OTHERS))


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
