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
    """Return `x` in one axis."""
    return np.ravel(array_or_tensor(x))


@lifted
def batch_flatten(x: ArrayLike) -> Any:
    """Return `x` with all axes behind the first in one."""
    array = array_or_tensor(x)
    return np.reshape(array, (array.shape[0], -1))


@lifted
def relu(
    x: ArrayLike, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """Return `x` where it is above `threshold`, else `alpha` times its distance from it."""
    array = array_or_tensor(x)
    found = np.where(array > threshold, array, alpha * (array - threshold))
    return found if max_value is None else np.minimum(found, max_value)


@lifted
def elu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Return `x` where it is above 0, else alpha (exp(x) - 1)."""
    array = array_or_tensor(x)
    return np.where(array > 0, array, alpha * np.expm1(np.minimum(array, 0)))


@lifted
def sigmoid(x: ArrayLike) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return 0.5 * np.tanh(0.5 * array_or_tensor(x)) + 0.5


@lifted
def hard_sigmoid(x: ArrayLike) -> Any:
    """Return x / 6 + 1/2, between 0 and 1."""
    return np.clip(array_or_tensor(x) / 6 + 0.5, 0, 1)


@lifted
def softplus(x: ArrayLike) -> Any:
    """Return log(1 + exp(x))."""
    return np.logaddexp(array_or_tensor(x), 0)


@lifted
def softsign(x: ArrayLike) -> Any:
    """Return x / (1 + |x|)."""
    array = array_or_tensor(x)
    return array / (1 + np.abs(array))


@lifted
def softmax(x: ArrayLike, axis: int = -1) -> Any:
    """Return exp(x), divided by its sum along an axis."""
    array = array_or_tensor(x)
    powers = np.exp(array - np.max(stop_gradient(array), axis, keepdims=True))
    return powers / np.sum(powers, axis, keepdims=True)


@lifted
def logsumexp(x: ArrayLike, axis: int | None = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exp(x)."""
    array = array_or_tensor(x)
    largest = np.max(stop_gradient(array), axis, keepdims=True)
    total = np.log(np.sum(np.exp(array - largest), axis, keepdims=keepdims))
    return total + (largest if keepdims else np.squeeze(largest, axis))


@lifted
def l2_normalize(x: ArrayLike, axis: int | None = None) -> Any:
    """Return `x` divided by its Euclidean norm along an axis."""
    array = array_or_tensor(x)
    squares = np.sum(np.square(array), axis, keepdims=True)
    return array / np.sqrt(np.maximum(squares, 1e-12))


@lifted
def dropout(x: ArrayLike, level: float) -> Any:
    """Return `x` with a share of its numbers zero, and the others larger by as much."""
    array = array_or_tensor(x)
    kept = seeding.generator().random(array.shape) >= level
    return array * (kept / (1 - level)).astype(array.dtype)


@lifted
def repeat(x: ArrayLike, n: int) -> Any:
    """Return (batch, features) as (batch, n, features)."""
    return np.repeat(np.expand_dims(array_or_tensor(x), 1), n, axis=1)


@lifted
def one_hot(indices: ArrayLike, num_classes: int) -> Array:
    """Return integers as one-hot rows, in a new last axis."""
    labels = as_array("indices", indices)
    return np.asarray(labels[..., np.newaxis] == np.arange(num_classes), floatx())


@lifted
def temporal_padding(x: ArrayLike, padding: Sequence[int] = (1, 1)) -> Any:
    """Return (batch, time, features) with steps of zeros before and behind."""
    return np.pad(array_or_tensor(x), ((0, 0), tuple(padding), (0, 0)))


@lifted
def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Return arrays side by side, along the last axis unless another is given."""
    return np.concatenate(tensors, axis=axis)


@lifted
def bias_add(x: ArrayLike, bias: ArrayLike) -> Any:
    """Return the sum of an array and a vector."""
    return array_or_tensor(x) + bias


@lifted
def gather(reference: ArrayLike, indices: ArrayLike) -> Any:
    """Return the rows of an array that integers name."""
    return np.take(array_or_tensor(reference), as_array("indices", indices), axis=0)


@lifted
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
    """Return the cross entropy of yes or no at every place."""
    y, p = array_or_tensor(target), array_or_tensor(output)
    if from_logits:
        return np.maximum(p, 0) - p * y + np.log1p(np.exp(-np.abs(p)))
    p = np.clip(p, epsilon(), 1 - epsilon())
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


@lifted
def categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False, axis: int = -1
) -> Any:
    """Return the cross entropy of the distributions along an axis."""
    y, p = array_or_tensor(target), array_or_tensor(output)
    if from_logits:
        return -np.sum(y * (p - logsumexp(p, axis, True)), axis)
    p = p / np.sum(p, axis, keepdims=True)
    return -np.sum(y * np.log(np.clip(p, epsilon(), 1 - epsilon())), axis)


@lifted
def sparse_categorical_crossentropy(
    target: ArrayLike, output: ArrayLike, from_logits: bool = False
) -> Any:
    """Return the cross entropy of a class and the distribution along the last axis."""
    p, labels = array_or_tensor(output), as_array("target", target)
    labels = labels[..., 0] if labels.ndim == p.ndim else labels
    return categorical_crossentropy(one_hot(labels, p.shape[-1]), p, from_logits)
