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

#: Takes the size of a batch; returns the rows that this process needs.
Sharing = Callable[[int], Share]
#: Takes the number of batches; returns the range that this process evaluates.
Part = Callable[[int], tuple[int, int]]


@dataclass
class Data:
    """Checked arrays, with the samples on the first axis.

    Attributes
    ----------
    x : list of ndarray
        One for each input of the model.
    y : list of ndarray
        One for each output with a loss.
    weights : list of ndarray or None
        Weights for each `y`: (samples,) or (samples, time); None if all are one.
    share : Share or None
        The rows of a batch that these are, if other processes have the others.
    """

    x: list[Array]
    y: list[Array]
    weights: list[Array | None]
    share: Share | None = None

    def __len__(self) -> int:
        return len(self.x[0])

    def map(self, function: Callable[[Array], Array]) -> Data:
        """Return data with `function` applied to every array."""
        return Data(
            [function(array) for array in self.x],
            [function(array) for array in self.y],
            [None if array is None else function(array) for array in self.weights],
        )

    def part(self, start: int | None, end: int | None) -> Data:
        """Return views of some samples."""
        return self.map(lambda array: array[start:end])

    def arrays(self) -> list[Array | None]:
        """Return all arrays in a list."""
        return [*self.x, *self.y, *self.weights]


class Source(ABC):
    """Batches, in passes through the data.

    A batch is valid until the next one is read.

    Attributes
    ----------
    argument : str
        What errors call it.
    samples : int or None
        Number of samples of a pass; None if unknown.
    batch_size : int or None
        Samples of every batch but the last; None for ready-made batches.
    data : Data or None
        All of the data, if they are arrays.
    is_repeatable : bool
        Whether more than one pass is possible.
    """

    argument: str = "x"
    samples: int | None = None
    batch_size: int | None = None
    data: Data | None = None
    is_repeatable: bool = True

    @property
    @abstractmethod
    def steps(self) -> int | None:
        """Number of batches of the next pass; None if unknown."""

    @abstractmethod
    def for_training(
        self, number: int, start: int = 0, seed: np.random.SeedSequence | None = None
    ) -> Iterator[Data]:
        """Yield the batches of a training pass, with the rows of this process.

        Parameters
        ----------
        number : int
            Index of the pass.
        start : int, default 0
            Index of the first batch.
        seed : SeedSequence, optional
            Seed of the order of all passes; the stored order if left out.
        """

    @abstractmethod
    def in_order(self, part: Part | None = None, steps: int | None = None) -> Iterator[Data]:
        """Yield the batches of a pass in their stored order.

        Parameters
        ----------
        part : callable, optional
            Returns the range of batches that this process needs; all if left out.
        steps : int, optional
            Maximum number of batches, before `part` selects some of them.
        """

    @abstractmethod
    def some(self, count: int, most: int) -> Data:
        """Return `count` evenly spaced samples, or all if they take up to `most` bytes."""

    @abstractmethod
    def __str__(self) -> str:
        """Return a short description of the data."""

    def has_more(self) -> bool:
        """Return whether a batch is left, of a source with only one pass."""
        return True

    def skip(self, count: int) -> None:
        """Skip batches that were read before, of a source with only one pass."""
        return

    def begin_epoch(self) -> None:
        """Called when an epoch begins."""
        return

    def end_epoch(self) -> None:
        """Called when an epoch has ended."""
        return


def seed_of(number: int, seed: np.random.SeedSequence) -> np.random.SeedSequence:
    """Return the seed of the order of a pass, or of the layers' random numbers in an epoch."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number))
