"""Learning rates that decay from step to step."""

from __future__ import annotations

import math
from typing import Any

from fastrnn.optimizers.checks import above_zero, in_range
from fastrnn.optimizers.schedules.schedule import LearningRateSchedule
from fastrnn.settings import boolean


class _RateDecay(LearningRateSchedule):
    """Base of the decays that depend on step / `decay_steps`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate = in_range(
            "initial_learning_rate", initial_learning_rate, 0.0, math.inf
        )
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.decay_rate = in_range("decay_rate", decay_rate, 0.0, math.inf)
        self.staircase = boolean("staircase", staircase)
        self.name = type(self).__name__ if name is None else name

    def _share(self, step: int) -> float:
        share = step / self.decay_steps
        return math.floor(share) if self.staircase else share

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class ExponentialDecay(_RateDecay):
    """η(step) = η₀ · r^(step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
        Number of steps in which the learning rate is multiplied by r.
    decay_rate : float
        r.
    staircase : bool, default False
        Whether to round the exponent down, so that the rate decays every `decay_steps` steps.
    name : str, optional

    Examples
    --------
    >>> schedule = ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.0841, 0.0707, 0.05]
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        return self.initial_learning_rate * math.pow(self.decay_rate, self._share(step))


class InverseTimeDecay(_RateDecay):
    """η(step) = η₀ / (1 + r · step / decay_steps).

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
    decay_rate : float
        r.
    staircase : bool, default False
        Whether to round step / decay_steps down.
    name : str, optional

    Examples
    --------
    >>> schedule = InverseTimeDecay(0.1, decay_steps=100, decay_rate=1.0)
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.08, 0.0667, 0.05]
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        return self.initial_learning_rate / (1 + self.decay_rate * self._share(step))


class PolynomialDecay(LearningRateSchedule):
    """Polynomial decay: η(step) = (η₀ − η₁) · (1 − s)^power + η₁.

    s is step / decay_steps, up to 1.

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
    end_learning_rate : float, default 0.0001
        η₁.
    power : float, default 1
        1 is linear.
    cycle : bool, default False
        Whether to restart at the end of each period: s is then step divided by the next multiple of
        `decay_steps`.
    name : str, optional

    Examples
    --------
    >>> schedule = PolynomialDecay(0.1, decay_steps=100, end_learning_rate=0.0)
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.075, 0.05, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = in_range(
            "initial_learning_rate", initial_learning_rate, 0.0, math.inf
        )
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.end_learning_rate = in_range("end_learning_rate", end_learning_rate, 0.0, math.inf)
        self.power = in_range("power", power, 0.0, math.inf)
        self.cycle = boolean("cycle", cycle)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        share = step / self.decay_steps
        share = share / max(1, math.ceil(share)) if self.cycle else min(1.0, share)
        whole = self.initial_learning_rate - self.end_learning_rate
        return whole * math.pow(1 - share, self.power) + self.end_learning_rate

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }
