"""Dropout: in a training, numbers of the input become zero at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import seeding
from fastrnn._core.stage import Stage
from fastrnn.layers.layer import Layer
from fastrnn.layers.passing import Passing
from fastrnn.layers.symbolic import Shape
from fastrnn.settings import number
from fastrnn.workspace import Signal, Workspace, empty, zeros


class RandomLayer(Layer):
    """Base of the layers that change their input at random in a training.

    In `evaluate` and `predict` the input passes as it is.

    Parameters
    ----------
    seed : int, optional
        Of its random numbers; drawn from :func:`fastrnn.set_seed` if left out.
    """

    supports_masking = True
    #: What says how much is changed; nothing is drawn where it is zero.
    strength: float = 0.0

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seeding.checked_seed(seed)
        self._random = DropoutRandom(seed)

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether a training draws random numbers."""
        return self.strength > 0

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Draw from `seed` from now on, or from what the layer's own seed makes of it."""
        self._random.reseed(seed)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Draw for rows of larger batches, or for whole ones."""
        self._random.rows = rows

    def get_state(self) -> dict[str, Any]:
        """Return where the random numbers are."""
        return {"random": self._random.state} if self.is_random else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on with random numbers from there."""
        if "random" in state:
            self._random.state = state["random"]

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless a state says where random numbers are."""
        if set(state) != set(self.get_state()):
            raise ValueError(f"it holds {sorted(state)}; it should say where random numbers are")
        if state:
            DropoutRandom.check_state(state["random"])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if not training or not self.is_random:
            return Passing(source)
        return self.changing(source)

    def changing(self, source: Signal) -> Workspace:
        """Return what changes the input in a training."""
        raise NotImplementedError

    def stages(self, source: Stage) -> list[Stage]:
        """Return no stage: nothing is changed but in a training."""
        return []

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "seed": self.seed}


class Dropout(RandomLayer):
    """Set a share of the input to zero in a training, and scale up the rest to the same mean.

    In `evaluate` and `predict` the input passes as it is.

    Parameters
    ----------
    rate : float
        The share, from 0 to 1.
    seed : int, optional
        Of its random numbers; drawn from :func:`fastrnn.set_seed` if left out.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    What an epoch of `fit` draws depends on the seed and the number of the epoch alone, so a
    training can begin at any epoch.

    References
    ----------
    N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, Journal
    of Machine Learning Research 15, 2014.
    """

    is_per_step = True

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = self.strength = rate_of(self, "rate", rate)

    def changing(self, source: Signal) -> Workspace:
        """Return what drops numbers."""
        return DropoutWorkspace(source, self.rate, self._random)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "rate": self.rate}


class DropoutRandom:
    """The random numbers of one layer's dropout.

    Parameters
    ----------
    seed : int, optional
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seeding.checked_seed(seed)
        self._generator: np.random.Generator | None = None
        #: The first row of what is filled, and all rows, where that is a part of a batch.
        self.rows: tuple[int, int] | None = None
        self._whole = np.empty((0, 0), np.float32)

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Draw from `seed`, or from the seed of one's own at the same place of the tree."""
        if self._seed is not None:
            # The key says which training, epoch and layer.
            seed = np.random.SeedSequence(self._seed, spawn_key=seed.spawn_key)
        self._generator = np.random.Generator(np.random.PCG64(seed))

    @property
    def state(self) -> dict[str, Any] | None:
        """Where the numbers are, as NumPy says it; None before the first."""
        if self._generator is None:
            return None
        state: dict[str, Any] = dict(self._generator.bit_generator.state)
        return state

    @state.setter
    def state(self, state: dict[str, Any] | None) -> None:
        self._generator = None
        if state is not None:
            self._generator = np.random.Generator(np.random.PCG64(0))
            self._generator.bit_generator.state = state

    @staticmethod
    def check_state(state: Any) -> None:
        """Raise ``ValueError`` unless `state` can be set."""
        if state is None:
            return
        trial = np.random.PCG64(0)
        try:
            trial.state = state
            taken = dict(trial.state) == state
        except Exception as error:  # of many kinds
            raise ValueError(f"{state!r} says not where random numbers are: {error!r}") from error
        if not taken:
            raise ValueError(f"{state!r} says not where random numbers are")

    def __getstate__(self) -> dict[str, Any]:
        # Where the numbers are, and no memory that they go through.
        return {**self.__dict__, "_whole": np.empty((0, 0), np.float32)}

    def fill(self, out: np.ndarray[Any, Any], normal: bool = False) -> None:
        """Fill a contiguous float32 array, (..., batch, features), with draws from 0 to 1.

        With `normal` they are of the standard normal distribution.
        """
        if self._generator is None:
            own = None if self._seed is None else np.random.SeedSequence(self._seed)
            self._generator = np.random.Generator(np.random.PCG64(own or seeding.spawn()))
        draw = self._generator.standard_normal if normal else self._generator.random
        if self.rows is None:
            draw(dtype=np.float32, out=out)
            return
        start, total = self.rows
        *steps, rows, features = out.shape
        if self._whole.shape != (*steps, total, features):
            self._whole = np.empty((*steps, total, features), np.float32)
        draw(dtype=np.float32, out=self._whole)
        out[...] = self._whole[..., start : start + rows, :]


class DropoutWorkspace(Workspace):
    """Multiplies by factors of 0 or 1 / (1 − rate), drawn anew for every batch of a training.

    Parameters
    ----------
    source : Signal
    rate : float
    random : DropoutRandom
    same_every_step : bool, default False
        Whether a sequence has the same factors at every step.
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
        # As many digits as are drawn: a rate of 1 drops all, since draws stay below 1.
        self._scale = 1 / (1 - rate) if rate < 1 else 0.0
        self.output = empty(shape, dtype)
        drawn = (1, *shape[1:]) if same_every_step else shape
        self._draws = np.empty(drawn, np.float32)
        self._factors = self._draws if dtype == np.float32 else np.empty(drawn, dtype)
        if source.doutput is not None:
            self.doutput = zeros(shape, dtype)

    def forward(self, training: bool) -> None:
        """Draw the factors and multiply; copy where this is no training."""
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
    """Factors that the recurrent products of a training multiply the state by, drawn for a batch.

    Parameters
    ----------
    layer : RecurrentLayer
    shape : tuple of int
        (gates, batch, units).

    Attributes
    ----------
    factors : ndarray of shape (gates, batch, padded(units))
        0 or 1 / (1 − rate); 1 where this is no training.
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


def rate_of(layer: Layer, argument: str, rate: Any) -> float:
    """Return a rate as a float from 0 to 1, or say why it is none."""
    title = f"{argument} of {type(layer).__name__}"
    try:
        found = number(title, rate)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{title} is {rate!r}; it should be a number from 0 to 1") from None
    if not 0 <= found <= 1:
        raise ValueError(f"{title} is {rate!r}; it should be a number from 0 to 1")
    return found
