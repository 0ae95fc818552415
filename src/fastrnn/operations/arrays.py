"""Arrays: how they are made, of which type and shape they are."""

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
    """Return a copy of `value` as an array, of type :func:`floatx` unless another is given."""
    return np.array(as_array("value", value), dtype or floatx())


def constant(value: ArrayLike, dtype: DTypeLike | None = None) -> Array:
    """Return `value` as an array, float32 unless another type is given."""
    return as_array("value", value).astype(dtype or np.float32)


def eval(x: Any) -> Array:
    """Return `x` as an array."""
    return as_array("x", x.numpy() if hasattr(x, "numpy") else x)


def dtype(x: Any) -> str:
    """Return the name of the type of an array."""
    return str(array_or_tensor(x).dtype)


def is_tensor(x: Any) -> bool:
    """Return whether `x` is an array, or stands for one."""
    return hasattr(x, "__array_function__")


def is_keras_tensor(x: Any) -> bool:
    """Return whether `x` is a tensor of a model."""
    return hasattr(x, "lift")


def count_params(x: Any) -> int:
    """Return how many numbers an array holds."""
    return int(np.prod(np.shape(x)))


@lifted
def cast(x: ArrayLike, dtype: DTypeLike) -> Any:
    """Return `x` as an array of a type."""
    return array_or_tensor(x).astype(dtype)


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


def zeros(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Array:
    """Return zeros, of type :func:`floatx` unless another is given."""
    return np.zeros(shape, dtype or floatx())


def ones(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Array:
    """Return ones, of type :func:`floatx` unless another is given."""
    return np.ones(shape, dtype or floatx())


def eye(size: int, dtype: DTypeLike | None = None) -> Array:
    """Return the identity matrix."""
    return np.eye(size, dtype=dtype or floatx())


def arange(start: int, stop: int | None = None, step: int = 1, dtype: DTypeLike = "int32") -> Array:
    """Return the integers from `start`, or 0, up to `stop`."""
    first, end = (0, start) if stop is None else (start, stop)
    return np.arange(first, end, step, dtype=dtype)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """Return `x` with an axis of one more, the last unless another is given."""
    return np.expand_dims(x, axis)


def squeeze(x: Any, axis: int) -> Any:
    """Return `x` without an axis of one."""
    return np.squeeze(x, axis)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """Return `x` with its axes in another order."""
    return np.transpose(x, tuple(pattern))


def reverse(x: Any, axes: int | Sequence[int]) -> Any:
    """Return `x` from last to first along some axes."""
    return np.flip(x, axes if isinstance(axes, int) else tuple(axes))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Return `x` with every part along an axis several times."""
    return np.repeat(x, rep, axis)


def argmax(x: Any, axis: int = -1) -> Any:
    """Return the place of the largest along an axis, the last unless another is given."""
    return np.argmax(x, axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Return the place of the smallest along an axis, the last unless another is given."""
    return np.argmin(x, axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Return the running sum along an axis, the first unless another is given."""
    return np.cumsum(x, axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Return the running product along an axis, the first unless another is given."""
    return np.cumprod(x, axis)


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """Return `x` between two numbers."""
    return np.clip(x, min_value, max_value)


def pow(x: Any, a: Any) -> Any:
    """Return `x` to the power of `a`."""
    return np.power(x, a)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """Return the one where a condition holds, and the other elsewhere; both may be functions."""
    one, other = (e() if callable(e) else e for e in (then_expression, else_expression))
    return np.where(condition, one, other)


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
