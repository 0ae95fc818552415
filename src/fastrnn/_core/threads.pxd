# cython: language_level=3
"""How the work of a call is divided: into parts, with a check for Ctrl-C after each, and parts into shares of threads.

A task computes one share of one part.  The number of parts and shares changes no bit of a result.
"""

cdef enum:
    MOST_THREADS = 256
    # A part with fewer operations, a few microseconds, keeps the interpreter's lock: releasing and acquiring it costs
    # 50 ns.
    SHORT = 50000

cdef struct Part:
    Py_ssize_t first, end  # the units that are computed now: steps of a sequence, or rows
    int share, shares      # which share of them

ctypedef void (*float_task)(void *job, const Part *part, float *_) noexcept nogil
ctypedef void (*double_task)(void *job, const Part *part, double *_) noexcept nogil

cdef struct Work:
    void *job          # shared by the tasks of a call
    float_task of_float
    double_task of_double
    Py_ssize_t size    # of an element, in bytes, which selects the task
    double operations  # of a unit, approximately
    int shares         # how many threads work at a time
    Py_ssize_t grain   # a part has a multiple of this many units
    Py_ssize_t pieces  # into how many shares a unit can be divided if it is too much between two checks
    bint last_first    # whether the last units are computed first
    Part part

cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
cdef int run_parts(Work *work, Py_ssize_t first, Py_ssize_t end) except -1
cdef void run_at_once(Work *work, Py_ssize_t first, Py_ssize_t end, int shares) noexcept nogil


cdef inline Work work_of(void *job, float_task of_float, double_task of_double, Py_ssize_t size, double operations,
                         int shares) noexcept nogil:
    """Return work whose units are independent of each other, so that each share can take some units of a part."""
    cdef Work work
    work.job, work.of_float, work.of_double, work.size = job, of_float, of_double, size
    work.operations, work.shares, work.grain, work.pieces, work.last_first = operations, shares, shares, shares, False
    work.part.first = work.part.end = work.part.share = work.part.shares = 0
    return work


cdef inline Py_ssize_t share_start(Py_ssize_t n, const Part *part, int after=0) noexcept nogil:
    """Return the first of n things of a share, or of the share after it; shares are as equal as possible."""
    return n * (part.share + after) // part.shares


cdef inline Py_ssize_t unit_start(const Part *part, int after=0) noexcept nogil:
    """Return the first unit of a share of units that are independent, or of the share after it."""
    return part.first + share_start(part.end - part.first, part, after)
