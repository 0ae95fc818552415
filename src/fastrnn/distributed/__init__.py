"""Several processes that train one model: how they share the work, agree, and end.

A :class:`Group` of one is a training as it always was.  :func:`group_of` makes one of the processes
of an mpi4py communicator, and :func:`world` one of all that ``mpiexec`` started; mpi4py is imported
then and not before.
"""

from fastrnn.distributed.group import DistributedError, Group
from fastrnn.distributed.joining import group_of, world
from fastrnn.distributed.share import Share, part_of, share_of

__all__ = ["DistributedError", "Group", "Share", "group_of", "part_of", "share_of", "world"]
