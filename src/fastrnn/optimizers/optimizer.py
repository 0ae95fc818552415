"""The base of all optimizers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core import optimizer as core
from fastrnn._core.memory import aligned_zeros
from fastrnn.optimizers import schedules
from fastrnn.optimizers.checks import above_zero, in_range
from fastrnn.optimizers.schedules import LearningRateSchedule

Array = NDArray[Any]
Rate = float | LearningRateSchedule


class Optimizer:
    """Changes a flat vector of weights by a flat vector of gradients, one fused call a step.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule, default 0.001
        Positive or zero.  A number may be changed between steps.
    weight_decay : float, optional
        λ: every step first takes λ times the learning rate of every weight away, biases included.
    clipnorm : float, optional
        Shorten the gradient of each weight that is longer than this, as a vector, to this length.
    clipvalue : float, optional
        Move every number of the gradients into the range from minus this to this.
    global_clipnorm : float, optional
        Shorten all gradients together, as one vector, to this length if they are longer.

    Raises
    ------
    ValueError
        If more than one of the last three is given, or a number is out of its range.
    TypeError
        If one is no number.

    Attributes
    ----------
    iterations : int
        How many steps were made.
    slots : dict of str to ndarray
        What the optimizer remembers of every weight, in vectors of the layout of the weights; empty
        before the first step.
    """

    #: Names of the slots, in a fixed order.
    slot_names: tuple[str, ...]

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        self._learning_rate = _checked(learning_rate)
        self.weight_decay = (
            None if weight_decay is None else in_range("weight_decay", weight_decay, 0.0, math.inf)
        )
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        given = {name: limit for name, limit in limits.items() if limit is not None}
        if len(given) > 1:
            written = ", ".join(f"{name}={limit!r}" for name, limit in given.items())
            raise ValueError(
                f"{written} are given; only one of clipnorm, clipvalue and global_clipnorm "
                "should be"
            )
        checked = {name: above_zero(name, limit) for name, limit in given.items()}
        self.clipnorm = checked.get("clipnorm")
        self.clipvalue = checked.get("clipvalue")
        self.global_clipnorm = checked.get("global_clipnorm")
        self.slot_names = ()
        self.iterations = 0
        self.slots: dict[str, Array] = {}

    @property
    def learning_rate(self) -> float:
        """Step size of the next step; may be set between steps.

        Raises
        ------
        TypeError
            If a number is set where a schedule decides.
        """
        if isinstance(self._learning_rate, LearningRateSchedule):
            return float(self._learning_rate(self.iterations))
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if isinstance(self._learning_rate, LearningRateSchedule) and not isinstance(
            value, LearningRateSchedule
        ):
            raise TypeError(
                f"learning_rate is decided by {self._learning_rate!r} and cannot be set to "
                f"{value!r}; make the optimizer with a number to change it while it trains"
            )
        self._learning_rate = _checked(value)

    @property
    def schedule(self) -> LearningRateSchedule | None:
        """What decides the learning rate of every step, or None where it is a number."""
        rate = self._learning_rate
        return rate if isinstance(rate, LearningRateSchedule) else None

    @property
    def lr(self) -> float:
        """Keras's older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Rate) -> None:
        self.learning_rate = value

    def build(self, values: Array) -> None:
        """Make the slots for a vector of weights; do nothing if they fit already.

        Raises
        ------
        ValueError
            If the slots belong to other weights: every model wants an optimizer of its own.
        """
        for name in self.slot_names:
            slot = self.slots.get(name)
            if slot is None:
                self.slots[name] = aligned_zeros(values.shape, values.dtype)
            elif slot.shape != values.shape or slot.dtype != values.dtype:
                raise ValueError(
                    f"this {type(self).__name__} belongs to a model with other weights "
                    f"({slot.size} {slot.dtype} against {values.size} {values.dtype}); "
                    "compile each model with an optimizer of its own"
                )

    def apply(self, values: Array, gradients: Array, bounds: Array | None = None) -> None:
        """Make one step.

        Parameters
        ----------
        values : ndarray of shape (n,)
            IN/OUT.  The weights.
        gradients : ndarray of shape (n,)
            IN/OUT.  Clipped in place where that was asked for.
        bounds : ndarray of intp, shape (weights + 1,), optional
            Where each weight begins, and the end of the last, for `clipnorm`; left out, all is one
            weight.
        """
        self.build(values)
        self._clip(gradients, bounds)
        rate = self.learning_rate
        self.update(values, gradients, rate, rate * (self.weight_decay or 0.0))
        self.iterations += 1

    def _clip(self, gradients: Array, bounds: Array | None) -> None:
        if self.clipvalue is not None:
            core.clip_values(gradients, self.clipvalue)
        elif self.global_clipnorm is not None:
            core.clip_norms(gradients, _whole(gradients), self.global_clipnorm)
        elif self.clipnorm is not None:
            whole = _whole(gradients) if bounds is None else bounds
            core.clip_norms(gradients, whole, self.clipnorm)

    def update(self, values: Array, gradients: Array, learning_rate: float, decay: float) -> None:
        """Change weights and slots, after the clipping and before the step is counted.

        Parameters
        ----------
        values : ndarray of shape (n,)
            IN/OUT.
        gradients : ndarray of shape (n,)
            IN.
        learning_rate : float
            Of this step.
        decay : float
            What part of every weight to take away first.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this optimizer again."""
        rate = self._learning_rate
        return {
            "learning_rate": (
                schedules.serialize(rate) if isinstance(rate, LearningRateSchedule) else rate
            ),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Optimizer:
        """Return a new optimizer from what :meth:`get_config` returned.

        Parameters
        ----------
        config : dict
        custom_objects : mapping of str to class, optional
            Schedules of one's own, by the name of their class.
        """
        if isinstance(config.get("learning_rate"), dict):
            rate = schedules.deserialize(config["learning_rate"], custom_objects)
            config = {**config, "learning_rate": rate}
        return cls(**config)

    def __repr__(self) -> str:
        shown = {**self.get_config(), "learning_rate": self._learning_rate}
        arguments = [f"{name}={value!r}" for name, value in shown.items() if value is not None]
        return f"{type(self).__name__}({', '.join(arguments)})"


def _checked(learning_rate: Any) -> Rate:
    if isinstance(learning_rate, LearningRateSchedule):
        return learning_rate
    return in_range("learning_rate", learning_rate, 0.0, math.inf)


def _whole(gradients: Array) -> Array:
    return np.array([0, gradients.size], np.intp)


def alias(learning_rate: Rate, lr: Rate | None) -> Rate:
    """Return `lr`, Keras's older name, where it was given, else `learning_rate`."""
    return learning_rate if lr is None else lr
