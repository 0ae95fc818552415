"""Activations that are linear, or nearly so, for positive numbers."""

from __future__ import annotations

import numpy as np

from fastrnn._core import activation as core
from fastrnn.activations.kernel import Array, Kernel

#: The two constants with which `selu` keeps mean and variance (G. Klambauer et al.,
#: Self-normalizing neural networks, NeurIPS 2017).
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
#: Factor of `leaky_relu` for negative numbers: Keras's default.
LEAK = 0.2


class _Relu(Kernel):
    name = "relu"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.maximum(y, 0, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.greater(y, 0, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Relu6(Kernel):
    """x clipped to [0, 6]."""

    name = "relu6"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.clip(y, 0, 6, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.logical_and(y > 0, y < 6, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _LeakyRelu(Kernel):
    """x for positive x, else 0.2 x."""

    name = "leaky_relu"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.multiply(y, LEAK, out=y, where=y < 0)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        dy = drows[:, :n]
        np.multiply(dy, LEAK, out=dy, where=rows[:, :n] < 0)


class _Elu(Kernel):
    """x for positive x, else exp(x) − 1."""

    name = "elu"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.expm1(y, out=y, where=y < 0)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.minimum(y, 0, out=scratch)
        np.add(scratch, 1, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Selu(Kernel):
    """`elu` with two constants that keep mean and variance."""

    name = "selu"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        negative = y < 0
        np.expm1(y, out=y, where=negative)
        np.multiply(y, SELU_ALPHA, out=y, where=negative)
        np.multiply(y, SELU_SCALE, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.add(y, SELU_SCALE * SELU_ALPHA, out=scratch)
        np.copyto(scratch, SELU_SCALE, where=y > 0)
        np.multiply(dy, scratch, out=dy)


class _Softplus(Kernel):
    """log(1 + exp(x))."""

    name = "softplus"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.logaddexp(0, y, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        dy = drows[:, :n]
        np.negative(rows[:, :n], out=scratch)
        np.expm1(scratch, out=scratch)
        np.negative(scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Exponential(Kernel):
    name = "exponential"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        core.activate("exponential", rows, n)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        dy = drows[:, :n]
        np.multiply(dy, rows[:, :n], out=dy)


class _Silu(Kernel):
    """x / (1 + exp(−x)), also called swish."""

    name = "silu"
    keeps_input = True

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        x = _kept(y, before)
        core.activate("sigmoid", rows, n)
        np.multiply(y, x, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        # With s the sigmoid and y = x s, the derivative is s + y (1 − s).
        assert before is not None
        y, dy = rows[:, :n], drows[:, :n]
        sigmoid = _sigmoid(before, scratch)
        slope = 1 - sigmoid
        np.multiply(slope, y, out=slope)
        np.add(slope, sigmoid, out=slope)
        np.multiply(dy, slope, out=dy)


class _Mish(Kernel):
    """x · tanh(log(1 + exp(x)))."""

    name = "mish"
    keeps_input = True

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        x = _kept(y, before)
        np.logaddexp(0, y, out=y)
        core.activate("tanh", rows, n)
        np.multiply(y, x, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        # With t the tanh and s the sigmoid, the derivative is t + x s (1 − t²).
        assert before is not None
        dy = drows[:, :n]
        t = np.tanh(np.logaddexp(0, before))
        slope = (1 - t * t) * _sigmoid(before, scratch)
        slope *= before
        slope += t
        np.multiply(dy, slope, out=dy)


class _Gelu(Kernel):
    """x · Φ(x), with the standard normal distribution function Φ."""

    name = "gelu"
    keeps_input = True

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        if before is not None:
            np.copyto(before, rows[:, :n])
        core.activate("gelu", rows, n)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        assert before is not None
        core.activate("gelu_backward", drows, n, before)


def _kept(y: Array, before: Array | None) -> Array:
    if before is None:
        return y.copy()
    np.copyto(before, y)
    return before


def _sigmoid(x: Array, out: Array) -> Array:
    # Computed with tanh, which never overflows.
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    return np.add(out, 0.5, out=out)


RELU = _Relu()
RELU6 = _Relu6()
LEAKY_RELU = _LeakyRelu()
ELU = _Elu()
SELU = _Selu()
SOFTPLUS = _Softplus()
EXPONENTIAL = _Exponential()
SILU = _Silu()
MISH = _Mish()
GELU = _Gelu()
