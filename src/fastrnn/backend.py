"""What scripts ask of ``keras.backend``: types, and functions on arrays.

The functions are NumPy's.  They compute on arrays and know no gradients, so in a model they are for
:class:`fastrnn.layers.Lambda`.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn._names import names_of
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.config import epsilon, floatx, image_data_format, set_floatx

# fmt: off
__all__ = [
    "abs", "all", "any", "argmax", "argmin", "backend", "batch_dot", "cast", "clear_session",
    "clip", "concatenate", "constant", "cos", "dot", "epsilon", "exp", "expand_dims", "eye",
    "flatten", "floatx", "get_value", "image_data_format", "int_shape", "l2_normalize", "log",
    "max", "maximum", "mean", "min", "minimum", "ndim", "ones", "ones_like",
    "permute_dimensions", "pow", "prod", "relu", "repeat_elements", "reshape", "reverse",
    "round", "set_floatx", "set_value", "shape", "sigmoid", "sign", "sin", "softmax", "sqrt",
    "square", "squeeze", "stack", "std", "sum", "tanh", "transpose", "var", "zeros", "zeros_like",
]
# fmt: on

Array = NDArray[Any]

# Named and called as NumPy's own.
abs, exp, log, sqrt, square, sign = np.abs, np.exp, np.log, np.sqrt, np.square, np.sign
sin, cos, tanh, round = np.sin, np.cos, np.tanh, np.round
maximum, minimum, clip, pow = np.maximum, np.minimum, np.clip, np.power
reshape, transpose, squeeze, expand_dims = np.reshape, np.transpose, np.squeeze, np.expand_dims
permute_dimensions, reverse, repeat_elements = np.transpose, np.flip, np.repeat
concatenate, stack, ndim, shape, int_shape = np.concatenate, np.stack, np.ndim, np.shape, np.shape
zeros, ones, zeros_like, ones_like, eye = np.zeros, np.ones, np.zeros_like, np.ones_like, np.eye
argmax, argmin, dot = np.argmax, np.argmin, np.dot


def backend() -> str:
    """Return ``"fastrnn"``: there is one."""
    return "fastrnn"


def clear_session() -> None:
    """Do nothing: fastrnn keeps no graph outside a model, and names layers model by model."""


@quietly
def cast(x: ArrayLike, dtype: DTypeLike) -> Array:
    """Return `x` as an array of a type."""
    return as_array("x", x).astype(dtype)


def constant(value: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Return `value` as an array, float32 unless another type is given."""
    return as_array("value", value).astype(dtype or np.float32)


def get_value(x: Any) -> Any:
    """Return the number or the array that `x` is: a rate of an optimizer, a weight of a layer."""
    return x.numpy() if hasattr(x, "numpy") else x


def set_value(x: Any, value: ArrayLike) -> None:
    """Set the rate of an optimizer, as ``model.optimizer.lr``, or a weight of a layer.

    Parameters
    ----------
    x : float, Parameter or ndarray
        What to set.  An array is written to.
    value : array_like
        In the shape of `x`; of a weight as Keras has it.
    """
    if hasattr(x, "assign"):
        x.assign(value)
    elif isinstance(x, np.ndarray):
        x[...] = value
    else:
        raise TypeError(f"x is a {type(x).__name__}; it should be a weight or a learning rate")


def flatten(x: ArrayLike) -> Array:
    """Return `x` in one axis."""
    return np.ravel(as_array("x", x))


def relu(x: ArrayLike) -> Array:
    """Return the larger of `x` and 0."""
    return np.asarray(np.maximum(as_array("x", x), 0))


def sigmoid(x: ArrayLike) -> Array:
    """Return 1 / (1 + exp(-x))."""
    from fastrnn import activations

    return np.asarray(activations.sigmoid(x))


@quietly
def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """Return exp(x), divided by its sum along an axis."""
    array = as_array("x", x)
    powers = np.exp(array - array.max(axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis, keepdims=True))


@quietly
def l2_normalize(x: ArrayLike, axis: int | None = None) -> Array:
    """Return `x` divided by its Euclidean norm along an axis."""
    array = as_array("x", x)
    squares = np.square(array).sum(axis, keepdims=True)
    return np.asarray(array / np.sqrt(np.maximum(squares, 1e-12)))


@quietly
def batch_dot(x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = None) -> Array:
    """Return the products of the samples of two arrays, summed over an axis of each.

    Parameters
    ----------
    x, y : array_like
        With as many samples, first.
    axes : int or pair of int, optional
        The axes to sum over, counted with that of the samples; the last of `x` and the last but one
        of `y` (of a matrix the last) if left out.
    """
    left, right = as_array("x", x), as_array("y", y)
    if axes is None:
        axes = (left.ndim - 1, builtins.max(1, right.ndim - 2))
    first, second = (axes, axes) if isinstance(axes, int) else axes
    products = [
        np.tensordot(a, b, (first - 1, second - 1)) for a, b in zip(left, right, strict=True)
    ]
    result = np.stack(products)
    return result[:, np.newaxis] if result.ndim == 1 else result


def _over(function: Any) -> Any:
    """Return a reduction of NumPy's with Keras's order of arguments."""

    @quietly
    def reduce(
        x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False
    ) -> Any:
        axes = axis if axis is None or isinstance(axis, int) else tuple(axis)
        return function(x, axes, keepdims=keepdims)

    reduce.__name__ = function.__name__
    reduce.__doc__ = f"Return the {function.__name__} over some axes; all of them if left out."
    return reduce


sum, mean, max, min, prod = (_over(f) for f in (np.sum, np.mean, np.max, np.min, np.prod))
std, var, any, all = (_over(f) for f in (np.std, np.var, np.any, np.all))

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
