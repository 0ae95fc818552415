"""Batches of samples of arrays, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.models.order import Order, drawn
from fastrnn.models.source import Data, Part, Sharing, Source, seed_of

Array = NDArray[Any]

#: Largest array in bytes that may be copied to make its samples contiguous.
COPIED = 1 << 26


class Samples(Source):
    """Batches of data, in any order.

    Parameters
    ----------
    data : Data
    batch_size : int
    sharing : callable, optional
        Returns the rows of a training batch that this process needs; the others are not read.  All
        if left out.

    Notes
    -----
    Batches are gathered into memory that is allocated once.  Arrays larger than `COPIED` are not
    copied as a whole: they may be memory maps that exceed the available memory.
    """

    samples: int
    batch_size: int
    data: Data

    def __init__(self, data: Data, batch_size: int, sharing: Sharing | None = None) -> None:
        self.data = data
        self.samples, self.batch_size = len(data), batch_size
        self._sharing = sharing

    def __len__(self) -> int:
        return self.samples

    def __str__(self) -> str:
        return f"{self.samples} samples and batches of {self.batch_size}"

    @property
    def steps(self) -> int:
        """Number of batches; the last may be shorter."""
        return -(-self.samples // self.batch_size)

    def some(self, count: int, most: int) -> Data:
        """Return `count` evenly spaced samples, or all if they take up to `most` bytes."""
        data = self.data
        if sum(array.nbytes for array in data.arrays() if array is not None) <= most:
            return data
        numbers = spread(count, self.samples)
        return data.map(lambda array: array[numbers])

    def in_order(self, part: Part | None = None, steps: int | None = None) -> Iterator[Data]:
        """Yield batches of the samples in their stored order."""
        size, count = self.batch_size, self.steps
        if steps is not None:
            count = min(steps, count)
        start, stop = (0, count) if part is None else part(count)
        read = self._in_order()
        for first in range(start * size, min(stop * size, self.samples), size):
            yield read(first, min(first + size, self.samples))

    def for_training(
        self, number: int, start: int = 0, seed: np.random.SeedSequence | None = None
    ) -> Iterator[Data]:
        """Yield the rows of this process of the batches of a pass."""
        order = None if seed is None else order_of(number, self.samples, seed)
        return self.ordered(order, start)

    def ordered(self, order: Order | None, start: int = 0) -> Iterator[Data]:
        """Yield batches in a given order of the samples; in their stored order if None."""
        read = self._in_order() if order is None else self._shuffled(order)
        for first in range(start * self.batch_size, self.samples, self.batch_size):
            last = min(first + self.batch_size, self.samples)
            if self._sharing is None:
                yield read(first, last)
            else:
                share = self._sharing(last - first)
                yield replace(read(first + share.start, first + share.stop), share=share)

    def _in_order(self) -> Callable[[int, int], Data]:
        """Return a function that returns a range of samples."""
        data = self.data
        if self.batch_size >= self.samples:
            return lambda first, last: data if last - first == len(data) else data.part(first, last)
        return data.part

    def _shuffled(self, order: Order) -> Callable[[int, int], Data]:
        """Return a function that returns the samples of a range of `order`."""
        self.data = self.data.map(_taken_well)
        size = min(self.batch_size, self.samples)
        gathered = self.data.map(
            lambda array: np.empty((size, *array.shape[1:]), array.dtype.newbyteorder("="))
        )
        pairs = [
            (array, room)
            for array, room in zip(self.data.arrays(), gathered.arrays(), strict=True)
            if array is not None and room is not None
        ]

        def read(first: int, last: int) -> Data:
            indices = order[first:last]
            for array, room in pairs:
                if _is_plain(array):
                    # "clip" lets NumPy write straight to `out`; the indices are in range anyway.
                    np.take(array, indices, axis=0, out=room[: len(indices)], mode="clip")
                else:
                    room[: len(indices)] = array[indices]
            return gathered if len(indices) == size else gathered.part(0, len(indices))

        return read


def order_of(number: int, samples: int, seed: np.random.SeedSequence) -> Order:
    """Return the order of the samples in a pass, as :func:`fastrnn.models.order.drawn` does."""
    return drawn(samples, seed_of(number, seed))


def spread(count: int, samples: int) -> Array:
    """Return up to `count` evenly spaced sample indices."""
    return np.unique(np.linspace(0, samples - 1, min(samples, count)).astype(np.intp))


def _is_plain(array: Array) -> bool:
    """Return whether np.take reads an array in place; others it copies as a whole each time."""
    flags = array.flags
    return bool(flags.c_contiguous and flags.aligned and array.dtype.isnative)


def _taken_well(array: Array) -> Array:
    """Return the array, or a copy that np.take reads in place if the array is small."""
    if _is_plain(array) or array.nbytes > COPIED:
        return array
    return np.array(array, array.dtype.newbyteorder("="), order="C")
