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
    """
    start, stop = part_of(total, rank, size)
    return Share(start, stop, total) if start < stop else Share(0, 1, total, counts=False)


def part_of(total: int, rank: int, size: int) -> tuple[int, int]:
    """Return where the part of a process begins and ends, which may be empty."""
    return rank * total // size, (rank + 1) * total // size
