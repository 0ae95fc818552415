# cython: language_level=3
"""How the work of a call is divided: into parts, each followed by a look for Ctrl-C, and a part into shares of threads.

A task computes one share of one part.  How many parts and shares there are changes no bit of a result.
"""

cdef enum:
    MOST_THREADS = 256
    # A part of fewer operations, some microseconds, keeps the interpreter's lock: to give it away and to take it again
    # costs 50 ns.
    SHORT = 50000

cdef struct Part:
    Py_ssize_t first, end  # the units that are computed now: steps of a sequence, or rows
    int share, shares      # which share of them

ctypedef void (*float_task)(void *job, const Part *part, float *_) noexcept nogil
ctypedef void (*double_task)(void *job, const Part *part, double *_) noexcept nogil

cdef struct Work:
    void *job          # what the tasks of a call have in common
    float_task of_float
    double_task of_double
    Py_ssize_t size    # of an element, in bytes: which of the two tasks is meant
    double operations  # of a unit, about
    int shares         # how many threads work at a time
    Py_ssize_t grain   # so many units are not separated
    Py_ssize_t pieces  # into how many shares a unit can be divided, where one is too much between two looks
    bint last_first    # whether the last units come first
    Part part

cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
cdef int run_parts(Work *work, Py_ssize_t first, Py_ssize_t end) except -1
cdef void run_at_once(Work *work, Py_ssize_t first, Py_ssize_t end, int shares) noexcept nogil


cdef inline Work work_of(void *job, float_task of_float, double_task of_double, Py_ssize_t size, double operations,
                         int shares) noexcept nogil:
    """Return work whose units are independent of each other: each share takes some of those of a part."""
    cdef Work work
    work.job, work.of_float, work.of_double, work.size = job, of_float, of_double, size
    work.operations, work.shares, work.grain, work.pieces, work.last_first = operations, shares, shares, shares, False
    work.part.first = work.part.end = work.part.share = work.part.shares = 0
    return work


cdef inline Py_ssize_t share_start(Py_ssize_t n, const Part *part, int after=0) noexcept nogil:
    """Return the first of n things of a share, or of the share after it; they are split as evenly as they can be."""
    return n * (part.share + after) // part.shares


cdef inline Py_ssize_t unit_start(const Part *part, int after=0) noexcept nogil:
    """Return the first unit of a share of units that are independent, or of the share after it."""
    return part.first + share_start(part.end - part.first, part, after)
