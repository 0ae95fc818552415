"""What a training is validated on, and after which epochs."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from typing import Any

from fastrnn.models.source import Source
from fastrnn.settings import integer


def frequency(value: Any) -> int | tuple[int, ...]:
    """Return the argument ``validation_freq``, checked.

    Raises
    ------
    TypeError, ValueError
        If it is no number of epochs, and no collection of epochs, counted from 1.
    """
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return tuple(sorted({integer("validation_freq", epoch, 1) for epoch in value}))
    return integer("validation_freq", value, 1)


class Validation:
    """Data to evaluate while a model trains.

    Parameters
    ----------
    source : Source
    steps : int, optional
        How many batches to evaluate; all if left out.
    frequency : int or tuple of int
        After every how many epochs, or after which, counted from 1.
    """

    def __init__(self, source: Source, steps: int | None, frequency: int | tuple[int, ...]) -> None:
        self.source, self.steps, self._frequency = source, steps, frequency

    def is_due(self, epoch: int) -> bool:
        """Return whether to evaluate after an epoch, which is counted from 0."""
        every = self._frequency
        return (epoch + 1) % every == 0 if isinstance(every, int) else epoch + 1 in every

    def replay(self, epochs: Iterable[int]) -> None:
        """Let the source be where it was after some epochs, in a training that is resumed."""
        for _ in filter(self.is_due, epochs):
            self.source.begin_epoch()
            if not self.source.is_repeatable and self.steps is not None:
                self.source.skip(self.steps)
            self.source.end_epoch()

    def is_next(self, epoch: int) -> bool:
        """Return the same, and whether there are data left; a warning says where there are none."""
        if not self.is_due(epoch):
            return False
        if self.source.is_repeatable or self.source.has_more():
            return True
        warnings.warn(
            f"validation_data ran out of data: epoch {epoch + 1} is not validated", stacklevel=2
        )
        return False

    def check_passes(self, first: int, until: int) -> None:
        """Refuse data that can be read once, if they are to be read whole and more than once."""
        times = sum(map(self.is_due, range(first, until)))
        if self.steps is None and not self.source.is_repeatable and times > 1:
            raise ValueError(
                "validation_data can be read once, and should be evaluated after several epochs: "
                "give validation_steps, the number of batches to read each time"
            )
