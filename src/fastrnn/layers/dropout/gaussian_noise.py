"""Additive Gaussian noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.checks import rate_of
from fastrnn.layers.dropout.base import RandomLayer
from fastrnn.layers.dropout.workspace import RandomWorkspace
from fastrnn.workspace import Array, Signal, Workspace


class GaussianNoise(RandomLayer):
    """Add Gaussian noise in training.

    Parameters
    ----------
    stddev : float
        Standard deviation of the noise, from 0 to 1.
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 3))
    >>> bool((GaussianNoise(0.5)(x) == x).all())  # noise is for training only
    True
    >>> bool((GaussianNoise(0.5)(x, training=True) == x).all())
    False
    """

    is_per_step = True
    _arguments = ("stddev",)

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.stddev = self.strength = rate_of(self, "stddev", stddev)

    def changing(self, source: Signal) -> Workspace:
        """Return the workspace that adds the noise."""
        return _NoiseWorkspace(source, self.stddev, self._random)


class _NoiseWorkspace(RandomWorkspace):
    """Adds the noise; the gradient passes unchanged."""

    needs_output = False
    is_normal = True

    def change(self, x: Array, y: Array) -> None:
        np.multiply(self._draws, self._draws.dtype.type(self._strength), out=self._draws)
        np.add(x, self._draws, out=y)

    def change_back(self, dy: Array, dx: Array) -> None:
        np.copyto(dx, dy)
