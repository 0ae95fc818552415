"""Activations on rows of a model's memory, on arrays, traced arrays and symbolic tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.memory import aligned_empty, padded
from fastrnn.differentiation import add_rule, apply
from fastrnn.operations.lifting import array_or_tensor, lifted

Array = NDArray[Any]


class Kernel:
    """An activation on rows (R, n); both methods work in place and allocate no large arrays.

    This base class is the identity.

    Examples
    --------
    >>> issubclass(type(get("tanh")), object)
    True
    """

    #: Keras's name of it.
    name: str = "linear"
    #: Whether the derivative needs the input, and not only the output.
    keeps_input: bool = False

    def __call__(self, x: Any) -> Any:
        """Return the activation of an array or of a symbolic tensor; :func:`get` returned it."""
        return activate(x, self.name)

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        """Replace the first `n` features of every row by their activation.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Number of features; columns after them are left alone.
        before : ndarray of shape (R, n), optional
            OUT.  The input, if the activation ``keeps_input`` and a backward pass follows.
        """

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        """Replace the gradient of the output by that of the input.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN.  The output of :meth:`forward`.
        drows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Number of features; columns after them are left alone.
        scratch : ndarray of shape (R, n)
            Scratch memory.
        before : ndarray of shape (R, n), optional
            IN.  The input that :meth:`forward` stored.
        """


#: The kernels by the names of the functions.
KERNELS: dict[str, Kernel] = {}


@lifted
def activate(x: Any, name: str) -> Any:
    """Return the activation called `name` of every element, or of every row."""
    array = array_or_tensor(x)
    if not isinstance(array, np.ndarray):
        return apply(activated, (array, KERNELS[name]), {})
    if array.dtype.kind not in "biuf" or array.dtype == np.float16:
        raise TypeError(f"x is of type {array.dtype}; it should be float32 or float64")
    if not array.ndim:
        raise ValueError(
            "x is a single number; it should be an array with features on the last axis"
        )
    return activated(array, KERNELS[name])


def activated(array: Array, kernel: Kernel) -> Array:
    """Return the activation of a plain array."""
    dtype = np.dtype(np.float32 if array.dtype == np.float32 else np.float64)
    if not array.size:
        return np.zeros(array.shape, dtype)
    n = array.shape[-1]
    rows = _rows(array, dtype)
    kernel.forward(rows, n)
    return np.ascontiguousarray(rows[:, :n]).reshape(array.shape)


def _followed(function: Any, x: Any, kernel: Kernel) -> Any:
    """Compute the activation of a traced array, and record it with the kernel's own gradient."""
    value = x.value
    if not value.size or not value.ndim:
        raise TypeError(f"a gradient cannot be followed through {kernel.name} of {value.shape}")
    n, dtype = value.shape[-1], value.dtype
    rows, before = _rows(value, dtype), np.empty((value.size // n, n), dtype)
    kernel.forward(rows, n, before)

    def back(gradient: Array) -> Array:
        drows = _rows(gradient, dtype)
        kernel.backward(rows, drows, n, np.empty_like(before), before)
        return drows[:, :n].reshape(value.shape)

    return x.tape.made(rows[:, :n].reshape(value.shape), [(x, back)])


def _rows(array: Array, dtype: np.dtype) -> Array:
    """Return a copy in the memory that kernels need: rows that begin on cache lines."""
    n = array.shape[-1]
    rows: Array = aligned_empty((array.size // n, padded(n, dtype)), dtype)
    rows[:, :n] = array.reshape(-1, n)
    return rows


add_rule(activated.__name__, _followed)
