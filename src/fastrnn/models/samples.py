"""What a training goes through: arrays by sample, and batches of them in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.distributed import Share
from fastrnn.models.order import Order

Array = NDArray[Any]

#: Bytes of an array that may be copied, so that it lies as its samples are found fastest.
COPIED = 1 << 26


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


#: Says which rows of a batch of so many are to be had.
Sharing = Callable[[int], Share]


class Samples:
    """Data, a batch at a time, in any order.

    Parameters
    ----------
    data : Data
    batch_size : int
    sharing : callable, optional
        Returns which rows of a training's batch are wanted; the others belong to other processes,
        and are not looked at.  All if left out.

    Notes
    -----
    Batches are gathered into memory that is made once, so a batch is valid until the next.  No
    array larger than `COPIED` is copied as a whole: it may be a memory map larger than memory.
    """

    def __init__(self, data: Data, batch_size: int, sharing: Sharing | None = None) -> None:
        self.data = data
        self.batch_size = batch_size
        self._sharing = sharing

    def __len__(self) -> int:
        return len(self.data)

    @property
    def steps(self) -> int:
        """How many batches there are; the last may be shorter."""
        return -(-len(self) // self.batch_size)

    def some(self, numbers: Array, most: int = 0) -> Data:
        """Return samples by their numbers, or all if they take no more than `most` bytes."""
        data = self.data
        if sum(array.nbytes for array in _arrays(data) if array is not None) <= most:
            return data
        return data.map(lambda array: array[numbers])

    def in_order(self, start: int = 0, stop: int | None = None) -> Iterator[Data]:
        """Yield batches of the samples as they lie, from number `start` to `stop`."""
        read = self._in_order()
        for first, last in self._batches(start, stop):
            yield read(first, last)

    def for_training(self, order: Order | None, step: int = 0) -> Iterator[Data]:
        """Yield this process's share of a training's batches.

        Parameters
        ----------
        order : Order or None
            Of the samples; as they lie if None.
        step : int, default 0
            The batch to begin with.
        """
        read = self._in_order() if order is None else self._shuffled(order)
        for first, last in self._batches(step * self.batch_size):
            if self._sharing is None:
                yield read(first, last)
            else:
                share = self._sharing(last - first)
                yield replace(read(first + share.start, first + share.stop), share=share)

    def _batches(self, start: int, stop: int | None = None) -> Iterator[tuple[int, int]]:
        end = len(self) if stop is None else stop
        for first in range(start, end, self.batch_size):
            yield first, min(first + self.batch_size, end)

    def _in_order(self) -> Callable[[int, int], Data]:
        """Return what returns the samples from one place to another."""
        return self.data.part

    def _shuffled(self, order: Order) -> Callable[[int, int], Data]:
        """Return what returns the samples that stand from one place of `order` to another."""
        self.data = self.data.map(_taken_well)
        size = min(self.batch_size, len(self))
        gathered = self.data.map(
            lambda array: np.empty((size, *array.shape[1:]), array.dtype.newbyteorder("="))
        )
        pairs = [
            (array, room)
            for array, room in zip(_arrays(self.data), _arrays(gathered), strict=True)
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


def _is_plain(array: Array) -> bool:
    """Return whether np.take reads an array where it lies; it copies others whole, every time."""
    flags = array.flags
    return bool(flags.c_contiguous and flags.aligned and array.dtype.isnative)


def _taken_well(array: Array) -> Array:
    """Return an array that is plain, if that takes no large copy."""
    if _is_plain(array) or array.nbytes > COPIED:
        return array
    return np.array(array, array.dtype.newbyteorder("="), order="C")


def _arrays(data: Data) -> list[Array | None]:
    return [*data.x, *data.y, *data.weights]
