"""Workspaces of dropout: random factors for every training batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.workspace import Signal, Workspace, empty, zeros


class DropoutWorkspace(Workspace):
    """Multiplies by random factors of 0 or 1 / (1 − rate), new ones for every training batch.

    Parameters
    ----------
    source : Signal
    rate : float
    random : DropoutRandom
    same_every_step : bool, default False
        Whether the factors are the same at every step of a sequence.
    """

    def __init__(
        self, source: Signal, rate: float, random: DropoutRandom, same_every_step: bool = False
    ) -> None:
        self._source = source
        self.features = source.features
        self.mask = source.mask
        dtype = source.output.dtype
        shape = (*source.output.shape[:-1], source.features)
        self._random, self._rate = random, rate
        # In the precision of the draws, which are below 1, so that a rate of 1 drops all.
        self._scale = 1 / (1 - rate) if rate < 1 else 0.0
        self.output = empty(shape, dtype)
        drawn = (1, *shape[1:]) if same_every_step else shape
        self._draws = np.empty(drawn, np.float32)
        self._factors = self._draws if dtype == np.float32 else np.empty(drawn, dtype)
        if source.doutput is not None:
            self.doutput = zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        """Draw the factors and multiply; outside of training, copy."""
        n = self.features
        x, y = self._source.output[..., :n], self.output[..., :n]
        if not training:
            np.copyto(y, x)
            return
        self._random.fill(self._draws)
        np.greater_equal(self._draws, self._rate, out=self._factors)
        np.multiply(self._factors, self._scale, out=self._factors)
        np.multiply(x, self._factors, out=y)

    def backward(self) -> None:
        """Multiply the gradient by the same factors."""
        dx = self._source.doutput
        if dx is not None:
            assert self.doutput is not None
            n = self.features
            np.multiply(self.doutput[..., :n], self._factors, out=dx[..., :n])


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
