"""Which rows of a batch each process computes."""

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
        Whether what is computed counts.  A batch may have fewer rows than there are processes;
        those without a row compute the first one for nothing, so that whatever a step changes
        beside the weights, such as random numbers, changes everywhere.

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
        """How many rows there are."""
        return self.stop - self.start


def share_of(total: int, rank: int, size: int) -> Share:
    """Return what one of several processes computes of a batch.

    Parameters
    ----------
    total : int
        Rows of the batch, one or more.
    rank, size : int
        Which of how many.

    Returns
    -------
    Share
        Rows that follow one another, as many as anybody's or one less.

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
    """Return where the part of a process begins and ends, which may be empty.

    Examples
    --------
    >>> [part_of(10, rank, 3) for rank in range(3)]
    [(0, 3), (3, 6), (6, 10)]
    """
    return rank * total // size, (rank + 1) * total // size
