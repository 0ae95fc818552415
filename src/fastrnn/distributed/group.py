"""The interface of the processes of a training, and its implementation for one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from numpy.typing import NDArray

Array = NDArray[Any]
T = TypeVar("T")


class DistributedError(RuntimeError):
    """The processes of a training disagree, or one of them has failed.

    Examples
    --------
    >>> try:
    ...     raise DistributedError("batch_size is 32 on rank 0 and 64 on rank 1")
    ... except DistributedError as error:
    ...     print(error)
    batch_size is 32 on rank 0 and 64 on rank 1
    """


class Group:
    """A single process.

    A subclass represents several.  All processes must call its methods in the same order.

    Attributes
    ----------
    rank : int
        Index of this process, from 0.
    size : int
        Number of processes.

    Examples
    --------
    >>> alone = Group()
    >>> alone.rank, alone.size, alone.is_first
    (0, 1, True)
    >>> alone.first(lambda: "only the first process calls this")
    'only the first process calls this'
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files and prints."""
        return self.rank == 0

    def first(self, function: Callable[[], T]) -> T:
        """Call `function` in the first process; return its result, or raise its error, in all."""
        return function()

    def sum(self, array: Array) -> None:
        """Replace a contiguous array by its sum over all processes, the same bits in each."""

    def take_first(self, array: Array) -> None:
        """Replace a contiguous array by that of the first process."""

    def agree(self, facts: Mapping[str, str]) -> None:
        """Check that all processes pass the same facts.

        Parameters
        ----------
        facts : mapping of str to str
            The value of each fact in this process.

        Raises
        ------
        DistributedError
            In all processes, if a value differs; the message has the values of the processes.
        """

    def together(self) -> AbstractContextManager[None]:
        """Return a context that ends with an error in all processes if one has failed.

        Its body may only raise an ``Exception``, and must not call these methods.

        Raises
        ------
        DistributedError
            In processes that have not failed themselves, if others have.
        """
        return nullcontext()

    def ending_together(self) -> AbstractContextManager[None]:
        """Return a context that ends the whole job if it fails here but not in all processes.

        Nested contexts count as one.
        """
        return nullcontext()
