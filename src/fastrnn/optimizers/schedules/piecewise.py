"""A piecewise constant learning rate."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from fastrnn.optimizers.checks import in_range
from fastrnn.optimizers.schedules.schedule import LearningRateSchedule


class PiecewiseConstantDecay(LearningRateSchedule):
    """A learning rate that changes at given steps.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing steps.  The rate changes after each of them.
    values : sequence of float
        The rates, one more than boundaries.
    name : str, optional

    Raises
    ------
    ValueError
        If the lengths do not fit, or the boundaries do not rise.

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([50, 90], [0.1, 0.01, 0.001])
    >>> [round(float(schedule(step)), 4) for step in (0, 25, 50, 100)]
    [0.1, 0.1, 0.1, 0.001]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        steps = [in_range("boundaries", step, 0.0, math.inf) for step in boundaries]
        # Integers remain integers, also in files.
        self.boundaries: list[float] = [int(s) if s.is_integer() else s for s in steps]
        self.values = [in_range("values", value, 0.0, math.inf) for value in values]
        self.name = name
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"values has {len(self.values)} rates, boundaries has {len(self.boundaries)} "
                "steps; there should be one more rate than steps"
            )
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(
                f"boundaries is {self.boundaries}; each should be above the one before"
            )

    def __call__(self, step: int) -> float:
        """Return the learning rate of a step; the first is 0."""
        return self.values[bisect_left(self.boundaries, step)]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        return {
            "boundaries": list(self.boundaries),
            "values": list(self.values),
            "name": self.name,
        }
