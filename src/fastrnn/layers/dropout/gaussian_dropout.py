"""Multiplicative Gaussian noise."""

from __future__ import annotations

import math

import numpy as np

from fastrnn.layers.dropout.base import RateLayer
from fastrnn.layers.dropout.workspace import FactorsWorkspace
from fastrnn.workspace import Signal, Workspace


class GaussianDropout(RateLayer):
    """Multiply by Gaussian noise of mean 1 in training.

    Parameters
    ----------
    rate : float
        From 0 to below 1; the standard deviation is √(rate / (1 − rate)), that of the factors of
        `Dropout`.
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    References
    ----------
    N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, Journal
    of Machine Learning Research 15, 2014.

    Examples
    --------
    >>> x = np.ones((2, 3))
    >>> bool((GaussianDropout(0.5)(x) == x).all())  # noise is for training only
    True
    >>> bool((GaussianDropout(0.5)(x, training=True) == x).all())
    False
    """

    is_per_step = True
    below_one = True

    def changing(self, source: Signal) -> Workspace:
        """Return the workspace that multiplies by the noise."""
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return _NoisyFactors(source, stddev, self._random)


class _NoisyFactors(FactorsWorkspace):
    is_normal = True

    def make_factors(self) -> None:
        np.multiply(self._draws, self._strength, out=self._factors)
        np.add(self._factors, 1, out=self._factors)
