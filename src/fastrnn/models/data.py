"""Users' arrays: read, checked against the model, and cut into batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn.layers.symbolic import Shape
from fastrnn.losses import Loss

Array = NDArray[Any]


def read_inputs(x: ArrayLike, shape: Shape, argument: str = "x") -> Array:
    """Return `x` as an array that fits a model's input.

    Parameters
    ----------
    x : array_like
    shape : tuple
        Of the input, (None, time, features) or (None, features); time may be None.
    argument : str
        What errors call `x`.

    Raises
    ------
    TypeError
        If it does not hold real numbers of a type that the package takes.
    ValueError
        If its shape does not fit.
    """
    array = read_numbers(x, argument)
    fits = array.ndim == len(shape) and all(
        wanted in (None, extent) for extent, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        should = ("samples", *("time" if extent is None else extent for extent in shape[1:]))
        message = f"{argument} has shape {array.shape}; it should be {_written(should)}"
        if shape[-1] == 1 and array.ndim == len(shape) - 1:
            message += f": reshape it with {argument}[..., np.newaxis]"
        raise ValueError(message)
    if 0 in array.shape[1:]:
        raise ValueError(f"{argument} has shape {array.shape}; it should have one step or more")
    return array


def read_numbers(values: ArrayLike, argument: str) -> Array:
    """Return `values` as an array of integers, booleans, float32 or float64."""
    if values is None:
        raise TypeError(f"{argument} is None; it should be an array")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{argument} is no array: {error}; fastrnn.preprocessing.sequence.pad_sequences brings "
            "sequences to one length"
        ) from None
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or array.dtype == np.float16:
        raise TypeError(
            f"{argument} is of type {array.dtype}; it should be float32, float64 or integers"
        )
    return array


def read_targets(
    y: ArrayLike, loss: Loss, x: Array, x_argument: str, output_shape: Shape, argument: str
) -> Array:
    """Return `y` as the loss wants it, one target a sample of `x`.

    Raises
    ------
    TypeError, ValueError
        If it does not fit; see :meth:`fastrnn.losses.Loss.check_targets`.
    """
    array = read_numbers(y, argument)
    if not array.ndim or len(array) != len(x):
        raise ValueError(
            f"{argument} has shape {array.shape}, {x_argument} has shape {x.shape}; "
            "they should hold equally many samples"
        )
    positions = (len(x), *x.shape[1 : len(output_shape) - 1])
    return loss.check_targets(array, (*positions, output_shape[-1] or 0), argument)


def pair_of(validation_data: Any) -> tuple[Any, Any]:
    """Return `validation_data` as x and y, or say that it is no pair."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) != 2:
        raise TypeError(
            f"validation_data is of type {type(validation_data).__name__}; "
            "it should be a pair (x, y)"
        )
    return validation_data[0], validation_data[1]


def refuse_nan(x: Array, argument: str, chunk: int = 4096) -> None:
    """Raise ``ValueError`` if `x` holds a NaN: one is enough to make every weight a NaN."""
    if x.dtype.kind != "f":
        return
    for start in range(0, len(x), chunk):
        nan = np.isnan(x[start : start + chunk])
        if nan.any():
            where = np.argwhere(nan)[0]
            where[0] += start
            index = ", ".join(str(int(i)) for i in where)
            raise ValueError(f"{argument}[{index}] is NaN; training on it would spoil every weight")


def split_off(fraction: float, samples: int) -> int:
    """Return at which sample the last `fraction` begins, as Keras counts: rounded down.

    Raises
    ------
    ValueError
        If one of the two parts would be empty.
    """
    if isinstance(fraction, bool) or not isinstance(fraction, (int, float, np.number)):
        raise TypeError(f"validation_split is {fraction!r}; it should be a number")
    if not 0 <= fraction < 1:
        raise ValueError(f"validation_split is {fraction}; it should be at least 0 and below 1")
    at = int(samples * (1.0 - float(fraction)))
    if at in (0, samples):
        raise ValueError(
            f"validation_split of {fraction} splits {samples} samples into {at} and "
            f"{samples - at}; both parts should have some"
        )
    return at


class Samples:
    """Inputs and targets, a batch at a time, in any order.

    Parameters
    ----------
    x : ndarray of shape (n, ...)
    y : ndarray of shape (n, ...)
    batch_size : int

    Notes
    -----
    Batches are gathered into memory that is made once, so a batch is valid until the next.  Arrays
    that lie in one piece are not copied as a whole: they may be memory maps larger than memory.
    """

    def __init__(self, x: Array, y: Array, batch_size: int) -> None:
        self.x, self.y = x, y
        self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.x)

    @property
    def steps(self) -> int:
        """How many batches there are; the last may be shorter."""
        return -(-len(self.x) // self.batch_size)

    def in_order(self) -> Iterator[tuple[Array, Array]]:
        """Yield the batches as they lie."""
        for start in range(0, len(self.x), self.batch_size):
            end = start + self.batch_size
            yield self.x[start:end], self.y[start:end]

    def shuffled(self, order: Array) -> Iterator[tuple[Array, Array]]:
        """Yield the batches in the given order of samples."""
        # np.take copies an array that is not in one piece or has the other byte order at every
        # call.
        self.x, self.y = (
            np.ascontiguousarray(a, a.dtype.newbyteorder("=")) for a in (self.x, self.y)
        )
        size = min(self.batch_size, len(self.x))
        x = np.empty((size, *self.x.shape[1:]), self.x.dtype)
        y = np.empty((size, *self.y.shape[1:]), self.y.dtype)
        for start in range(0, len(self.x), self.batch_size):
            indices = order[start : start + self.batch_size]
            # "clip" lets NumPy write straight to `out`; the indices are in range anyway.
            np.take(self.x, indices, axis=0, out=x[: len(indices)], mode="clip")
            np.take(self.y, indices, axis=0, out=y[: len(indices)], mode="clip")
            yield x[: len(indices)], y[: len(indices)]


def positive_integer(argument: str, value: int, least: int = 1) -> int:
    """Return `value` as an int of at least `least`, or say what it should be."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{argument} is {value!r}; it should be an integer")
    if value < least:
        raise ValueError(f"{argument} is {value}; it should be at least {least}")
    return int(value)


def _written(shape: tuple[object, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
