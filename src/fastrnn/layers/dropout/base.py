"""The base of layers that change their input randomly."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from fastrnn import seeding
from fastrnn._core.stage import Stage
from fastrnn.layers.checks import rate_of
from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.layers.layer import Layer
from fastrnn.layers.passing import Passing
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


class RandomLayer(Layer):
    """Base of the layers that change their input randomly in training.

    In `evaluate` and `predict` the input is not changed.

    Parameters
    ----------
    seed : int, optional
        Seed of its random numbers; derived from :func:`fastrnn.set_seed` if left out.
    """

    supports_masking = True
    takes_open_extents = True
    #: The rate or standard deviation; no random numbers are drawn if it is zero.
    strength: float = 0.0
    _arguments = ("seed",)

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = seeding.checked_seed(seed)
        self._random = DropoutRandom(seed)

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether it draws random numbers in training."""
        return self.strength > 0

    def reseed(self, seed: np.random.SeedSequence) -> None:
        """Reseed the random numbers, combined with the layer's own seed if it has one."""
        self._random.reseed(seed)

    def draw_for(self, rows: tuple[int, int] | None) -> None:
        """Set which rows of larger batches the next batches are; None: whole batches."""
        self._random.rows = rows

    def get_state(self) -> dict[str, Any]:
        """Return the state of the random generator."""
        return {"random": self._random.state} if self.is_random else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state of the random generator."""
        if "random" in state:
            self._random.state = state["random"]

    def check_state(self, state: dict[str, Any]) -> None:
        """Raise ``ValueError`` unless a state is one of a random generator."""
        if set(state) != set(self.get_state()):
            raise ValueError(f"it holds {sorted(state)}; it should be a state of random numbers")
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
        """Return the workspace that changes the input in training."""
        raise NotImplementedError

    def stages(self, source: Stage) -> list[Stage]:
        """Return no stage: outside of training the input is not changed."""
        return []


class RateLayer(RandomLayer):
    """Base of the layers with a rate.

    Parameters
    ----------
    rate : float
        From 0 to 1.
    seed : int, optional
        As of :class:`RandomLayer`.
    """

    #: Whether a rate of 1 is refused.
    below_one: ClassVar[bool] = False
    _arguments = ("rate",)

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.rate = self.strength = rate_of(self, "rate", rate)
        if self.below_one and self.rate == 1:
            raise ValueError(
                f"rate of {type(self).__name__} is {rate!r}; it should be from 0 to below 1"
            )
