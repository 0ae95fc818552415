"""Activations that saturate, and those that normalize over the features."""

from __future__ import annotations

import numpy as np

from fastrnn._core import activation as core
from fastrnn.activations.kernel import Array, Kernel


class _Tanh(Kernel):
    name = "tanh"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        core.activate("tanh", rows, n)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.multiply(y, y, out=scratch)
        np.subtract(1, scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Sigmoid(Kernel):
    name = "sigmoid"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        core.activate("sigmoid", rows, n)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.subtract(1, y, out=scratch)
        np.multiply(y, scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _HardSigmoid(Kernel):
    """x / 6 + 1/2, clipped to [0, 1]."""

    name = "hard_sigmoid"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.divide(y, 6, out=y)
        np.add(y, 0.5, out=y)
        np.clip(y, 0, 1, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.divide((y > 0) & (y < 1), 6, out=scratch, casting="same_kind")
        np.multiply(dy, scratch, out=dy)


class _HardSigmoidKeras2(Kernel):
    """0.2 x + 1/2, clipped to [0, 1]: the hard_sigmoid of Keras 1 and 2."""

    name = "hard_sigmoid_keras2"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.multiply(y, 0.2, out=y)
        np.add(y, 0.5, out=y)
        np.clip(y, 0, 1, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.multiply((y > 0) & (y < 1), 0.2, out=scratch, casting="same_kind")
        np.multiply(dy, scratch, out=dy)


class _LogSigmoid(Kernel):
    """log(1 / (1 + exp(−x)))."""

    name = "log_sigmoid"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.negative(y, out=y)
        np.logaddexp(0, y, out=y)
        np.negative(y, out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.expm1(y, out=scratch)
        np.negative(scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Softsign(Kernel):
    """x / (1 + |x|)."""

    name = "softsign"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.divide(y, 1 + np.abs(y), out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.abs(y, out=scratch)
        np.subtract(1, scratch, out=scratch)
        np.square(scratch, out=scratch)
        np.multiply(dy, scratch, out=dy)


class _Softmax(Kernel):
    name = "softmax"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        core.activate("softmax", rows, n)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.multiply(y, dy, out=scratch)
        np.subtract(dy, scratch.sum(axis=1, keepdims=True), out=dy)
        np.multiply(y, dy, out=dy)


class _LogSoftmax(Kernel):
    """The logarithm of softmax."""

    name = "log_softmax"

    def forward(self, rows: Array, n: int, before: Array | None = None) -> None:
        y = rows[:, :n]
        np.subtract(y, y.max(axis=1, keepdims=True), out=y)
        np.subtract(y, np.log(np.exp(y).sum(axis=1, keepdims=True)), out=y)

    def backward(
        self, rows: Array, drows: Array, n: int, scratch: Array, before: Array | None = None
    ) -> None:
        y, dy = rows[:, :n], drows[:, :n]
        np.exp(y, out=scratch)
        np.multiply(scratch, dy.sum(axis=1, keepdims=True), out=scratch)
        np.subtract(dy, scratch, out=dy)


TANH = _Tanh()
SIGMOID = _Sigmoid()
HARD_SIGMOID = _HardSigmoid()
HARD_SIGMOID_KERAS2 = _HardSigmoidKeras2()
LOG_SIGMOID = _LogSigmoid()
SOFTSIGN = _Softsign()
SOFTMAX = _Softmax()
LOG_SOFTMAX = _LogSoftmax()
