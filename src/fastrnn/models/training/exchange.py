"""The messages between the processes of a training at every step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastrnn.distributed import Group, Share, part_of
from fastrnn.layers.parameter import ParameterVector
from fastrnn.models.objective import Means, Sums


class Halted(Exception):
    """A process ends the epoch; this step was not made."""


class Exchange:
    """The exchange of a single process: nothing is sent."""

    #: Whether there are other processes.
    is_shared: bool = False

    #: Whether this process ends the epoch before the next step.
    halts: bool = False
    #: The rows of the current batch that this process has.
    share: Share | None = None
    #: The gradients of a step.
    vector: ParameterVector

    def first(self, value: float) -> float:
        """Return the value that the first process has."""
        return value

    def part(self, total: int) -> tuple[int, int]:
        """Return from where to where this process evaluates so many batches."""
        return 0, total

    def count_all(self, counts: Sequence[float], varies: bool) -> Sequence[float]:
        """Return what counts in the whole batch, of what counts here for each loss."""
        return counts

    def sum_step(self, found: Sums) -> Sums:
        """Make the gradients those of the whole batch; return what was measured on it.

        Raises
        ------
        Halted
            If a process wants to end here.
        """
        return found

    def sum_means(self, means: Means) -> Means:
        """Return the means of all processes."""
        return means

    def settle(self, stop: bool, interrupted: bool) -> tuple[bool, bool]:
        """Return whether any process wants to stop, and whether any was interrupted."""
        return stop, interrupted


class SharedExchange(Exchange):
    """The exchange of one of several processes: one reduction per step, of gradients and sums.

    Parameters
    ----------
    group : Group
    """

    is_shared = True

    def __init__(self, group: Group) -> None:
        self._group = group

    def first(self, value: float) -> float:
        """Return the value that the first process has."""
        return self._group.first(lambda: value)

    def part(self, total: int) -> tuple[int, int]:
        """Return from where to where this process evaluates so many batches."""
        return part_of(total, self._group.rank, self._group.size)

    def count_all(self, counts: Sequence[float], varies: bool) -> Sequence[float]:
        """Return what counts in the whole batch, of what counts here for each loss."""
        share = self.share
        assert share is not None
        if not varies:
            return [count / share.rows * share.total for count in counts]
        sums = np.array(counts, np.float64) * share.counts
        self._group.sum(sums)
        return [float(total) for total in sums]

    def sum_step(self, found: Sums) -> Sums:
        """Make the gradients those of the whole batch; return what was measured on it.

        Raises
        ------
        Halted
            If a process wants to end here.
        """
        # After the gradients: the sums of losses and metrics, and the number of processes that
        # halt.
        sums = self.vector.sums
        figures = sums[self.vector.values.size : -1]
        if self.share is not None and self.share.counts and not self.halts:
            figures[...] = found
        else:
            sums[...] = 0
        sums[-1] = self.halts
        self._group.sum(sums)
        if sums[-1]:
            raise Halted
        summed: list[float] = figures.tolist()
        return summed

    def sum_means(self, means: Means) -> Means:
        """Return the means of all processes."""
        sums = means.sums.copy()
        self._group.sum(sums)
        return means.replaced(sums)

    def settle(self, stop: bool, interrupted: bool) -> tuple[bool, bool]:
        """Return whether any process wants to stop, and whether any was interrupted."""
        wishes = np.array([stop, interrupted], np.float64)
        self._group.sum(wishes)
        self.halts = False
        any_stops, any_interrupted = (wishes > 0).tolist()
        return any_stops, any_interrupted
