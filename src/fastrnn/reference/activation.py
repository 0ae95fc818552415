"""The activations of cells, and their derivatives as functions of what they returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastrnn.arguments import Activations, Array

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class Activation(NamedTuple):
    """A function y = f(a), and its slope dy/da as a function of y.

    At a corner the slope is the one on the flat side.
    """

    function: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)), accurate in both tails: exp never sees a positive number."""
    e = np.exp(-np.abs(a))
    result: Array = np.where(a < 0, e, 1) / (1 + e)
    return result


def elu(a: Array) -> Array:
    """Return a where it is positive, exp(a) - 1 elsewhere."""
    return np.where(a > 0, a, np.expm1(np.minimum(a, 0)))


def selu(a: Array) -> Array:
    """Return the scaled elu of Klambauer et al., "Self-Normalizing Neural Networks" (2017)."""
    scale, alpha = a.dtype.type(SELU_SCALE), a.dtype.type(SELU_ALPHA)
    return scale * np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))


def _where_between_0_and_1(y: Array, slope: float) -> Array:
    return np.where((y > 0) & (y < 1), y.dtype.type(slope), y.dtype.type(0))


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda y: 1 - y**2),
    "sigmoid": Activation(sigmoid, lambda y: y * (1 - y)),
    "linear": Activation(lambda a: a, np.ones_like),
    "relu": Activation(lambda a: np.maximum(a, 0), lambda y: (y > 0).astype(y.dtype)),
    "hard_sigmoid": Activation(
        lambda a: np.clip(a / 6 + 0.5, 0, 1), lambda y: _where_between_0_and_1(y, 1 / 6)
    ),
    "hard_sigmoid_keras2": Activation(
        lambda a: np.clip(0.2 * a + 0.5, 0, 1), lambda y: _where_between_0_and_1(y, 0.2)
    ),
    "softsign": Activation(lambda a: a / (1 + np.abs(a)), lambda y: (1 - np.abs(y)) ** 2),
    "elu": Activation(elu, lambda y: np.where(y > 0, 1, y + 1).astype(y.dtype)),
    "selu": Activation(
        selu,
        lambda y: np.where(y > 0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA).astype(y.dtype),
    ),
    "softplus": Activation(lambda a: np.logaddexp(a, a.dtype.type(0)), lambda y: -np.expm1(-y)),
    "exponential": Activation(np.exp, lambda y: y),
}


def activations(names: Activations) -> tuple[Activation, Activation]:
    """Return the activation of the new state and that of the gates."""
    return ACTIVATIONS[names[0]], ACTIVATIONS[names[1]]
