# cython: language_level=3
"""How the work of a call is divided: into parts, with a check for Ctrl-C after each, and parts into shares of threads.

A task computes one share of one part (pool/part.h).  The number of parts and shares changes no bit of a result.
"""

cdef extern from "pool/part.h" nogil:
    ctypedef struct Part "fastrnn_part":
        Py_ssize_t first, end
        int share, shares

cdef enum:
    # A part with fewer operations, a few microseconds, keeps the interpreter's lock: releasing and acquiring it costs
    # 50 ns.
    SHORT = 50000
    # A share has at least this many rows, or columns of the gradients of weights, since it reads the weights, or the
    # rows, once for all of them.
    LEAST_ROWS = 8
    LEAST_COLUMNS = 16

ctypedef void (*Task)(void *job, const Part *part) noexcept nogil

cdef struct Work:
    void *job          # shared by the tasks of a call
    Task task
    double operations  # of a unit, approximately
    int shares         # how many threads work at a time
    Py_ssize_t grain   # a part has a multiple of this many units
    Py_ssize_t pieces  # into how many shares a unit can be divided if it is too much between two checks
    bint last_first    # whether the last units are computed first
    Part part

cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
cdef int run_parts(Work *work, Py_ssize_t first, Py_ssize_t end) except -1
cdef void run_at_once(Work *work, Py_ssize_t first, Py_ssize_t end, int shares) noexcept nogil


cdef inline Work work_of(void *job, Task task, double operations, int shares) noexcept nogil:
    """Return work whose units are independent of each other, so that each share can take some units of a part."""
    cdef Work work
    work.job, work.task, work.operations, work.shares = job, task, operations, shares
    work.grain, work.pieces, work.last_first = shares, shares, False
    work.part.first = work.part.end = work.part.share = work.part.shares = 0
    return work
