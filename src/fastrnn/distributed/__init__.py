"""Data-parallel training with several processes.

A :class:`Group` is a single process.  :func:`group_of` makes a group of the processes of an mpi4py
communicator, and :func:`world` one of all processes that ``mpiexec`` started; only these two import
mpi4py.
"""

from fastrnn.distributed.group import DistributedError, Group
from fastrnn.distributed.joining import group_of, world
from fastrnn.distributed.share import Share, part_of, share_of

__all__ = ["DistributedError", "Group", "Share", "group_of", "part_of", "share_of", "world"]
