"""The base of all optimizers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn._core.memory import aligned_zeros

Array = NDArray[Any]


class Optimizer:
    """Changes a flat vector of weights by a flat vector of gradients, one fused call a step.

    Parameters
    ----------
    learning_rate : float, default 0.001
        Positive or zero.  May be changed between steps.

    Attributes
    ----------
    iterations : int
        How many steps were made.
    slots : dict of str to ndarray
        What the optimizer remembers of every weight, in vectors of the layout of the weights; empty
        before the first step.
    """

    #: Names of the slots, in a fixed order.
    slot_names: tuple[str, ...] = ()

    def __init__(self, learning_rate: float = 0.001) -> None:
        self.learning_rate = learning_rate
        self.iterations = 0
        self.slots: dict[str, Array] = {}

    @property
    def learning_rate(self) -> float:
        """Step size; may be set between steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = in_range("learning_rate", value, 0.0, math.inf)

    @property
    def lr(self) -> float:
        """Keras's older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: float) -> None:
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

    def apply(self, values: Array, gradients: Array) -> None:
        """Make one step.

        Parameters
        ----------
        values : ndarray of shape (n,)
            IN/OUT.  The weights.
        gradients : ndarray of shape (n,)
            IN.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this optimizer again."""
        return {"learning_rate": self.learning_rate}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        """Return a new optimizer from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def in_range(name: str, value: float, low: float, below: float) -> float:
    """Return `value` as a float with low <= value < below, or say what it should be."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}; it should be a number")
    if not low <= value < below:
        limit = "finite" if below == math.inf else f"below {below:g}"
        raise ValueError(f"{name} is {value}; it should be at least {low:g} and {limit}")
    return float(value)


def alias(learning_rate: float, lr: float | None) -> float:
    """Return `lr`, Keras's older name, where it was given, else `learning_rate`."""
    return learning_rate if lr is None else lr
