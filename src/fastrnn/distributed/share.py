"""The distribution of the rows of a batch over the processes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """The rows of a batch that one process computes.

    Attributes
    ----------
    start, stop : int
        Its rows, one or more.
    total : int
        Rows of the whole batch.
    counts : bool
        Whether the results are used.  If a batch has fewer rows than there are processes, those
        without a row compute the first one and discard the results, so that other effects of a
        step, such as drawing random numbers, are the same in all processes.

    Examples
    --------
    >>> Share(start=4, stop=7, total=10).rows
    3
    """

    start: int
    stop: int
    total: int
    counts: bool = True

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start


def share_of(total: int, rank: int, size: int) -> Share:
    """Return the rows of a batch that a process computes.

    Parameters
    ----------
    total : int
        Rows of the batch, one or more.
    rank, size : int
        Index and number of the processes.

    Returns
    -------
    Share
        Consecutive rows; the numbers of rows of the processes differ by one at most.

    Examples
    --------
    >>> share_of(10, rank=1, size=3)
    Share(start=3, stop=6, total=10, counts=True)
    >>> share_of(2, rank=0, size=3).counts
    False
    """
    start, stop = part_of(total, rank, size)
    return Share(start, stop, total) if start < stop else Share(0, 1, total, counts=False)


def part_of(total: int, rank: int, size: int) -> tuple[int, int]:
    """Return start and end of the part of a process, which may be empty.

    Examples
    --------
    >>> [part_of(10, rank, 3) for rank in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    return rank * total // size, (rank + 1) * total // size
