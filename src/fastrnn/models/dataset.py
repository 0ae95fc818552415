"""Datasets that return batches of samples by index, for data that do not fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastrnn.models.order import Order
from fastrnn.models.samples import Samples, spread
from fastrnn.models.source import Data, Sharing

Array = NDArray[Any]
Indices = NDArray[np.intp]
Parts = tuple[Any, Any, Any]
Titles = tuple[str, str, str]


@runtime_checkable
class Dataset(Protocol):
    """The interface of datasets that :meth:`fastrnn.models.Model.fit` and ``evaluate`` accept.

    Any object with these two methods is a dataset; it need not derive from this class.

    Examples
    --------
    >>> from fastrnn.layers import Dense, Input
    >>> class Squares:
    ...     def __len__(self):
    ...         return 100
    ...     def batch(self, indices):
    ...         x = np.asarray(indices, np.float32)[:, np.newaxis] / 100
    ...         return x, x**2
    >>> model = Sequential([Input((1,)), Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> model.fit(Squares(), epochs=2, verbose=0).epoch
    [0, 1]
    """

    def __len__(self) -> int:
        """Return the number of samples, which must not change."""
        ...

    def batch(self, indices: Indices) -> tuple[Any, ...]:
        """Return some samples.

        Parameters
        ----------
        indices : ndarray of intp, shape (n,)
            Their indices, from 0, in any order.

        Returns
        -------
        (x, y) or (x, y, sample_weight)
            As ``fit`` takes them, n samples of each. They are used before the next call.
        """
        ...


def is_dataset(x: object) -> TypeGuard[Dataset]:
    """Return whether `x` is a dataset, and not an array or a list."""
    kind = type(x)
    return hasattr(kind, "batch") and hasattr(kind, "__len__")


class Drawn:
    """A part of a dataset, with the interface of `Data`, whose samples are read when needed.

    Parameters
    ----------
    dataset : Dataset
    argument : str
        What errors call it.
    read : callable
        Checks x, y, and weights or None; takes their names in error messages after them.
    numbers : range, optional
        Indices of the samples; all if left out.

    Raises
    ------
    ValueError
        If the dataset is empty.
    """

    def __init__(
        self,
        dataset: Dataset,
        argument: str,
        read: Callable[[Parts, Titles], Data],
        numbers: range | None = None,
    ) -> None:
        self._dataset, self._argument, self._read = dataset, argument, read
        self._numbers = range(len(dataset)) if numbers is None else numbers
        if not self._numbers:
            raise ValueError(f"{argument} has no samples; it should have one or more")

    def __len__(self) -> int:
        return len(self._numbers)

    def part(self, start: int | None, end: int | None) -> Drawn:
        """Return some of the samples."""
        return Drawn(self._dataset, self._argument, self._read, self._numbers[start:end])

    def each(self, function: Callable[[Data], Data]) -> Drawn:
        """Return the same with `function` called on every batch."""
        return Drawn(
            self._dataset,
            self._argument,
            lambda parts, titles: function(self._read(parts, titles)),
            self._numbers,
        )

    def batch(self, indices: Array) -> Data:
        """Return samples by their indices within this part.

        Raises
        ------
        TypeError, ValueError
            If the samples do not fit the model.
        """
        title = f"{self._argument}.batch(...)"
        asked = np.asarray(indices, np.intp) + self._numbers.start
        parts: Any = self._dataset.batch(asked)
        if not isinstance(parts, (tuple, list)) or len(parts) not in (2, 3):
            raise TypeError(
                f"{title} is of type {type(parts).__name__}; "
                "it should be a pair (x, y), or (x, y, sample_weight)"
            )
        x, y, *weights = parts
        titles = f"{title}[0]", f"{title}[1]", f"{title}[2]"
        data = self._read((x, y, weights[0] if weights else None), titles)
        if len(data) != len(asked):
            raise ValueError(
                f"{title} has {len(data)} samples; it should have the {len(asked)} asked for"
            )
        return data


class DrawnSamples(Samples):
    """A dataset's samples, a batch at a time, in any order.

    Parameters
    ----------
    drawn : Drawn
    batch_size : int
    sharing : callable, optional
        See :class:`~fastrnn.models.samples.Samples`.
    """

    def __init__(self, drawn: Drawn, batch_size: int, sharing: Sharing | None = None) -> None:
        self._drawn = drawn
        self.samples, self.batch_size = len(drawn), batch_size
        self._sharing = sharing

    def some(self, count: int, most: int) -> Data:
        """Return up to `count` samples, evenly spaced."""
        return self._drawn.batch(spread(count, self.samples))

    def _in_order(self) -> Callable[[int, int], Data]:
        return lambda first, last: self._drawn.batch(np.arange(first, last))

    def _shuffled(self, order: Order) -> Callable[[int, int], Data]:
        return lambda first, last: self._drawn.batch(order[first:last])
