"""Dropout that keeps mean and variance, for the activation SELU."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.dropout.base import RateLayer
from fastrnn.layers.dropout.workspace import FactorsWorkspace
from fastrnn.workspace import Array, Signal, Workspace

#: The limit of SELU towards −∞, −scale · alpha.
LOWEST = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


class AlphaDropout(RateLayer):
    """Dropout to the lowest value of SELU, with mean and variance restored, in training.

    Parameters
    ----------
    rate : float
        Fraction of the numbers that are dropped, from 0 to below 1.
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    References
    ----------
    G. Klambauer et al., Self-normalizing neural networks, NIPS 2017.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 100))
    >>> y = AlphaDropout(0.2, seed=1)(x, training=True)
    >>> bool(abs(y.mean()) < 0.05), bool(abs(y.std() - 1) < 0.05)
    (True, True)
    """

    is_per_step = True
    below_one = True

    def changing(self, source: Signal) -> Workspace:
        """Return the workspace of the dropout."""
        return _AlphaWorkspace(source, self.rate, self._random)


class _AlphaWorkspace(FactorsWorkspace):
    """Computes a · (x or LOWEST) + b."""

    def __init__(self, source: Signal, rate: float, *others: Any) -> None:
        super().__init__(source, rate, *others)
        self._a = ((1 - rate) * (1 + rate * LOWEST**2)) ** -0.5
        self._b = -self._a * LOWEST * rate

    def make_factors(self) -> None:
        np.greater_equal(self._draws, self._strength, out=self._factors)
        np.multiply(self._factors, self._a, out=self._factors)

    def change(self, x: Array, y: Array) -> None:
        super().change(x, y)
        kept = self._factors != 0
        np.add(y, np.where(kept, self._b, self._a * LOWEST + self._b), out=y, casting="same_kind")
