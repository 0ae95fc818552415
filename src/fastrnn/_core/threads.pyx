"""How the threads of a call run its work.

The number of threads changes the time of a call and never its result: the order in which the sum of an element is
computed does not depend on the thread that computes it.
"""

from fastrnn._core.signals cimport check_signals, turns_for, units_between_checks

cdef extern from *:
    """
    #ifdef __STDC_NO_ATOMICS__
    typedef int atomic_int; /* the pool has no threads then */
    #else
    #include <stdatomic.h>
    #endif
    """
    ctypedef int atomic_int

cdef extern from "pool/pool.h" nogil:
    enum:
        MOST_THREADS "FASTRNN_MOST_THREADS"
    void fastrnn_run(int shares, void (*task)(void *job, int share) noexcept, void *job)
    int fastrnn_has_threads()

# With fewer floating-point operations for each, another thread costs more time than it saves.
cdef double OPERATIONS_A_THREAD = 400e3
cdef atomic_int _threads = 1


cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil:
    """Return how many threads to use for so many floating-point operations in so many independent parts."""
    cdef double worth = operations / OPERATIONS_A_THREAD
    cdef int threads = _threads
    if threads == 1 or worth < 2 or parts < 2:
        return 1
    if threads > parts:
        threads = <int> parts
    if threads > worth:
        threads = <int> worth
    return threads


cdef int run_parts(Work *work, Py_ssize_t first, Py_ssize_t end) except -1:
    """Compute some units, part after part, with a check for Ctrl-C after each."""
    cdef Py_ssize_t some = max(units_between_checks(work.operations) // work.grain, 1) * work.grain
    cdef Part *part = &work.part
    cdef double operations
    cdef int turns, turn
    while first < end:
        part.first = max(end - some, first) if work.last_first else first
        part.end = end if work.last_first else min(first + some, end)
        operations = work.operations * (part.end - part.first)
        turns = turns_for(operations, work.shares, work.pieces)
        part.shares = work.shares * turns
        for turn in range(turns):
            part.share = turn * work.shares
            if operations < SHORT:
                run_shares(work, work.shares)
            else:
                with nogil:
                    run_shares(work, work.shares)
            check_signals(operations / turns)
        if work.last_first:
            end = part.first
        else:
            first = part.end
    return 0


cdef void run_at_once(Work *work, Py_ssize_t first, Py_ssize_t end, int shares) noexcept nogil:
    """Compute some units as one part, without a check for Ctrl-C."""
    work.part.first, work.part.end, work.part.share, work.part.shares = first, end, 0, shares
    run_shares(work, shares)


cdef inline void run_shares(Work *work, int shares) noexcept nogil:
    """Run the task for some shares, the first of which is `part.share`, and return when all have returned."""
    if shares == 1:
        run_share(work, 0)
    else:
        fastrnn_run(shares, run_share, work)


cdef void run_share(void *data, int share) noexcept nogil:
    cdef const Work *work = <const Work *> data
    cdef Part part = work.part
    part.share += share
    work.task(work.job, &part)


def use(n):
    """Let calls use at most `n` threads, from 1 to `MOST`; one where the system has no threads."""
    global _threads
    # through an int, since Cython cannot convert to an atomic one
    cdef int number = n if fastrnn_has_threads() else 1
    _threads = number


def in_use():
    """Return how many threads a call may use."""
    cdef int number = _threads
    return number


#: The largest number that :func:`use` takes.
MOST = MOST_THREADS
