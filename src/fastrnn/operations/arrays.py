"""Creation, type and shape of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn import seeding
from fastrnn.arguments import as_array
from fastrnn.arithmetic import quietly
from fastrnn.operations.lifting import array_or_tensor, lifted
from fastrnn.settings import floatx

Array = NDArray[Any]


def variable(value: ArrayLike, dtype: DTypeLike | None = None, name: str | None = None) -> Array:
    """Return a copy of `value` as an array, of type :func:`floatx` unless another is given.

    Examples
    --------
    >>> variable([1, 2]).dtype
    dtype('float32')
    """
    return np.array(as_array("value", value), dtype or floatx())


def constant(value: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Return `value` as an array, float32 unless another type is given.

    Examples
    --------
    >>> constant([1, 2]).dtype
    dtype('float32')
    """
    return as_array("value", value).astype(dtype or np.float32)


def eval(x: Any) -> Array:
    """Return `x` as an array.

    Examples
    --------
    >>> eval([1, 2])
    array([1, 2])
    """
    return as_array("x", x.numpy() if hasattr(x, "numpy") else x)


def dtype(x: Any) -> str:
    """Return the name of the type of an array.

    Examples
    --------
    >>> dtype(np.ones(2, np.float32))
    'float32'
    """
    return str(array_or_tensor(x).dtype)


def is_tensor(x: Any) -> bool:
    """Return whether `x` is an array or a symbolic tensor.

    Examples
    --------
    >>> is_tensor(np.ones(3)), is_tensor([1.0, 1.0])
    (True, False)
    """
    return hasattr(x, "__array_function__")


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a symbolic tensor.

    Examples
    --------
    >>> from fastrnn.layers import Input
    >>> is_keras_tensor(Input((3,))), is_keras_tensor(np.ones(3))
    (True, False)
    """
    return hasattr(x, "lift")


def count_params(x: Any) -> int:
    """Return the size of an array.

    Examples
    --------
    >>> count_params(np.ones((3, 4)))
    12
    """
    return int(np.prod(np.shape(x)))


@lifted
def cast(x: ArrayLike, dtype: DTypeLike) -> Any:
    """Return `x` as an array of a type.

    Examples
    --------
    >>> cast([0.0, 1.5, -1.5], "int32")
    array([ 0,  1, -1], dtype=int32)
    """
    return array_or_tensor(x).astype(dtype)


def cast_to_floatx(x: ArrayLike) -> Any:
    """Return `x` as an array of type :func:`floatx`.

    Examples
    --------
    >>> cast_to_floatx([1, 2]).dtype
    dtype('float32')
    """
    return cast(x, floatx())


def random_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: DTypeLike | None = None
) -> Array:
    """Return normally distributed random numbers, seeded by :func:`fastrnn.set_seed`.

    Examples
    --------
    >>> import fastrnn
    >>> fastrnn.set_seed(0)
    >>> x = random_normal((1000,), mean=5.0)
    >>> x.shape, float(x.mean().round())
    ((1000,), 5.0)
    """
    return seeding.generator().normal(mean, stddev, tuple(shape)).astype(dtype or floatx())


def random_uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: DTypeLike | None = None
) -> Array:
    """Return uniform random numbers, seeded by :func:`fastrnn.set_seed`.

    Examples
    --------
    >>> import fastrnn
    >>> fastrnn.set_seed(0)
    >>> x = random_uniform((1000,), 2, 3)
    >>> bool(2 <= x.min() and x.max() <= 3)
    True
    """
    return seeding.generator().uniform(minval, maxval, tuple(shape)).astype(dtype or floatx())


def zeros(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Array:
    """Return zeros, of type :func:`floatx` unless another is given.

    Examples
    --------
    >>> zeros((2, 3))
    array([[0., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    return np.zeros(shape, dtype or floatx())


def ones(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Array:
    """Return ones, of type :func:`floatx` unless another is given.

    Examples
    --------
    >>> ones((2, 3)).shape
    (2, 3)
    """
    return np.ones(shape, dtype or floatx())


def eye(size: int, dtype: DTypeLike | None = None) -> Array:
    """Return the identity matrix.

    Examples
    --------
    >>> eye(2)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return np.eye(size, dtype=dtype or floatx())


def arange(start: int, stop: int | None = None, step: int = 1, dtype: DTypeLike = "int32") -> Array:
    """Return the integers from `start`, or 0, up to `stop`.

    Examples
    --------
    >>> arange(4)
    array([0, 1, 2, 3], dtype=int32)
    >>> arange(2, 10, 3)
    array([2, 5, 8], dtype=int32)
    """
    first, end = (0, start) if stop is None else (start, stop)
    return np.arange(first, end, step, dtype=dtype)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return `x` with an additional axis of size one, by default the last.

    Examples
    --------
    >>> expand_dims(np.ones((2, 3))).shape
    (2, 3, 1)
    """
    return np.expand_dims(x, axis)


def squeeze(x: Any, axis: int) -> Any:
    """Return `x` without an axis of size one.

    Examples
    --------
    >>> squeeze(np.ones((2, 1, 3)), 1).shape
    (2, 3)
    """
    return np.squeeze(x, axis)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """Return `x` with its axes in another order.

    Examples
    --------
    >>> permute_dimensions(np.ones((2, 3, 4)), (0, 2, 1)).shape
    (2, 4, 3)
    """
    return np.transpose(x, tuple(pattern))


def reverse(x: Any, axes: int | Sequence[int]) -> Any:
    """Return `x` reversed along some axes.

    Examples
    --------
    >>> reverse([1, 2, 3], 0)
    array([3, 2, 1])
    """
    return np.flip(x, axes if isinstance(axes, int) else tuple(axes))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Return `x` with each slice along an axis repeated.

    Examples
    --------
    >>> repeat_elements([1, 2, 3], 2, axis=0)
    array([1, 1, 2, 2, 3, 3])
    """
    return np.repeat(x, rep, axis)


def argmax(x: Any, axis: int = -1) -> Any:
    """Return the index of the maximum along an axis, by default the last.

    Examples
    --------
    >>> argmax([[1.0, 3.0, 2.0], [5.0, 4.0, 0.0]])
    array([1, 0])
    """
    return np.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Return the index of the minimum along an axis, by default the last.

    Examples
    --------
    >>> argmin([[1.0, 3.0, 2.0], [5.0, 4.0, 0.0]])
    array([0, 2])
    """
    return np.argmin(x, axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the cumulative sum along an axis, by default the first.

    Examples
    --------
    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.])
    """
    return np.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the cumulative product along an axis, by default the first.

    Examples
    --------
    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    return np.cumprod(x, axis)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return `x` clipped to a range.

    Examples
    --------
    >>> clip([-2.0, 0.5, 3.0], -1, 1)
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(x, min_value, max_value)


def pow(x: Any, a: Any) -> Any:
    """Return `x` to the power of `a`.

    Examples
    --------
    >>> pow([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.])
    """
    return np.power(x, a)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return elements of one of two values by a condition; the values may be functions.

    Examples
    --------
    >>> switch(np.array([True, False]), 1.0, np.array([5.0, 7.0]))
    array([1., 7.])
    """
    one, other = (e() if callable(e) else e for e in (then_expression, else_expression))
    return np.where(condition, one, other)


def _over(name: str, result: str) -> Any:
    """Return a reduction of NumPy's with Keras's order of arguments; `result` is its example's."""
    # Older versions of NumPy call their max amax, so the name is not that of the function.
    function = getattr(np, name)

    @quietly
    def reduce(
        x: ArrayLike, axis: int | Sequence[int] | None = None, keepdims: bool = False
    ) -> Any:
        axes = axis if axis is None or isinstance(axis, int) else tuple(axis)
        return function(x, axis=axes, keepdims=keepdims)

    reduce.__name__ = name
    reduce.__doc__ = f"""Return the {name} over some axes; all of them if left out.

    Examples
    --------
    >>> {name}([[0.0, 2.0], [3.0, 4.0]], axis=1)
    {result}
    """
    return reduce


sum = _over("sum", "array([2., 7.])")
mean = _over("mean", "array([1. , 3.5])")
max = _over("max", "array([2., 4.])")
min = _over("min", "array([0., 3.])")
prod = _over("prod", "array([ 0., 12.])")
std = _over("std", "array([1. , 0.5])")
var = _over("var", "array([1.  , 0.25])")
any = _over("any", "array([ True,  True])")
all = _over("all", "array([False,  True])")
