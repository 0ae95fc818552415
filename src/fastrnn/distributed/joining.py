"""Creation of groups: from a communicator, or of all processes that ``mpiexec`` started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastrnn.distributed.group import Group


@contextmanager
def group_of(comm: Any) -> Iterator[Group]:
    """Yield the processes of a communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm, Group or None
        A group is yielded unchanged; None means this process only.

    Raises
    ------
    TypeError
        If it is something else.

    Examples
    --------
    >>> with group_of(None) as group:
    ...     print(group.rank, "of", group.size)
    0 of 1
    """
    if comm is None:
        yield Group()
    elif isinstance(comm, Group):
        yield comm
    else:
        from fastrnn.distributed.ranks import Ranks

        ranks = Ranks(comm)
        with ranks.entered():
            yield ranks


@contextmanager
def world(tell: Callable[[BaseException], str]) -> Iterator[Group]:
    """Yield the group of all processes that ``mpiexec`` started; one failing process ends all.

    Parameters
    ----------
    tell : callable
        Returns the text to print for an error.

    Raises
    ------
    ImportError
        If there is no mpi4py, or no MPI.

    Examples
    --------
    >>> with world(str) as group:  # doctest: +SKIP
    ...     print(group.rank, "of", group.size)
    0 of 2
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise ImportError(
            f"training on several processes needs mpi4py and an MPI ({error}); "
            'pip install "fastrnn[mpi]" and, where the system has no MPI, pip install mpich'
        ) from error
    from fastrnn.distributed.ranks import Ranks

    ranks = Ranks(MPI.COMM_WORLD, tell)
    with ranks.entered():
        yield ranks
