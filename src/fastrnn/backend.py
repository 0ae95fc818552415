"""What scripts ask of ``keras.backend``: types, and functions on arrays.

The functions are NumPy's.  They compute on arrays; in a layer or a function of one's own that is
trained, gradients go through them; and on the tensors of a model they make a layer each, a
:class:`fastrnn.layers.Lambda`.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import seeding
from fastrnn._names import also_at, names_of
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.config import epsilon, floatx, image_data_format, set_floatx
from fastrnn.differentiation import constant as stop_gradient
from fastrnn.naming import forget_names

# fmt: off
__all__ = [
    "abs", "all", "any", "arange", "argmax", "argmin", "backend", "batch_dot", "batch_flatten",
    "batch_get_value", "batch_set_value", "bias_add", "binary_crossentropy", "cast",
    "cast_to_floatx", "categorical_crossentropy", "clear_session", "clip", "concatenate",
    "constant", "cos", "count_params", "cumprod", "cumsum", "dot", "dropout", "dtype", "elu",
    "epsilon", "equal", "eval", "exp", "expand_dims", "eye", "flatten", "floatx", "function",
    "gather", "get_value", "greater", "greater_equal", "hard_sigmoid", "image_data_format",
    "in_train_phase", "int_shape", "is_keras_tensor", "is_tensor", "l2_normalize",
    "learning_phase", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min",
    "minimum", "ndim", "not_equal", "one_hot", "ones", "ones_like", "permute_dimensions", "pow",
    "prod", "random_normal", "random_uniform", "relu", "repeat", "repeat_elements", "reshape",
    "reverse", "round", "set_floatx", "set_learning_phase", "set_value", "shape", "sigmoid",
    "sign", "sin", "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "sqrt",
    "square", "squeeze", "stack", "std", "stop_gradient", "sum", "switch", "tanh",
    "temporal_padding", "tile", "transpose", "var", "variable", "zeros", "zeros_like",
]
# fmt: on

Array = NDArray[Any]
_Function = TypeVar("_Function", bound=Callable[..., Any])

# Named and called as NumPy's own.
abs, exp, log, sqrt, square, sign = np.abs, np.exp, np.log, np.sqrt, np.square, np.sign
sin, cos, tanh, round = np.sin, np.cos, np.tanh, np.round
maximum, minimum, clip, pow = np.maximum, np.minimum, np.clip, np.power
equal, not_equal, greater, less = np.equal, np.not_equal, np.greater, np.less
greater_equal, less_equal, switch = np.greater_equal, np.less_equal, np.where
reshape, transpose, squeeze, expand_dims = np.reshape, np.transpose, np.squeeze, np.expand_dims
permute_dimensions, reverse, repeat_elements = np.transpose, np.flip, np.repeat
tile, cumsum, cumprod, arange = np.tile, np.cumsum, np.cumprod, np.arange
stack, ndim, shape, int_shape = np.stack, np.ndim, np.shape, np.shape
zeros, ones, zeros_like, ones_like, eye = np.zeros, np.ones, np.zeros_like, np.ones_like, np.eye
argmax, argmin, dot = np.argmax, np.argmin, np.dot


def _lifted(function: _Function) -> _Function:
    """Return a function that makes one layer of itself where it is called on tensors of a model."""
    quiet = quietly(function)

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        for argument in arguments:
            for one in argument if isinstance(argument, (list, tuple)) else [argument]:
                if hasattr(one, "lift"):
                    return one.lift(quiet, arguments, options)
        return quiet(*arguments, **options)

    return call  # type: ignore[return-value]


def _array(x: Any) -> Any:
    """Return an array, or what stands for one, as it is; all else as an array."""
    stands = hasattr(x, "__array_function__") and not isinstance(x, np.ndarray)
    return x if stands else as_array("x", x)


# What a program sets and asks -----------------------------------------------------------------


def backend() -> str:
    """Return ``"fastrnn"``: there is one."""
    return "fastrnn"


def clear_session() -> None:
    """Count the names of metrics from the beginning: the next `AUC` is called ``auc`` again.

    There is nothing else to clear: layers are counted model by model.
    """
    forget_names()


def learning_phase() -> int:
    """Return 0: whether a layer trains is said to each call, as ``training``."""
    return 0


def set_learning_phase(value: int) -> None:
    """Accept 0, which is how models predict.

    Raises
    ------
    ValueError
        If it is 1: call the model or the layer with ``training=True``.
    """
    if value:
        raise ValueError(
            f"value is {value!r}; it should be 0: call model(x, training=True) instead"
        )


def in_train_phase(x: Any, alt: Any, training: bool | None = None) -> Any:
    """Return `x` in a training, else `alt`; each may be a function without arguments.

    Raises
    ------
    TypeError
        If `training` is left out: a layer's `call` names it as an argument.
    """
    if training is None:
        raise TypeError(
            "training is None; name it in call(self, inputs, training) and give it here"
        )
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


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


def batch_get_value(tensors: Sequence[Any]) -> list[Any]:
    """Return what :func:`get_value` does of each."""
    return [get_value(tensor) for tensor in tensors]


def batch_set_value(tuples: Sequence[tuple[Any, ArrayLike]]) -> None:
    """Set pairs of what :func:`set_value` takes."""
    for x, value in tuples:
        set_value(x, value)


def function(inputs: Sequence[Any], outputs: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Return what computes some tensors of a model from others.

    Parameters
    ----------
    inputs, outputs : list of SymbolicTensor
        Such as ``[model.input]`` and ``[layer.output]``.  :func:`learning_phase` among the inputs
        stands for a number that says whether to do what a training does.

    Returns
    -------
    callable
        Takes a list of arrays, as many as `inputs`, and returns a list of those of `outputs`.
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


# Arrays and their types -----------------------------------------------------------------------


def variable(value: ArrayLike, dtype: DTypeLike | None = None, name: str | None = None) -> Array:
    """Return a copy of `value` as an array, of type :func:`floatx` unless another is given."""
    return np.array(as_array("value", value), dtype or floatx())


def constant(value: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Return `value` as an array, float32 unless another type is given."""
    return as_array("value", value).astype(dtype or np.float32)


def eval(x: Any) -> Array:
    """Return `x` as an array."""
    return as_array("x", get_value(x))


def dtype(x: Any) -> str:
    """Return the name of the type of an array."""
    return str(_array(x).dtype)


def is_tensor(x: Any) -> bool:
    """Return whether `x` is an array, or stands for one."""
    return hasattr(x, "__array_function__")


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor of a model."""
    return hasattr(x, "lift")


def count_params(x: Any) -> int:
    """Return how many numbers an array holds."""
    return int(np.prod(np.shape(x)))


@_lifted
def cast(x: ArrayLike, dtype: DTypeLike) -> Any:
    """Return `x` as an array of a type."""
    return _array(x).astype(dtype)


def cast_to_floatx(x: ArrayLike) -> Any:
    """Return `x` as an array of type :func:`floatx`."""
    return cast(x, floatx())


def random_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike | None = None
) -> Array:
    """Return numbers of a normal distribution, drawn from :func:`fastrnn.set_seed`."""
    return seeding.generator().normal(mean, stddev, tuple(shape)).astype(dtype or floatx())


def random_uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: DTypeLike | None = None
) -> Array:
    """Return numbers between two others, drawn from :func:`fastrnn.set_seed`."""
    return seeding.generator().uniform(minval, maxval, tuple(shape)).astype(dtype or floatx())


# Functions of one array -----------------------------------------------------------------------


@_lifted
def flatten(x: ArrayLike) -> Any:
    """Return `x` in one axis."""
    return np.ravel(_array(x))


@_lifted
def batch_flatten(x: ArrayLike) -> Any:
    """Return `x` with all axes behind the first in one."""
    array = _array(x)
    return np.reshape(array, (array.shape[0], -1))


@_lifted
def relu(
    x: ArrayLike, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return `x` where it is above `threshold`, else `alpha` times its distance from it."""
    array = _array(x)
    found = np.where(array > threshold, array, alpha * (array - threshold))
    return found if max_value is None else np.minimum(found, max_value)


@_lifted
def elu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Return `x` where it is above 0, else alpha (exp(x) - 1)."""
    array = _array(x)
    return np.where(array > 0, array, alpha * np.expm1(np.minimum(array, 0)))


@_lifted
def sigmoid(x: ArrayLike) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return 0.5 * np.tanh(0.5 * _array(x)) + 0.5


@_lifted
def hard_sigmoid(x: ArrayLike) -> Any:
    """Return x / 6 + 1/2, between 0 and 1."""
    return np.clip(_array(x) / 6 + 0.5, 0, 1)


@_lifted
def softplus(x: ArrayLike) -> Any:
    """Return log(1 + exp(x))."""
    return np.logaddexp(_array(x), 0)


@_lifted
def softsign(x: ArrayLike) -> Any:
    """Return x / (1 + |x|)."""
    array = _array(x)
    return array / (1 + np.abs(array))


@_lifted
def softmax(x: ArrayLike, axis: int = -1) -> Any:
    """Return exp(x), divided by its sum along an axis."""
    array = _array(x)
    powers = np.exp(array - np.max(stop_gradient(array), axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


@_lifted
def logsumexp(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exp(x)."""
    array = _array(x)
    largest = np.max(stop_gradient(array), axis, keepdims=True)
    total = np.log(np.sum(np.exp(array - largest), axis, keepdims=keepdims))
    return total + (largest if keepdims else np.squeeze(largest, axis))


@_lifted
def l2_normalize(x: ArrayLike, axis: int | None = None) -> Any:
    """Return `x` divided by its Euclidean norm along an axis."""
    array = _array(x)
    squares = np.sum(np.square(array), axis, keepdims=True)
    return array / np.sqrt(np.maximum(squares, 1e-12))


@_lifted
def dropout(x: ArrayLike, level: float) -> Any:
    """Return `x` with a share of its numbers zero, and the others larger by as much."""
    array = _array(x)
    kept = seeding.generator().random(array.shape) >= level
    return array * (kept / (1 - level)).astype(array.dtype)


@_lifted
def repeat(x: ArrayLike, n: int) -> Any:
    """Return (batch, features) as (batch, n, features)."""
    return np.repeat(np.expand_dims(_array(x), 1), n, axis=1)


@_lifted
def one_hot(indices: ArrayLike, num_classes: int) -> Array:
    """Return integers as one-hot rows, in a new last axis."""
    labels = as_array("indices", indices)
    return np.asarray(labels[..., np.newaxis] == np.arange(num_classes), floatx())


@_lifted
def temporal_padding(x: ArrayLike, padding: Sequence[int] = (1, 1)) -> Any:
    """Return (batch, time, features) with steps of zeros before and behind."""
    return np.pad(_array(x), ((0, 0), tuple(padding), (0, 0)))


def _over(function: Any) -> Any:
    """Return a reduction of NumPy's with Keras's order of arguments."""

    @quietly
    def reduce(
        x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False
    ) -> Any:
        axes = axis if axis is None or isinstance(axis, int) else tuple(axis)
        return function(x, axis=axes, keepdims=keepdims)

    reduce.__name__ = function.__name__
    reduce.__doc__ = f"Return the {function.__name__} over some axes; all of them if left out."
    return reduce


sum, mean, max, min, prod = (_over(f) for f in (np.sum, np.mean, np.max, np.min, np.prod))
std, var, any, all = (_over(f) for f in (np.std, np.var, np.any, np.all))


# Functions of several arrays ------------------------------------------------------------------


@_lifted
def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Return arrays side by side, along the last axis unless another is given."""
    return np.concatenate(tensors, axis=axis)


@_lifted
def bias_add(x: ArrayLike, bias: ArrayLike) -> Any:
    """Return the sum of an array and a vector."""
    return _array(x) + bias


@_lifted
def gather(reference: ArrayLike, indices: ArrayLike) -> Any:
    """Return the rows of an array that integers name."""
    return np.take(_array(reference), as_array("indices", indices), axis=0)


@_lifted
def batch_dot(x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = None) -> Any:
    """Return the products of the samples of two arrays, summed over an axis of each.

    Parameters
    ----------
    x, y : array_like
        With as many samples, first.
    axes : int or pair of int, optional
        The axes to sum over, counted with that of the samples; the last of `x` and the last but one
        of `y` (of a matrix the last) if left out.
    """
    left, right = _array(x), _array(y)
    if axes is None:
        axes = (left.ndim - 1, builtins.max(1, right.ndim - 2))
    first, second = (axes, axes) if isinstance(axes, int) else axes
    one, other = np.moveaxis(left, first, -1), np.moveaxis(right, second, 1)
    ours, theirs = one.shape[1:-1], other.shape[2:]
    samples, length = other.shape[:2]
    product = np.matmul(
        np.reshape(one, (samples, -1, length)), np.reshape(other, (samples, length, -1))
    )
    return np.reshape(product, (samples, *(ours + theirs or (1,))))


@_lifted
def binary_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False) -> Any:
    """Return the cross entropy of yes or no at every place."""
    y, p = _array(target), _array(output)
    if from_logits:
        return np.maximum(p, 0) - p * y + np.log1p(np.exp(-np.abs(p)))
    p = np.clip(p, epsilon(), 1 - epsilon())
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


@_lifted
def categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross entropy of the distributions along an axis."""
    y, p = _array(target), _array(output)
    if from_logits:
        return -np.sum(y * (p - logsumexp(p, axis, True)), axis)
    p = p / np.sum(p, axis, keepdims=True)
    return -np.sum(y * np.log(np.clip(p, epsilon(), 1 - epsilon())), axis)


@_lifted
def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False
) -> Any:
    """Return the cross entropy of a class and the distribution along the last axis."""
    p, labels = _array(output), as_array("target", target)
    labels = labels[..., 0] if labels.ndim == p.ndim else labels
    return categorical_crossentropy(one_hot(labels, p.shape[-1]), p, from_logits)


also_at(__name__, __all__, "tensorflow_backend")

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, __all__)
