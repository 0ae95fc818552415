"""Batches of sliding windows of a time series, with targets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.arguments import as_array
from fastrnn.preprocessing.batches import PyDataset
from fastrnn.representation import constructor_like
from fastrnn.settings import boolean, integer

Array = NDArray[Any]

__all__ = ["TimeseriesDataset", "TimeseriesGenerator", "timeseries_dataset_from_array"]


class TimeseriesGenerator(PyDataset):
    """The windows of a series, each with the target of the step after it.

    Parameters
    ----------
    data : array_like of shape (steps, ...)
    targets : array_like of shape (steps, ...)
        The target of a window is that of the first step after it.
    length : int
        Number of steps from the start of a window to its end.
    sampling_rate : int, default 1
        Use every so many of these steps.
    stride : int, default 1
        Number of steps between the starts of windows.
    start_index, end_index : int, optional
        The first step to use, and the last one that may follow a window; all if left out.
    shuffle : bool, default False
        Whether batches are random samples of windows, drawn with replacement from NumPy's
        ``np.random`` as in Keras.
    reverse : bool, default False
        Whether to reverse the steps of each window.
    batch_size : int, default 128
        Windows per batch; the last one may have fewer.
    **options :
        Those of :class:`fastrnn.utils.PyDataset`.

    Raises
    ------
    TypeError, ValueError
        If an option is invalid, data and targets differ in length, or the series is too short for a
        window.

    Examples
    --------
    >>> series = np.arange(10)
    >>> x, y = TimeseriesGenerator(series, series, length=3, batch_size=2)[0]
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.data, self.targets = _series("data", data), _series("targets", targets)
        steps = len(self.data)
        if len(self.targets) != steps:
            raise ValueError(
                f"targets has {len(self.targets)} steps, data has {steps}; they should have "
                "equally many"
            )
        self.length = integer("length", length, 1)
        self.sampling_rate = integer("sampling_rate", sampling_rate, 1)
        self.stride = integer("stride", stride, 1)
        self.batch_size = integer("batch_size", batch_size, 1)
        self.shuffle, self.reverse = boolean("shuffle", shuffle), boolean("reverse", reverse)
        self.start_index = integer("start_index", start_index, 0) + self.length
        last = steps - 1 if end_index is None else integer("end_index", end_index, 0)
        self.end_index = last
        if last >= steps:
            raise ValueError(f"end_index is {last}; data has {steps} steps")
        if self.start_index > last:
            raise ValueError(
                f"start_index + length is {self.start_index} and end_index {last}; there should be "
                "room for a window and a step behind it"
            )

    def __repr__(self) -> str:
        return constructor_like(self, without=("start_index", "end_index"))

    def __len__(self) -> int:
        windows = (self.end_index - self.start_index) // self.stride + 1
        return -(-windows // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        """Return a batch: the windows, and the targets."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} batches; {index} is none of them")
        if self.shuffle:
            stop = self.end_index + 1
            behind = np.random.randint(self.start_index, stop, size=self.batch_size)
        else:
            span = self.batch_size * self.stride
            first = self.start_index + span * (index % len(self))
            behind = np.arange(first, min(first + span, self.end_index + 1), self.stride)
        steps = np.arange(-self.length, 0, self.sampling_rate)
        x = self.data[behind[:, np.newaxis] + (steps[::-1] if self.reverse else steps)]
        return x, self.targets[behind]


class TimeseriesDataset:
    """The result of :func:`timeseries_dataset_from_array`: an iterable of batches."""

    def __init__(
        self,
        data: Array,
        targets: Array | None,
        starts: Array,
        steps: Array,
        batch_size: int | None,
        generator: np.random.RandomState | None,
    ) -> None:
        self._data, self._targets = data, targets
        self._starts, self._steps = starts, steps
        self._batch_size, self._generator = batch_size, generator

    def __repr__(self) -> str:
        windows, size = len(self._starts), self._batch_size
        return f"<TimeseriesDataset: {windows} windows of {len(self._steps)} steps, {size} a batch>"

    def __len__(self) -> int:
        return -(-len(self._starts) // (self._batch_size or 1))

    def __iter__(self) -> Iterator[Any]:
        starts = self._starts
        if self._generator is not None:
            starts = self._generator.permutation(starts)
        for first in range(0, len(starts), self._batch_size or 1):
            chosen: Any = starts[first : first + (self._batch_size or 1)]
            if self._batch_size is None:
                chosen = chosen[0]
            x = self._data[np.expand_dims(chosen, -1) + self._steps]
            yield x if self._targets is None else (x, self._targets[chosen])

    def take(self, count: int) -> Iterator[Any]:
        """Return an iterator over the first batches of a pass."""
        return islice(self, integer("count", count, 0))


# Over 80 lines, since half of it documents Keras's arguments.
def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",  # Keras's name
) -> TimeseriesDataset:
    """Return the windows of a series, in batches.

    Parameters
    ----------
    data : array_like of shape (steps, ...)
    targets : array_like of shape (steps, ...), or None
        The target of a window is that of its first step.  Without targets, batches have only
        windows.
    sequence_length : int
        Steps of a window.
    sequence_stride : int, default 1
        Number of steps between the starts of windows.
    sampling_rate : int, default 1
        Number of steps of the series between steps of a window.
    batch_size : int or None, default 128
        Windows per batch; None: single windows without a batch axis.
    shuffle : bool, default False
        Whether to shuffle the windows in every pass.
    seed : int, optional
        Seed of the order; NumPy's ``np.random`` if left out.
    start_index, end_index : int, optional
        The first step to use, and the one to stop before; all if left out.
    format : {"tf", "grain"}
        Accepted for compatibility with Keras: batches are NumPy arrays.

    Returns
    -------
    TimeseriesDataset
        Can be iterated over repeatedly, and passed to `fit`, `evaluate` and `predict`.

    Raises
    ------
    TypeError, ValueError
        If an option is invalid, or the series is too short for a window.

    Examples
    --------
    >>> series = np.arange(10)
    >>> windows = timeseries_dataset_from_array(series[:-3], series[3:], 3, batch_size=2)
    >>> x, y = next(iter(windows))
    >>> x.tolist(), y.tolist()
    ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """
    series = _series("data", data)
    behind = None if targets is None else _series("targets", targets)
    length = integer("sequence_length", sequence_length, 1)
    stride = integer("sequence_stride", sequence_stride, 1)
    rate = integer("sampling_rate", sampling_rate, 1)
    size = None if batch_size is None else integer("batch_size", batch_size, 1)
    shuffle = boolean("shuffle", shuffle)
    if format not in ("tf", "grain"):
        raise ValueError(f"format is {format!r}; it should be 'tf' or 'grain'")
    start = 0 if start_index is None else integer("start_index", start_index, 0)
    stop = len(series) if end_index is None else integer("end_index", end_index, 1)
    if not start < stop <= len(series):
        raise ValueError(
            f"start_index is {start} and end_index {stop}; data has {len(series)} steps, of which "
            "they should leave some"
        )
    last = stop - (length - 1) * rate
    if behind is not None:
        last = min(last, len(behind))
    starts = np.arange(start, last, stride)
    if not len(starts):
        raise ValueError(
            f"sequence_length is {length} and sampling_rate {rate}; {stop - start} steps"
            f"{'' if behind is None else f' and {len(behind)} targets'} have no room for a window"
        )
    generator = None
    if shuffle:
        drawn = np.random.randint(1_000_000) if seed is None else integer("seed", seed, 0)
        generator = np.random.RandomState(drawn)
    return TimeseriesDataset(
        series, behind, starts, np.arange(0, length * rate, rate), size, generator
    )


def _series(argument: str, values: Any) -> Array:
    array = as_array(argument, values)
    if not array.ndim:
        raise ValueError(f"{argument} has shape (); it should be (steps, ...)")
    return array
