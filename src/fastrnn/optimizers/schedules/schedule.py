"""The base of all learning-rate schedules."""

from __future__ import annotations

from typing import Any

from fastrnn.construction import Constructible
from fastrnn.representation import constructor_like


class LearningRateSchedule(metaclass=Constructible):
    """The learning rate as a function of the number of steps made so far.

    A subclass defines ``__call__(step)`` and, for saving, ``get_config()``.

    Examples
    --------
    >>> class Halved(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** (step // 100)
    >>> Halved()(250)
    0.025
    """

    def __call__(self, step: int) -> float:
        """Return the learning rate after `step` steps."""
        raise NotImplementedError(f"{type(self).__name__} should have __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this schedule."""
        raise NotImplementedError(f"{type(self).__name__} should have get_config(self)")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Return a new schedule from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return constructor_like(self, self.get_config(), without=("name",))
