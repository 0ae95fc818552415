"""Datasets of ready-made, indexed batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from fastrnn.settings import boolean, integer

__all__ = ["PyDataset"]


class PyDataset:
    """Base of datasets that create each batch on demand, for data that do not fit in memory.

    A subclass defines ``__getitem__``, which returns a whole batch, and ``__len__``, the number of
    batches.  `fit`, `evaluate` and `predict` accept such objects instead of arrays; `fit` shuffles
    the batches in every epoch, unless ``shuffle=False``.

    Parameters
    ----------
    workers : int, default 1
    use_multiprocessing : bool, default False
    max_queue_size : int, default 10
        Accepted for compatibility with Keras, and stored as attributes: the training thread creates
        every batch itself.

    See Also
    --------
    fastrnn.models.Dataset : Returns samples by index, from which `fit` makes batches.

    Examples
    --------
    >>> import numpy as np
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...
    ...     def __getitem__(self, index):
    ...         x = np.full((2, 4, 1), float(index))
    ...         return x, x[:, -1] ** 2
    >>> [float(y[0, 0]) for x, y in Squares()]
    [0.0, 1.0, 4.0]
    """

    # Class attributes, since subclasses need not call the constructor.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = integer("workers", workers, 0)
        self.use_multiprocessing = boolean("use_multiprocessing", use_multiprocessing)
        self.max_queue_size = integer("max_queue_size", max_queue_size, 0)

    def __getitem__(self, index: int) -> Any:
        """Return a batch.

        Parameters
        ----------
        index : int
            Its index, from 0.

        Returns
        -------
        (x, y) or (x, y, sample_weight)
            As ``fit`` takes them; ``x`` or ``(x,)`` for a prediction.
        """
        raise NotImplementedError(f"{type(self).__name__} should have a method __getitem__")

    @property
    def num_batches(self) -> int | None:
        """Number of batches, by default the length; None for endless data."""
        length = getattr(self, "__len__", None)
        if length is None:
            raise NotImplementedError(
                f"{type(self).__name__} should have a method __len__, or a property num_batches"
            )
        return int(length())

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called before every epoch, and before every evaluation and prediction."""

    def on_epoch_end(self) -> None:
        """Called at the end of each, for instance to shuffle or resample."""
