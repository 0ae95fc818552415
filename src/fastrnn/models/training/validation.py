"""The validation of a training: its data, and after which epochs."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from fastrnn.models.samples import Samples
from fastrnn.models.source import Source
from fastrnn.settings import integer


def frequency(value: Any) -> int | tuple[int, ...]:
    """Return the argument ``validation_freq``, checked.

    Raises
    ------
    TypeError, ValueError
        If it is neither a number of epochs nor a collection of epochs, counted from 1.
    """
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return tuple(sorted({integer("validation_freq", epoch, 1) for epoch in value}))
    return integer("validation_freq", value, 1)


class Validation:
    """The validation data of a training.

    Parameters
    ----------
    source : Source
    steps : int, optional
        How many batches to evaluate; all if left out.
    frequency : int or tuple of int
        Evaluate every so many epochs, or after the listed epochs, counted from 1.
    """

    def __init__(self, source: Source, steps: int | None, frequency: int | tuple[int, ...]) -> None:
        self.source, self.steps, self._frequency = source, steps, frequency

    def arrays(self) -> list[Any] | None:
        """Return inputs, targets and weights, one list, if the data are arrays."""
        data = self.source.data if isinstance(self.source, Samples) else None
        if data is None:  # batches of an iterable, or samples of a Dataset
            return None
        weights = [np.ones(len(data)) if one is None else one for one in data.weights]
        return [*data.x, *data.y, *weights]

    def is_due(self, epoch: int) -> bool:
        """Return whether to evaluate after an epoch, which is counted from 0."""
        every = self._frequency
        return (epoch + 1) % every == 0 if isinstance(every, int) else epoch + 1 in every

    def replay(self, epochs: Iterable[int]) -> None:
        """Advance the source past the validations of the epochs before a resumed one."""
        for _ in filter(self.is_due, epochs):
            self.source.begin_epoch()
            if not self.source.is_repeatable and self.steps is not None:
                self.source.skip(self.steps)
            self.source.end_epoch()

    def is_next(self, epoch: int) -> bool:
        """Return whether to evaluate after an epoch; warn if no data are left."""
        if not self.is_due(epoch):
            return False
        if self.source.is_repeatable or self.source.has_more():
            return True
        warnings.warn(
            f"validation_data ran out of data: epoch {epoch + 1} is not validated", stacklevel=2
        )
        return False

    def check_passes(self, first: int, until: int) -> None:
        """Refuse data that can be read only once, if every validation reads all of them."""
        times = sum(map(self.is_due, range(first, until)))
        if self.steps is None and not self.source.is_repeatable and times > 1:
            raise ValueError(
                "validation_data can be read once, and should be evaluated after several epochs: "
                "give validation_steps, the number of batches to read each time"
            )
