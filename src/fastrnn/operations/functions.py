"""Activations, products and losses, on arrays."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn import seeding
from fastrnn.arguments import as_array
from fastrnn.differentiation import constant as stop_gradient
from fastrnn.operations.lifting import array_or_tensor, lifted
from fastrnn.settings import epsilon, floatx

Array = NDArray[Any]


@lifted
def flatten(x: ArrayLike) -> Any:
    """Return `x` flattened to one axis.

    Examples
    --------
    >>> flatten([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    return np.ravel(array_or_tensor(x))


@lifted
def batch_flatten(x: ArrayLike) -> Any:
    """Return `x` with all axes after the first flattened.

    Examples
    --------
    >>> batch_flatten(np.ones((5, 2, 3))).shape
    (5, 6)
    """
    array = array_or_tensor(x)
    return np.reshape(array, (array.shape[0], -1))


@lifted
def relu(
    x: ArrayLike, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return `x` from `threshold` on, below it `alpha` · (`x` − `threshold`).

    Examples
    --------
    >>> relu([-1.0, 2.0, 9.0], alpha=0.1, max_value=6)
    array([-0.1,  2. ,  6. ])
    """
    array = array_or_tensor(x)
    found = np.where(array > threshold, array, alpha * (array - threshold))
    return found if max_value is None else np.minimum(found, max_value)


@lifted
def elu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Return `x` for positive x, else alpha (exp(x) - 1).

    Examples
    --------
    >>> elu([-1.0, 0.0, 2.0]).round(3)
    array([-0.632,  0.   ,  2.   ])
    """
    array = array_or_tensor(x)
    return np.where(array > 0, array, alpha * np.expm1(np.minimum(array, 0)))


@lifted
def sigmoid(x: ArrayLike) -> Any:
    """Return 1 / (1 + exp(-x)).

    Examples
    --------
    >>> sigmoid([-1.0, 0.0, 1.0]).round(3)
    array([0.269, 0.5  , 0.731])
    """
    return 0.5 * np.tanh(0.5 * array_or_tensor(x)) + 0.5


@lifted
def hard_sigmoid(x: ArrayLike) -> Any:
    """Return x / 6 + 1/2, clipped to [0, 1].

    Examples
    --------
    >>> hard_sigmoid([-4.0, 0.0, 1.5])
    array([0.  , 0.5 , 0.75])
    """
    return np.clip(array_or_tensor(x) / 6 + 0.5, 0, 1)


@lifted
def softplus(x: ArrayLike) -> Any:
    """Return log(1 + exp(x)).

    Examples
    --------
    >>> softplus([-1.0, 0.0]).round(3)
    array([0.313, 0.693])
    """
    return np.logaddexp(array_or_tensor(x), 0)


@lifted
def softsign(x: ArrayLike) -> Any:
    """Return x / (1 + |x|).

    Examples
    --------
    >>> softsign([-1.0, 0.0, 3.0])
    array([-0.5 ,  0.  ,  0.75])
    """
    array = array_or_tensor(x)
    return array / (1 + np.abs(array))


@lifted
def softmax(x: ArrayLike, axis: int = -1) -> Any:
    """Return exp(x), divided by its sum along an axis.

    Examples
    --------
    >>> softmax([0.0, 0.0, 0.0, 0.0])
    array([0.25, 0.25, 0.25, 0.25])
    """
    array = array_or_tensor(x)
    powers = np.exp(array - np.max(stop_gradient(array), axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


@lifted
def logsumexp(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exp(x).

    Examples
    --------
    >>> float(logsumexp([0.0, 0.0]).round(3))
    0.693
    """
    array = array_or_tensor(x)
    largest = np.max(stop_gradient(array), axis, keepdims=True)
    total = np.log(np.sum(np.exp(array - largest), axis, keepdims=keepdims))
    return total + (largest if keepdims else np.squeeze(largest, axis))


@lifted
def l2_normalize(x: ArrayLike, axis: int | None = None) -> Any:
    """Return `x` divided by its Euclidean norm along an axis.

    Examples
    --------
    >>> l2_normalize([3.0, 4.0])
    array([0.6, 0.8])
    """
    array = array_or_tensor(x)
    squares = np.sum(np.square(array), axis, keepdims=True)
    return array / np.sqrt(np.maximum(squares, 1e-12))


@lifted
def dropout(x: ArrayLike, level: float) -> Any:
    """Return `x` with a fraction of its elements set to zero, and the others scaled up.

    Examples
    --------
    >>> x = dropout(np.ones(1000), 0.2)
    >>> sorted(set(x.tolist()))
    [0.0, 1.25]
    """
    array = array_or_tensor(x)
    kept = seeding.generator().random(array.shape) >= level
    return array * (kept / (1 - level)).astype(array.dtype)


@lifted
def repeat(x: ArrayLike, n: int) -> Any:
    """Return (batch, features) as (batch, n, features).

    Examples
    --------
    >>> repeat(np.ones((2, 3)), 5).shape
    (2, 5, 3)
    """
    return np.repeat(np.expand_dims(array_or_tensor(x), 1), n, axis=1)


@lifted
def one_hot(indices: ArrayLike, num_classes: int) -> Array:
    """Return integers as one-hot rows, in a new last axis.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = as_array("indices", indices)
    return np.asarray(labels[..., np.newaxis] == np.arange(num_classes), floatx())


@lifted
def temporal_padding(x: ArrayLike, padding: Sequence[int] = (1, 1)) -> Any:
    """Return (batch, time, features) with steps of zeros added at the start and the end.

    Examples
    --------
    >>> temporal_padding(np.ones((1, 3, 2)), (2, 1)).shape
    (1, 6, 2)
    """
    return np.pad(array_or_tensor(x), ((0, 0), tuple(padding), (0, 0)))


@lifted
def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Return the concatenation of arrays, by default along the last axis.

    Examples
    --------
    >>> concatenate([np.zeros((2, 1)), np.ones((2, 2))])
    array([[0., 1., 1.],
           [0., 1., 1.]])
    """
    return np.concatenate(tensors, axis=axis)


@lifted
def bias_add(x: ArrayLike, bias: ArrayLike) -> Any:
    """Return the sum of an array and a vector.

    Examples
    --------
    >>> bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0])
    array([[11., 22.],
           [13., 24.]])
    """
    return array_or_tensor(x) + bias


@lifted
def gather(reference: ArrayLike, indices: ArrayLike) -> Any:
    """Return rows of an array by their indices.

    Examples
    --------
    >>> gather([[1, 2], [3, 4], [5, 6]], [2, 0])
    array([[5, 6],
           [1, 2]])
    """
    return np.take(array_or_tensor(reference), as_array("indices", indices), axis=0)


@lifted
def batch_dot(x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = None) -> Any:
    """Return the products of the samples of two arrays, summed over an axis of each.

    Parameters
    ----------
    x, y : array_like
        With the same number of samples, on the first axis.
    axes : int or pair of int, optional
        The axes to sum over, including the batch in counting; if left out, the last of `x` and the
        last but one of `y` (the last of a matrix).

    Examples
    --------
    >>> one, other = np.ones((5, 2, 3)), np.ones((5, 3, 4))
    >>> batch_dot(one, other).shape
    (5, 2, 4)
    >>> batch_dot(np.ones((5, 3)), np.full((5, 3), 2.0))[0]
    array([6.])
    """
    left, right = array_or_tensor(x), array_or_tensor(y)
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


@lifted
def binary_crossentropy(target: ArrayLike, output: ArrayLike, from_logits: bool = False) -> Any:
    """Return the binary cross entropy of each element.

    Examples
    --------
    >>> binary_crossentropy([1.0, 0.0], [0.9, 0.2]).round(3)
    array([0.105, 0.223])
    """
    y, p = array_or_tensor(target), array_or_tensor(output)
    if from_logits:
        return np.maximum(p, 0) - p * y + np.log1p(np.exp(-np.abs(p)))
    p = np.clip(p, epsilon(), 1 - epsilon())
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


@lifted
def categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross entropy of distributions along an axis.

    Examples
    --------
    >>> categorical_crossentropy([[0.0, 1.0]], [[0.25, 0.75]]).round(3)
    array([0.288])
    """
    y, p = array_or_tensor(target), array_or_tensor(output)
    if from_logits:
        return -np.sum(y * (p - logsumexp(p, axis, True)), axis)
    p = p / np.sum(p, axis, keepdims=True)
    return -np.sum(y * np.log(np.clip(p, epsilon(), 1 - epsilon())), axis)


@lifted
def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False
) -> Any:
    """Return the cross entropy of labels and distributions along the last axis.

    Examples
    --------
    >>> sparse_categorical_crossentropy([1], [[0.25, 0.75]]).round(3)
    array([0.288])
    """
    p, labels = array_or_tensor(output), as_array("target", target)
    labels = labels[..., 0] if labels.ndim == p.ndim else labels
    return categorical_crossentropy(one_hot(labels, p.shape[-1]), p, from_logits)
