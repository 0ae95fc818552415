"""The interface of the processes that a training runs on, and its implementation for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from numpy.typing import NDArray

Array = NDArray[Any]
T = TypeVar("T")


class DistributedError(RuntimeError):
    """Processes that should train one model disagree, or one of them has failed.

    Examples
    --------
    >>> try:
    ...     raise DistributedError("batch_size is 32 on rank 0 and 64 on rank 1")
    ... except DistributedError as error:
    ...     print(error)
    batch_size is 32 on rank 0 and 64 on rank 1
    """


class Group:
    """One process alone.

    A subclass stands for several.  Its methods are then for all of them to call, in the same order.

    Attributes
    ----------
    rank : int
        Which one this is, from 0.
    size : int
        How many there are.

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
        """Whether this is the one that writes and prints."""
        return self.rank == 0

    def first(self, function: Callable[[], T]) -> T:
        """Return what `function` returns, or raise what it raises, in the first process."""
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
            What it is about, and what this process says of it.

        Raises
        ------
        DistributedError
            Everywhere, if one says something else; it tells who says what.
        """

    def together(self) -> AbstractContextManager[None]:
        """Return a context at whose end all know whether one has failed.

        It may raise no more than an ``Exception``, and call none of these methods.

        Raises
        ------
        DistributedError
            In processes that have not failed where others have.
        """
        return nullcontext()

    def ending_together(self) -> AbstractContextManager[None]:
        """Return a context that ends the whole job if it fails here and not everywhere.

        Contexts within one another are one.
        """
        return nullcontext()
