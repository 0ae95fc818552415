"""Activation functions on arrays, and as kernels on the buffers of layers.

The functions have Keras's names; they take an array with the features on the last axis and return a
new one.  A :class:`Kernel` computes the same in place on a layer's time-major memory, and its
derivative, in most cases from the output alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._names import names_of
from fastrnn.activations.kernel import KERNELS, Kernel, activate
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
from fastrnn.construction import with_older_names
from fastrnn.naming import identified, unknown
from fastrnn.operations import functions
from fastrnn.operations.lifting import array_or_tensor

__all__ = [
    "LINEAR",
    "SIGMOID",
    "SOFTMAX",
    "TANH",
    "Kernel",
    "deserialize",
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
    "serialize",
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


def linear(x: Any) -> Any:
    """Return a copy of `x`: no activation.

    Examples
    --------
    >>> linear(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.,  0.,  2.]])
    """
    return _applied(LINEAR, x)


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of every element.

    Examples
    --------
    >>> tanh(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.7616,  0.    ,  0.964 ]])
    """
    return _applied(TANH, x)


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(−x)) of every element.

    Examples
    --------
    >>> sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.2689, 0.5   , 0.8808]])
    """
    return _applied(SIGMOID, x)


@with_older_names
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return max(x, 0) of every element.

    Parameters
    ----------
    x : array_like
    negative_slope : float, default 0
        Factor of what is below the threshold.
    max_value : float, optional
        Upper limit.
    threshold : float, default 0
        Elements below it become `negative_slope` · (x − `threshold`).

    Examples
    --------
    >>> relu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0., 0., 2.]])
    """
    if (negative_slope, max_value, threshold) == (0, None, 0):
        return _applied(RELU, x)
    return functions.relu(x, negative_slope, max_value, threshold)


def relu6(x: Any) -> Any:
    """Return x clipped to [0, 6], of every element.

    Examples
    --------
    >>> relu6(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0., 0., 2.]])
    """
    return _applied(RELU6, x)


@with_older_names
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return x for positive x, else `negative_slope` · x, of every element.

    Examples
    --------
    >>> leaky_relu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2,  0. ,  2. ]])
    """
    if negative_slope == 0.2:
        return _applied(LEAKY_RELU, x)
    return functions.relu(x, negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x for positive x, else `alpha` · (exp(x) − 1), of every element.

    Examples
    --------
    >>> elu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.6321,  0.    ,  2.    ]])
    """
    return _applied(ELU, x) if alpha == 1 else functions.elu(x, alpha)


def selu(x: Any) -> Any:
    """Return a scaled :func:`elu` that keeps mean and variance from layer to layer.

    Examples
    --------
    >>> selu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.1113,  0.    ,  2.1014]])
    """
    return _applied(SELU, x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """Return x · Φ(x), with the standard normal distribution function Φ.

    `approximate` is x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Examples
    --------
    >>> gelu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.1587,  0.    ,  1.9545]])
    """
    if not approximate:
        return _applied(GELU, x)
    x = array_or_tensor(x)
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi).item() * (x + 0.044715 * x * x * x)))


def silu(x: Any) -> Any:
    """Return x / (1 + exp(−x)) of every element.

    Examples
    --------
    >>> silu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2689,  0.    ,  1.7616]])
    """
    return _applied(SILU, x)


def swish(x: Any) -> Any:
    """Return :func:`silu`; another name of it.

    Examples
    --------
    >>> swish(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.2689,  0.    ,  1.7616]])
    """
    return _applied(SILU, x)


def mish(x: Any) -> Any:
    """Return x · tanh(log(1 + exp(x))) of every element.

    Examples
    --------
    >>> mish(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.3034,  0.    ,  1.944 ]])
    """
    return _applied(MISH, x)


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)) of every element.

    Examples
    --------
    >>> softplus(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3133, 0.6931, 2.1269]])
    """
    return _applied(SOFTPLUS, x)


def softsign(x: Any) -> Any:
    """Return x / (1 + |x|) of every element.

    Examples
    --------
    >>> softsign(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.5   ,  0.    ,  0.6667]])
    """
    return _applied(SOFTSIGN, x)


def exponential(x: Any) -> Any:
    """Return exp(x) of every element.

    Examples
    --------
    >>> exponential(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3679, 1.    , 7.3891]])
    """
    return _applied(EXPONENTIAL, x)


def hard_sigmoid(x: Any) -> Any:
    """Return x / 6 + 1/2, clipped to [0, 1], of every element.

    Examples
    --------
    >>> hard_sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3333, 0.5   , 0.8333]])
    """
    return _applied(HARD_SIGMOID, x)


def hard_sigmoid_keras2(x: Any) -> Any:
    """Return 0.2 x + 1/2, clipped to [0, 1]: the hard_sigmoid of Keras 1 and 2.

    Examples
    --------
    >>> hard_sigmoid_keras2(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.3, 0.5, 0.9]])
    """
    return _applied(HARD_SIGMOID_KERAS2, x)


def log_sigmoid(x: Any) -> Any:
    """Return log(1 / (1 + exp(−x))) of every element.

    Examples
    --------
    >>> log_sigmoid(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-1.3133, -0.6931, -0.1269]])
    """
    return _applied(LOG_SIGMOID, x)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of :func:`softmax`, over the last axis if left out.

    Examples
    --------
    >>> log_softmax(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-3.1698, -2.1698, -0.1698]])
    """
    if axis == -1:
        return _applied(LOG_SOFTMAX, x)
    x = array_or_tensor(x)
    return x - functions.logsumexp(x, axis, keepdims=True)


def softmax(x: Any, axis: int = -1) -> Any:
    """Return exp(x) / Σ exp(x) over an axis, the last one if left out.

    (:func:`fastrnn.softmax` is the same over axis 0, features first.)

    Examples
    --------
    >>> softmax(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[0.042 , 0.1142, 0.8438]])
    """
    return _applied(SOFTMAX, x) if axis == -1 else functions.softmax(x, axis)


def _applied(kernel: Kernel, x: Any) -> Any:
    return activate(x, kernel.name)


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
_KERNELS = KERNELS
_KERNELS.update({function.__name__: kernel for function, kernel in _FUNCTIONS.items()})


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


def serialize(activation: Any) -> str:
    """Return the name of an activation.

    Examples
    --------
    >>> serialize(relu)
    'relu'
    """
    return get(activation).name


def deserialize(config: str, custom_objects: Any = None) -> Any:
    """Return the activation of a name, also one of `custom_objects`: :func:`get`.

    Examples
    --------
    >>> deserialize("relu") is get(relu)
    True
    """
    return (custom_objects or {}).get(config) or get(config)


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
