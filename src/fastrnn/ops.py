"""Keras 3's ``keras.ops``: operations with NumPy's names and arguments.

As those of :mod:`fastrnn.backend`, they compute on arrays, are differentiable in custom layers and
functions, and add a layer when they are called on symbolic tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastrnn import activations
from fastrnn._names import names_of
from fastrnn.activations import (
    elu,
    hard_sigmoid,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
)
from fastrnn.differentiation import constant as stop_gradient
from fastrnn.operations import functions
from fastrnn.operations.arrays import (
    all,
    any,
    cast,
    is_tensor,
    max,
    mean,
    min,
    ones,
    prod,
    std,
    sum,
    var,
    zeros,
)
from fastrnn.operations.functions import (
    binary_crossentropy,
    categorical_crossentropy,
    logsumexp,
    sparse_categorical_crossentropy,
)
from fastrnn.settings import epsilon as usual_epsilon, floatx, integer

#: Names that are NumPy's own functions.
_NUMPY = """
    abs absolute add arccos arcsin arctan arctan2 argmax argmin argsort array ceil
    concatenate cos cosh cumprod cumsum diagonal divide dot einsum equal exp expand_dims expm1
    flip floor floor_divide full full_like greater greater_equal isclose isfinite isinf isnan
    less less_equal linspace log log10 log1p log2 logaddexp logical_and logical_not logical_or
    logical_xor matmul maximum minimum mod moveaxis multiply ndim negative not_equal ones_like
    outer pad power ravel reciprocal repeat reshape roll round shape sign sin sinh size sort
    split sqrt square squeeze stack subtract swapaxes take take_along_axis tan tanh tensordot
    tile transpose true_divide where zeros_like
""".split()  # noqa: SIM905 (a list is four times as long)

__all__ = [
    *_NUMPY,
    "all",
    "any",
    "arange",
    "binary_crossentropy",
    "cast",
    "categorical_crossentropy",
    "clip",
    "convert_to_numpy",
    "convert_to_tensor",
    "elu",
    "eye",
    "gelu",
    "hard_sigmoid",
    "is_tensor",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "max",
    "mean",
    "min",
    "mish",
    "normalize",
    "one_hot",
    "ones",
    "prod",
    "relu",
    "relu6",
    "rsqrt",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "sparse_categorical_crossentropy",
    "std",
    "stop_gradient",
    "sum",
    "swish",
    "var",
    "zeros",
]  # fmt: skip

globals().update({name: getattr(np, name) for name in _NUMPY})


def convert_to_tensor(x: Any, dtype: DTypeLike | None = None) -> Any:
    """Return an array or tensor as it is, and anything else as an array.

    Parameters
    ----------
    x : array_like or SymbolicTensor
    dtype : dtype, optional
        If left out, :func:`fastrnn.config.floatx` for Python's floats and int32 for its integers.

    Examples
    --------
    >>> convert_to_tensor([1.0, 2.0]).dtype
    dtype('float32')
    """
    if dtype is not None:
        return cast(x, dtype)
    if hasattr(x, "__array_function__"):
        return x
    array = np.asarray(x)
    usual = {"f": floatx(), "i": "int32"}.get(array.dtype.kind)
    return array if usual is None else array.astype(usual)


def convert_to_numpy(x: ArrayLike) -> Any:
    """Return `x` as an array.

    Examples
    --------
    >>> convert_to_numpy([1, 2])
    array([1, 2])
    """
    return np.asarray(x)


def rsqrt(x: Any) -> Any:
    """Return one divided by the square root of every element.

    Examples
    --------
    >>> rsqrt(np.array([4.0, 1.0]))
    array([0.5, 1. ])
    """
    return np.reciprocal(np.sqrt(x))


def normalize(
    x: Any, axis: int | Sequence[int] = -1, order: int = 2, epsilon: float | None = None
) -> Any:
    """Return `x` divided by its norm along an axis, or by `epsilon` if that is larger.

    Parameters
    ----------
    x : array_like or SymbolicTensor
    axis : int or sequence of int, default -1
    order : int, default 2
        Of the norm, (Σ |x|^order)^(1/order).
    epsilon : float, optional
        :func:`fastrnn.config.epsilon` if left out.

    Examples
    --------
    >>> normalize(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    order = integer("order", order, 1)
    least = usual_epsilon() if epsilon is None else epsilon
    if order == 2:
        squares = sum(np.square(x), axis=axis, keepdims=True)
        return np.multiply(x, rsqrt(np.maximum(squares, least * least)))
    powers = sum(np.power(np.abs(x), order), axis=axis, keepdims=True)
    return np.divide(x, np.maximum(np.power(powers, 1 / order), least))


def gelu(x: Any, approximate: bool = True) -> Any:
    """Return :func:`fastrnn.activations.gelu`, the approximation by default, as Keras does.

    Examples
    --------
    >>> gelu(np.array([[-1.0, 0.0, 2.0]])).round(4)
    array([[-0.1588,  0.    ,  1.9546]])
    """
    return activations.gelu(x, approximate)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Return `x` clipped to a range.

    Examples
    --------
    >>> clip(np.array([-2.0, 0.5, 3.0]), -1, 1)
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, x_min, x_max)


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: DTypeLike | None = None
) -> Any:
    """Return numbers from `start`, or 0, up to `stop`: int32, or floats if one of them is.

    Examples
    --------
    >>> arange(2, 10, 3)
    array([2, 5, 8], dtype=int32)
    >>> arange(0.0, 1.0, 0.25)
    array([0.  , 0.25, 0.5 , 0.75], dtype=float32)
    """
    first, end = (0, start) if stop is None else (start, stop)
    return convert_to_tensor(np.arange(first, end, step).tolist(), dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Any:
    """Return a matrix of `N` rows and `M` columns with ones on a diagonal.

    Examples
    --------
    >>> eye(2, 3, k=1)
    array([[0., 1., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    return np.eye(N, M, k, dtype or floatx())


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: DTypeLike | None = None) -> Any:
    """Return integers as vectors with a one at their place, along a new axis.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    found = functions.one_hot(x, num_classes)
    moved = found if axis == -1 else np.moveaxis(found, -1, axis)
    return moved if dtype is None else cast(moved, dtype)


if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
