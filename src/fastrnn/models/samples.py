"""What a training goes through: arrays by sample, and batches of them in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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
    """

    x: list[Array]
    y: list[Array]
    weights: list[Array | None]

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


class Samples:
    """Data, a batch at a time, in any order.

    Parameters
    ----------
    data : Data
    batch_size : int

    Notes
    -----
    Batches are gathered into memory that is made once, so a batch is valid until the next.  Arrays
    that lie in one piece are not copied as a whole: they may be memory maps larger than memory.
    """

    def __init__(self, data: Data, batch_size: int) -> None:
        self.data = data
        self.batch_size = batch_size

    def __len__(self) -> int:
        return len(self.data)

    @property
    def steps(self) -> int:
        """How many batches there are; the last may be shorter."""
        return -(-len(self) // self.batch_size)

    def in_order(self, first: int = 0) -> Iterator[Data]:
        """Yield the batches as they lie, from number `first` on."""
        for start in range(first * self.batch_size, len(self), self.batch_size):
            yield self.data.part(start, start + self.batch_size)

    def shuffled(self, order: Array, first: int = 0) -> Iterator[Data]:
        """Yield the batches in the given order of samples, from number `first` on."""
        # np.take copies an array that is not in one piece or has the other byte order at every
        # call.
        self.data = self.data.map(
            lambda array: np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        )
        size = min(self.batch_size, len(self))
        gathered = self.data.map(lambda array: np.empty((size, *array.shape[1:]), array.dtype))
        pairs = [
            (array, room)
            for array, room in zip(_arrays(self.data), _arrays(gathered), strict=True)
            if array is not None and room is not None
        ]
        for start in range(first * self.batch_size, len(self), self.batch_size):
            indices = order[start : start + self.batch_size]
            for array, room in pairs:
                # "clip" lets NumPy write straight to `out`; the indices are in range anyway.
                np.take(array, indices, axis=0, out=room[: len(indices)], mode="clip")
            yield gathered if len(indices) == size else gathered.part(0, len(indices))


def _arrays(data: Data) -> list[Array | None]:
    return [*data.x, *data.y, *data.weights]
