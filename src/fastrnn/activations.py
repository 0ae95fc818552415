"""Activation functions of `Dense` and `Activation`: on users' arrays, and in place on buffers.

The functions with Keras's names take an array whose last axis holds the features and return a new
one.  :class:`Kernel` is the same on time-major memory of the model, with its derivative expressed
by the output, so that nothing but the output has to be kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastrnn._core import activation as core
from fastrnn._core.memory import aligned_empty, padded

__all__ = ["Kernel", "get", "linear", "relu", "sigmoid", "softmax", "tanh"]

Array = NDArray[Any]


class Kernel:
    """One activation on rows (R, n): both methods work in place and allocate nothing large."""

    #: The name that Keras has for it.
    name: str = "linear"

    def forward(self, rows: Array, n: int) -> None:
        """Replace the first `n` features of every row by their activation.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Features that count.
        """

    def backward(self, rows: Array, drows: Array, n: int, scratch: Array) -> None:
        """Turn the gradient of the output into that of the input.

        Parameters
        ----------
        rows : ndarray of shape (R, >= n)
            IN.  What :meth:`forward` left.
        drows : ndarray of shape (R, >= n)
            IN/OUT.
        n : int
            Features that count.
        scratch : ndarray of shape (R, n)
            Holds nothing between calls.
        """


class _Tanh(Kernel):
    name = "tanh"

    def forward(self, rows: Array, n: int) -> None:
        core.tanh(rows, n)

    def backward(self, rows: Array, drows: Array, n: int, scratch: Array) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.multiply(y, y, out=scratch)
        np.subtract(1, scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Sigmoid(Kernel):
    name = "sigmoid"

    def forward(self, rows: Array, n: int) -> None:
        core.sigmoid(rows, n)

    def backward(self, rows: Array, drows: Array, n: int, scratch: Array) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.subtract(1, y, out=scratch)
        np.multiply(y, scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Relu(Kernel):
    name = "relu"

    def forward(self, rows: Array, n: int) -> None:
        y = rows[:, :n]
        np.maximum(y, 0, out=y)

    def backward(self, rows: Array, drows: Array, n: int, scratch: Array) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.greater(y, 0, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Softmax(Kernel):
    name = "softmax"

    def forward(self, rows: Array, n: int) -> None:
        core.softmax(rows, n)

    def backward(self, rows: Array, drows: Array, n: int, scratch: Array) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.multiply(y, dy, out=scratch)
        np.subtract(dy, scratch.sum(axis=1, keepdims=True), out=dy)
        np.multiply(y, dy, out=dy)


LINEAR = Kernel()
TANH = _Tanh()
SIGMOID = _Sigmoid()
RELU = _Relu()
SOFTMAX = _Softmax()
_KERNELS: dict[str, Kernel] = {k.name: k for k in (LINEAR, TANH, SIGMOID, RELU, SOFTMAX)}


def linear(x: ArrayLike) -> Array:
    """Return a copy of `x`: no activation."""
    return _apply(LINEAR, x)


def tanh(x: ArrayLike) -> Array:
    """Return the hyperbolic tangent of every element."""
    return _apply(TANH, x)


def sigmoid(x: ArrayLike) -> Array:
    """Return 1 / (1 + exp(−x)) of every element."""
    return _apply(SIGMOID, x)


def relu(x: ArrayLike) -> Array:
    """Return every element, or 0 where it is negative."""
    return _apply(RELU, x)


def softmax(x: ArrayLike) -> Array:
    """Return exp(x) / Σ exp(x) over the last axis.

    (:func:`fastrnn.softmax` is the same over axis 0, features first.)
    """
    return _apply(SOFTMAX, x)


def _apply(kernel: Kernel, x: ArrayLike) -> Array:
    given = np.asarray(x)
    if given.dtype.kind not in "biuf" or given.dtype == np.float16:
        raise TypeError(f"x is of type {given.dtype}; it should be float32 or float64")
    if not given.ndim:
        raise ValueError(
            "x is a single number; it should be an array with features on the last axis"
        )
    dtype = np.float32 if given.dtype == np.float32 else np.float64
    n = given.shape[-1]
    if not given.size:
        return np.zeros(given.shape, dtype)
    rows = aligned_empty((given.size // n, padded(n, dtype)), dtype)
    rows[:, :n] = given.reshape(-1, n)
    kernel.forward(rows, n)
    return np.ascontiguousarray(rows[:, :n]).reshape(given.shape)


_FUNCTIONS: dict[Callable[..., Array], Kernel] = {
    linear: LINEAR,
    relu: RELU,
    sigmoid: SIGMOID,
    softmax: SOFTMAX,
    tanh: TANH,
}


def get(identifier: str | Callable[..., Array] | Kernel | None) -> Kernel:
    """Return the kernel that a name or a function of this module stands for; ``None`` is linear.

    Raises
    ------
    ValueError
        If there is none.
    """
    if identifier is None:
        return LINEAR
    if isinstance(identifier, Kernel):
        return identifier
    if isinstance(identifier, str) and identifier in _KERNELS:
        return _KERNELS[identifier]
    for function, kernel in _FUNCTIONS.items():
        if identifier is function:
            return kernel
    raise ValueError(
        f"activation is {identifier!r}; it should be one of {sorted(_KERNELS)}, "
        "or a function of fastrnn.activations"
    )
