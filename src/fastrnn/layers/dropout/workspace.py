"""Workspaces of random layers: random numbers for every training batch."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.workspace import Array, Signal, Workspace, empty, zeros


class RandomWorkspace(Workspace):
    """Changes its input by random numbers, new ones for every training batch.

    Parameters
    ----------
    source : Signal
    strength : float
        The rate or standard deviation.
    random : DropoutRandom
    same_every_step : bool, default False
        Whether the numbers are the same at every step of a sequence.
    """

    #: Whether the numbers are from the standard normal distribution, and not uniform.
    is_normal: ClassVar[bool] = False

    def __init__(
        self, source: Signal, strength: float, random: DropoutRandom, same_every_step: bool = False
    ) -> None:
        self._source, self._strength, self._random = source, strength, random
        self.features, self.mask = source.features, source.mask
        shape = (*source.output.shape[:-1], source.features)
        self.output = empty(shape, source.output.dtype)
        self._draws = np.empty((1, *shape[1:]) if same_every_step else shape, np.float32)
        if source.doutput is not None:
            self.doutput = zeros(shape, source.output.dtype)

    def forward(self, training: bool) -> None:
        """Draw the numbers and change the input by them; outside of training, copy."""
        n = self.features
        x, y = self._source.output[..., :n], self.output[..., :n]
        if not training:
            np.copyto(y, x)
            return
        self._random.fill(self._draws, normal=self.is_normal)
        self.change(x, y)

    def backward(self) -> None:
        """Compute the gradient of the input, for the same numbers."""
        dx = self._source.doutput
        if dx is not None:
            assert self.doutput is not None
            self.change_back(self.doutput[..., : self.features], dx[..., : self.features])

    def change(self, x: Array, y: Array) -> None:
        """Write what becomes of `x` to `y`."""
        raise NotImplementedError

    def change_back(self, dy: Array, dx: Array) -> None:
        """Write the gradient of `x` to `dx`."""
        raise NotImplementedError


class FactorsWorkspace(RandomWorkspace):
    """Multiplies by random factors."""

    def __init__(self, source: Signal, strength: float, *others: Any, **options: Any) -> None:
        super().__init__(source, strength, *others, **options)
        dtype, draws = source.output.dtype, self._draws
        self._factors = draws if dtype == np.float32 else np.empty(draws.shape, dtype)

    def make_factors(self) -> None:
        """Turn the draws into factors."""
        raise NotImplementedError

    def change(self, x: Array, y: Array) -> None:
        """Multiply."""
        self.make_factors()
        np.multiply(x, self._factors, out=y)

    def change_back(self, dy: Array, dx: Array) -> None:
        """Multiply the gradient by the same factors."""
        np.multiply(dy, self._factors, out=dx)


class DropoutWorkspace(FactorsWorkspace):
    """Multiplies by random factors of 0 or 1 / (1 − rate)."""

    def make_factors(self) -> None:
        """Turn uniform draws into factors."""
        # In the precision of the draws, which are below 1, so that a rate of 1 drops all.
        scale = 1 / (1 - self._strength) if self._strength < 1 else 0.0
        np.greater_equal(self._draws, self._strength, out=self._factors)
        np.multiply(self._factors, scale, out=self._factors)


class RecurrentDropout:
    """Random factors of the state in the recurrent products, drawn for every training batch.

    Parameters
    ----------
    layer : RecurrentLayer
    shape : tuple of int
        (gates, batch, units).

    Attributes
    ----------
    factors : ndarray of shape (gates, batch, padded(units))
        0 or 1 / (1 − rate); 1 outside of training.
    """

    def __init__(self, layer: Any, shape: tuple[int, int, int]) -> None:
        self._random, self._rate = layer.random, layer.recurrent_dropout
        self._scale = 1 / (1 - self._rate) if self._rate < 1 else 0.0
        self.factors = zeros(shape, layer.dtype)
        self._draws = np.empty(shape, np.float32)

    def draw(self, training: bool) -> None:
        """Draw the factors of a batch."""
        factors = self.factors[..., : self._draws.shape[-1]]
        if not training:
            factors[...] = 1
            return
        self._random.fill(self._draws)
        np.greater_equal(self._draws, self._rate, out=factors)
        np.multiply(factors, self._scale, out=factors)
