"""The processes of an MPI communicator."""

from __future__ import annotations

import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from fastrnn._core import thread_count as threads
from fastrnn.distributed.group import Array, DistributedError, Group

T = TypeVar("T")

#: Seconds that a failed process waits for the others to fail too, before it ends them.  They may be
#: in the middle of a step.
PATIENCE = 2.0

#: Seconds between the error message and the end of the job.  A launcher may end a job before it has
#: forwarded the output of the processes.
FAREWELL = 0.5


class Ranks(Group):
    """Several processes, in the context that :meth:`entered` returns.

    Within the context, each of them uses one thread, unless the number of threads was set.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm
        It is duplicated, so messages on it are not affected.
    tell : callable, optional
        Returns the text to print for an error that ends the job; its traceback if left out.

    Raises
    ------
    TypeError, ValueError
        If it is no communicator, or has no processes.
    """

    def __init__(self, comm: Any, tell: Callable[[BaseException], str] | None = None) -> None:
        name = f"{type(comm).__module__}.{type(comm).__qualname__}"
        if not name.startswith("mpi4py."):
            raise TypeError(
                f"comm is of type {name}; it should be a communicator of mpi4py, "
                "such as MPI.COMM_WORLD"
            )
        from mpi4py import MPI

        if isinstance(comm, MPI.Comm) and comm == MPI.COMM_NULL:
            raise ValueError("comm is MPI.COMM_NULL, which has no processes")
        if not isinstance(comm, MPI.Intracomm):
            raise TypeError(f"comm is of type {name}; it should be an mpi4py.MPI.Intracomm")
        self._in_place, self._plus = MPI.IN_PLACE, MPI.SUM
        self._given = comm
        self._tell = tell or _traceback
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        self._is_guarded = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Return the context in which the processes work together."""
        # One communicator for work, and one for processes that have failed.
        self._comm, self._failed = self._given.Dup(), self._given.Dup()
        before = threads.limit_unless_told(1 if self.size > 1 else threads.get_num_threads())
        try:
            yield
        finally:
            threads.give_back(before)
        self._comm.Free()
        self._failed.Free()

    def first(self, function: Callable[[], T]) -> T:
        """Call `function` in the first process; return its result, or raise its error, in all."""
        if not self.is_first:
            sent, failure = self._comm.bcast(None)
            if sent is None:
                raise DistributedError(f"rank 0 of {self.size} has failed: {failure}")
            received: T = pickle.loads(sent)
            return received
        try:
            result = function()
            sent = pickle.dumps(result)
        except Exception as error:
            self._comm.bcast((None, _line(error)))
            raise
        self._comm.bcast((sent, None))
        return result

    def sum(self, array: Array) -> None:
        """Replace a contiguous array by its sum over all processes, the same bits in each."""
        self._comm.Allreduce(self._in_place, array, op=self._plus)

    def take_first(self, array: Array) -> None:
        """Replace a contiguous array by that of the first process."""
        self._comm.Bcast(array)

    def agree(self, facts: Mapping[str, str]) -> None:
        """Check that all processes pass the same facts, or raise an error in each."""
        everybody = self._comm.allgather(dict(facts))
        subjects = dict.fromkeys(subject for said in everybody for subject in said)
        told = []
        for subject in subjects:
            views: dict[str, list[int]] = {}
            for rank, said in enumerate(everybody):
                views.setdefault(said.get(subject, "nothing"), []).append(rank)
            if len(views) > 1:
                parts = [f"{_named(ranks)}: {view}" for view, ranks in views.items()]
                told.append(f"{subject} ({'; '.join(parts)})")
        if told:
            # The first difference is enough: different models differ in many facts.
            raise DistributedError(
                f"the processes disagree about {told[0]}"
                + (f" and {len(told) - 1} more" if len(told) > 1 else "")
                + "; all of them should be given the same"
            )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Return a context that ends with an error in all processes if one has failed."""
        own: Exception | None = None
        try:
            yield
        except Exception as error:
            own = error
        texts = self._comm.allgather(None if own is None else _line(own))
        if own is not None:
            raise own
        failed = [rank for rank, text in enumerate(texts) if text is not None]
        if failed:
            rank = failed[0]
            raise DistributedError(f"rank {rank} of {self.size} has failed: {texts[rank]}")

    @contextmanager
    def ending_together(self) -> Iterator[None]:
        """Return a context that ends the whole job if it fails here but not in all processes."""
        if self._is_guarded:
            yield
            return
        self._is_guarded = True
        try:
            yield
        except BaseException as error:
            if not self._all_have_failed():
                self._end(error)
            raise
        finally:
            self._is_guarded = False

    def _all_have_failed(self) -> bool:
        """Wait for the others for a short time, and return whether they have failed too."""
        everybody = self._failed.Ibarrier()
        until = time.monotonic() + PATIENCE
        while not everybody.Test():
            if time.monotonic() > until:
                return False
            time.sleep(0.001)
        return True

    def _end(self, error: BaseException) -> None:
        """End all processes; the others would wait forever for a message."""
        text = self._tell(error)
        sys.stdout.flush()
        sys.stderr.write(f"fastrnn: rank {self.rank} of {self.size}: {text}\n")
        sys.stderr.flush()
        time.sleep(FAREWELL)
        self._given.Abort(1)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _named(ranks: list[int]) -> str:
    return f"rank{'s' if len(ranks) > 1 else ''} {', '.join(map(str, ranks))}"
