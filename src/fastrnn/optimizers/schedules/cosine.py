"""Learning rates with cosine decay."""

from __future__ import annotations

import math
from typing import Any

from fastrnn.optimizers.checks import above_zero, in_range
from fastrnn.optimizers.schedules.schedule import LearningRateSchedule


def _half_wave(share: float) -> float:
    """Return a factor that decays from 1 to 0 while `share` grows from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * share))


class CosineDecay(LearningRateSchedule):
    """Cosine decay, optionally after a linear warmup.

    With a warmup, η grows from η₀ to `warmup_target` in `warmup_steps`; the decay starts from
    there, else from η₀.  In `decay_steps` η decays to α times its initial value, and then remains
    constant.

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
        Steps of the decay, not including the warmup.
    alpha : float, default 0
        α.
    name : str, optional
    warmup_target : float, optional
        None for no warmup; `warmup_steps` is then ignored.
    warmup_steps : int, default 0

    References
    ----------
    I. Loshchilov, F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Examples
    --------
    >>> schedule = CosineDecay(0.1, decay_steps=100)
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.0854, 0.05, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = in_range(
            "initial_learning_rate", initial_learning_rate, 0.0, math.inf
        )
        self.decay_steps = above_zero("decay_steps", decay_steps)
        self.alpha = in_range("alpha", alpha, 0.0, math.inf)
        self.name = name
        self.warmup_target = (
            None
            if warmup_target is None
            else in_range("warmup_target", warmup_target, 0.0, math.inf)
        )
        self.warmup_steps = in_range("warmup_steps", warmup_steps, 0.0, math.inf)

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        top, start = self.initial_learning_rate, 0.0
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, start = self.warmup_target, self.warmup_steps
        wave = _half_wave(min(1.0, (step - start) / self.decay_steps))
        return top * ((1 - self.alpha) * wave + self.alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay with warm restarts, with periods of increasing length.

    Period i has first_decay_steps · t_mulⁱ steps, from m_mulⁱ · η₀ towards α · η₀: η = η₀ · ((1 −
    α) · m_mulⁱ · (1 + cos(π s)) / 2 + α), where s is the completed fraction of the period.

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    first_decay_steps : int
    t_mul : float, default 2
        At least 1.
    m_mul : float, default 1
    alpha : float, default 0
        α.
    name : str, optional

    References
    ----------
    I. Loshchilov, F. Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=50)
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.05, 0.1, 0.05]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = in_range(
            "initial_learning_rate", initial_learning_rate, 0.0, math.inf
        )
        self.first_decay_steps = above_zero("first_decay_steps", first_decay_steps)
        self.t_mul = in_range("t_mul", t_mul, 1.0, math.inf)
        self.m_mul = in_range("m_mul", m_mul, 0.0, math.inf)
        self.alpha = in_range("alpha", alpha, 0.0, math.inf)
        self.name = name

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        done = step / self.first_decay_steps
        falls = done
        if self.t_mul != 1:
            falls = math.log1p(done * (self.t_mul - 1)) / math.log(self.t_mul)
        # Rounding must not delay a restart that is due at this step.
        fall = math.floor(falls + 1e-9)
        share = min(max(0.0, done - self._before(fall)) / self.t_mul**fall, 1.0)
        wave = self.m_mul**fall * _half_wave(share)
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)

    def _before(self, fall: int) -> float:
        """Return the total length of the periods before one, in units of the first."""
        return fall if self.t_mul == 1 else (self.t_mul**fall - 1) / (self.t_mul - 1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
