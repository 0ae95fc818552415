"""TensorFlow's names of the operations that fastrnn has.

Scripts that use Keras through TensorFlow write ``tf.reduce_mean`` in a loss, or ``tf.argmax``
after a prediction.  With ``import fastrnn as tf``, these are the functions of :mod:`fastrnn.ops`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from fastrnn import ops
from fastrnn._names import names_of
from fastrnn._tensorflow import session

__all__: list[str] = []

#: Names that are not those of :mod:`fastrnn.ops`.
_OTHERS = {
    "reduce_all": "all",
    "reduce_any": "any",
    "reduce_logsumexp": "logsumexp",
    "reduce_max": "max",
    "reduce_mean": "mean",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_std": "std",
    "reduce_sum": "sum",
    "reduce_variance": "var",
    "clip_by_value": "clip",
    "convert_to_tensor": "convert_to_tensor",
    "constant": "convert_to_tensor",
    "fill": "full",
    "identity": "convert_to_tensor",
    "pow": "power",
    "range": "arange",
    "sigmoid": "sigmoid",
}
_TYPES = ("bool", "float32", "float64", "int32", "int64", "uint8")


def argmax(input: Any, axis: int | None = None) -> Any:
    """Return the places of the largest elements, along the first axis if none is given."""
    return np.argmax(input, axis=axis or 0)


def argmin(input: Any, axis: int | None = None) -> Any:
    """Return the places of the smallest elements, along the first axis if none is given."""
    return np.argmin(input, axis=axis or 0)


def concat(values: Any, axis: int) -> Any:
    """Return arrays in a row, along an axis."""
    return np.concatenate(values, axis=axis)


def transpose(a: Any, perm: Sequence[int] | None = None) -> Any:
    """Return an array with its axes in another order, reversed if none is given."""
    return np.transpose(a, perm)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """Return the product of matrices, either of them transposed before it."""
    one = np.swapaxes(a, -1, -2) if transpose_a else a
    return np.matmul(one, np.swapaxes(b, -1, -2) if transpose_b else b)


def gather(params: Any, indices: Any, axis: int = 0) -> Any:
    """Return the parts of an array that indices name."""
    return np.take(params, indices, axis=axis)


def one_hot(indices: Any, depth: int) -> Any:
    """Return rows with a one at each index."""
    return ops.one_hot(indices, depth)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the sums of all elements up to each, along the first axis if none is given."""
    return np.cumsum(x, axis=axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the products of all elements up to each, along the first axis if none is given."""
    return np.cumprod(x, axis=axis)


def split(value: Any, num_or_size_splits: Any, axis: int = 0) -> Any:
    """Return so many equal parts of an array, or parts of given sizes."""
    if np.ndim(num_or_size_splits) == 0:
        return np.split(value, num_or_size_splits, axis=axis)
    sizes = np.array(num_or_size_splits)
    sizes[sizes < 0] = np.shape(value)[axis] - sizes[sizes >= 0].sum()
    if sizes.sum() != np.shape(value)[axis] or (sizes < 0).any():
        raise ValueError(
            f"num_or_size_splits is {num_or_size_splits!r}; the sizes should add up to "
            f"{np.shape(value)[axis]}, the extent of axis {axis}"
        )
    return np.split(value, np.cumsum(sizes)[:-1], axis=axis)


def gelu(features: Any, approximate: bool = False) -> Any:
    """Return :func:`fastrnn.activations.gelu`, exact unless the approximation is asked for."""
    return ops.gelu(features, approximate)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    """Return an array divided by its norm, whose square is at least `epsilon`."""
    squares = ops.sum(np.square(x), axis=axis, keepdims=True)
    return np.multiply(x, ops.rsqrt(np.maximum(squares, epsilon)))


def squared_difference(x: Any, y: Any) -> Any:
    """Return the square of the difference."""
    return np.square(np.subtract(x, y))


def zeros(shape: Any, dtype: DTypeLike | None = None) -> Any:
    """Return zeros, float32 unless another type is given."""
    return ops.zeros(shape, dtype or np.float32)


def ones(shape: Any, dtype: DTypeLike | None = None) -> Any:
    """Return ones, float32 unless another type is given."""
    return ops.ones(shape, dtype or np.float32)


def _named() -> dict[str, Any]:
    """Return everything that TensorFlow has by these names."""
    here = sys.modules[__name__]
    found = {name: getattr(ops, name) for name in ops.__all__}
    found.update({name: getattr(ops, other) for name, other in _OTHERS.items()})
    found.update({name: np.dtype(name) for name in _TYPES})
    found.update(dict.fromkeys(("math", "nn", "linalg"), here))
    found.update(newaxis=None, TensorShape=tuple)
    own = (
        argmax,
        argmin,
        concat,
        cumprod,
        cumsum,
        gather,
        gelu,
        l2_normalize,
        matmul,
        one_hot,
        ones,
        split,
        squared_difference,
        transpose,
        zeros,
    )
    return {**found, **session.NAMED, **{function.__name__: function for function in own}}


#: Everything by its name.
NAMED = _named()

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, (), advice_of="fastrnn")
    globals().update({name: value for name, value in NAMED.items() if name not in globals()})
