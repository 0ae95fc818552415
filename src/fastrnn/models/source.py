"""The interface of sources of batches, which trainings, evaluations and predictions read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.distributed import Share

Array = NDArray[Any]

#: Says which rows of a batch of so many are to be had.
Sharing = Callable[[int], Share]
#: Says from where to where of so many batches this process evaluates.
Part = Callable[[int], tuple[int, int]]


@dataclass
class Data:
    """Checked arrays, all with the samples first.

    Attributes
    ----------
    x : list of ndarray
        One for each input of the model.
    y : list of ndarray
        One for each output with a loss.
    weights : list of ndarray or None
        As many: (samples,) or (samples, time); None where all are one.
    share : Share or None
        Which rows of a batch these are, where other processes have the others.
    """

    x: list[Array]
    y: list[Array]
    weights: list[Array | None]
    share: Share | None = None

    def __len__(self) -> int:
        return len(self.x[0])

    def map(self, function: Callable[[Array], Array]) -> Data:
        """Return the same of what `function` makes of every array."""
        return Data(
            [function(array) for array in self.x],
            [function(array) for array in self.y],
            [None if array is None else function(array) for array in self.weights],
        )

    def part(self, start: int | None, end: int | None) -> Data:
        """Return views of some samples."""
        return self.map(lambda array: array[start:end])

    def arrays(self) -> list[Array | None]:
        """Return all of them, in a row."""
        return [*self.x, *self.y, *self.weights]


class Source(ABC):
    """Batches, in passes through all data there are.

    A batch is valid until the next one is read.

    Attributes
    ----------
    argument : str
        What errors call it.
    samples : int or None
        How many samples a pass has; None if only the batches know.
    batch_size : int or None
        Samples of every batch but the last; None if the batches are as they come.
    data : Data or None
        All of them, where they are arrays.
    is_repeatable : bool
        Whether there is another pass after the first.
    """

    argument: str = "x"
    samples: int | None = None
    batch_size: int | None = None
    data: Data | None = None
    is_repeatable: bool = True

    @property
    @abstractmethod
    def steps(self) -> int | None:
        """How many batches the next pass has; None if only its end will tell."""

    @abstractmethod
    def for_training(
        self, number: int, start: int = 0, seed: np.random.SeedSequence | None = None
    ) -> Iterator[Data]:
        """Yield a pass of a training, of every batch the rows of this process.

        Parameters
        ----------
        number : int
            Which pass.
        start : int, default 0
            The batch to begin with.
        seed : SeedSequence, optional
            What the order of all passes is drawn from; as the data lie if left out.
        """

    @abstractmethod
    def in_order(self, part: Part | None = None, steps: int | None = None) -> Iterator[Data]:
        """Yield the batches of a pass as they lie.

        Parameters
        ----------
        part : callable, optional
            Says which part of the batches is wanted; all if left out.
        steps : int, optional
            How many batches to read at most, before `part` takes some of them.
        """

    @abstractmethod
    def some(self, count: int, most: int) -> Data:
        """Return up to `count` samples from all over, or all if they take up to `most` bytes."""

    @abstractmethod
    def __str__(self) -> str:
        """Return a short description of the data."""

    def has_more(self) -> bool:
        """Return whether there is a batch to read, where there is only one pass."""
        return True

    def skip(self, count: int) -> None:
        """Skip batches that were read before, where there is only one pass."""
        return

    def begin_epoch(self) -> None:
        """Called when an epoch begins."""
        return

    def end_epoch(self) -> None:
        """Called when an epoch has ended."""
        return


def seed_of(number: int, seed: np.random.SeedSequence) -> np.random.SeedSequence:
    """Return what the order of a pass is drawn from, and what layers draw in an epoch."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number))
