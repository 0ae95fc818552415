"""Data that come in ready batches, each with a number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from fastrnn.settings import boolean, integer

__all__ = ["PyDataset"]


class PyDataset:
    """Base of classes that make batches when they are asked for: data that need not fit in memory.

    A subclass has ``__getitem__``, which returns a whole batch, and ``__len__``, the number of
    batches.  `fit`, `evaluate` and `predict` take such objects in place of arrays; `fit` puts the
    batches of every epoch into an order of its own, unless ``shuffle=False``.

    Parameters
    ----------
    workers : int, default 1
    use_multiprocessing : bool, default False
    max_queue_size : int, default 10
        Taken for the sake of Keras, as attributes: the thread that trains makes every batch itself,
        when it needs it.

    See Also
    --------
    fastrnn.models.Dataset : Samples by number, of which `fit` makes the batches.

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

    # As attributes of the class: subclasses need not call the constructor.
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
            Its number, from 0.

        Returns
        -------
        (x, y) or (x, y, sample_weight)
            As ``fit`` takes them; ``x`` or ``(x,)`` for a prediction.
        """
        raise NotImplementedError(f"{type(self).__name__} should have a method __getitem__")

    @property
    def num_batches(self) -> int | None:
        """How many batches there are: the length, unless a subclass says it; None: no end."""
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
        """Called at the end of each: the place to choose other samples, or another order."""
