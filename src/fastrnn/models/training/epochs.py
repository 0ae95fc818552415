"""The batches of a training, epoch by epoch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import islice

import numpy as np

from fastrnn.models.source import Data, Source

#: Start of an epoch: the pass through the data, and the batch in it.
Place = tuple[int, int]


class Epochs:
    """The batches of a source, divided into epochs.

    An epoch is a pass, or ``steps_per_epoch`` batches.  As in Keras, an epoch then continues where
    the previous one ended, and the end of a pass ends the epoch.

    Parameters
    ----------
    source : Source
    steps : int, optional
        The argument ``steps_per_epoch``.
    shuffle : bool
        Whether the batches or samples of each pass are shuffled, if they have indices.

    Attributes
    ----------
    next : tuple of (int, int)
        Start of the next epoch.
    has_ended : bool
        Whether the data are exhausted.
    """

    def __init__(self, source: Source, steps: int | None, shuffle: bool) -> None:
        self.source, self._steps, self._shuffle = source, steps, shuffle
        self.next: Place = (0, 0)
        self.has_ended = False

    @property
    def steps(self) -> int | None:
        """Number of batches of the next epoch; None if unknown."""
        return self.source.steps if self._steps is None else self._steps

    def have_more(self) -> bool:
        """Return whether a batch is left for another epoch; warn if there is none."""
        if self.source.is_repeatable or self.source.has_more():
            return True
        self._warn("at the end of an epoch")
        return False

    def batches(
        self, place: Place, done: int, seed: np.random.SeedSequence | None
    ) -> Iterator[Data]:
        """Yield the batches of an epoch, and set the start of the next one.

        Parameters
        ----------
        place : tuple of (int, int)
            Start of the epoch.
        done : int
            Number of its batches that are already trained.
        seed : SeedSequence or None
            Seed of the orders of the passes.
        """
        source = self.source
        source.begin_epoch()
        seed = seed if self._shuffle else None
        number, start = place
        wanted, total = self.steps, source.steps
        left = None if wanted is None else max(0, wanted - done)
        count = done
        for data in islice(source.for_training(number, start + done, seed), left):
            count += 1
            yield data
        if not count and start and source.is_repeatable:
            # The previous epoch ended exactly at the end of the pass, which was not known then.
            number, start = number + 1, 0
            for data in islice(source.for_training(number, 0, seed), left):
                count += 1
                yield data
        is_cut = wanted is not None and count >= wanted
        if is_cut and self._steps is not None and (total is None or start + count < total):
            self.next = number, start + count
        else:
            self.next = number + 1, 0
        if wanted is not None and count < wanted:
            self._warn(f"after {count} of {wanted} steps")
            self.has_ended = not source.is_repeatable
        source.end_epoch()

    def replay(self, epochs: int) -> None:
        """Call the hooks of the source for the epochs before a training was resumed."""
        for _ in range(epochs):
            self.source.begin_epoch()
            self.source.end_epoch()

    def _warn(self, when: str) -> None:
        ends = "the epoch" if self.source.is_repeatable else "the training"
        warnings.warn(
            f"{self.source.argument} ran out of data {when}, so {ends} ends there; it should give "
            "at least steps_per_epoch * epochs batches",
            stacklevel=2,
        )
