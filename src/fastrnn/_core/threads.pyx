"""How many threads a call uses, and how they run its work.

The number changes the time of a call and never its result: every element of every output is one chain of sums in an
order that does not depend on who computes it.
"""

import os

from fastrnn._core.signals cimport look, turns_for, units_between_looks

cdef extern from *:
    """
    #ifdef __STDC_NO_ATOMICS__
    typedef int atomic_int; /* the pool has no threads then */
    #else
    #include <stdatomic.h>
    #endif
    """
    ctypedef int atomic_int  # which C reads and writes in one piece, whatever other threads do

cdef extern from "pool/pool.h" nogil:
    void fastrnn_run(int shares, void (*task)(void *job, int share) noexcept, void *job)
    int fastrnn_has_threads()

# Under this many floating-point operations a thread's start and end cost more than its help.
cdef double OPERATIONS_A_THREAD = 400e3
cdef atomic_int _threads = 1
cdef atomic_int _told = False


cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil:
    """Threads worth using for so many floating-point operations in so many parts that can run side by side."""
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
    """Compute some units, part after part, each followed by a look for Ctrl-C."""
    cdef Py_ssize_t some = max(units_between_looks(work.operations) // work.grain, 1) * work.grain
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
            look(operations / turns)
        if work.last_first:
            end = part.first
        else:
            first = part.end
    return 0


cdef void run_at_once(Work *work, Py_ssize_t first, Py_ssize_t end, int shares) noexcept nogil:
    """Compute some units as one part, without a look for Ctrl-C."""
    work.part.first, work.part.end, work.part.share, work.part.shares = first, end, 0, shares
    run_shares(work, shares)


cdef inline void run_shares(Work *work, int shares) noexcept nogil:
    """Run the task for some shares, from that of the part on, and return when all have returned."""
    if shares == 1:
        run_share(work, 0)
    else:
        fastrnn_run(shares, run_share, work)


cdef void run_share(void *data, int share) noexcept nogil:
    cdef const Work *work = <const Work *> data
    cdef Part part = work.part
    part.share += share
    if work.size == sizeof(float):
        work.of_float(work.job, &part, NULL)
    else:
        work.of_double(work.job, &part, NULL)


def set_num_threads(n):
    """Use at most ``n`` threads in a call.

    Parameters
    ----------
    n : int
        At least 1.  Results are the same bits for every ``n``.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or not from 1 to 256.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _told
    use_for_now(n)
    _told = True


def use_for_now(n):
    """Set the number of threads as `set_num_threads` does, but not as the choice of the program or its environment."""
    global _threads
    cdef int number
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an integer of at least 1, got {n!r}")
    if not 1 <= n <= MOST_THREADS:
        raise ValueError(f"n is {n}, expected 1 to {MOST_THREADS}")
    # by way of an int: an atomic one is no type that Cython can convert to
    number = n if fastrnn_has_threads() else 1
    _threads = number


def get_num_threads():
    """Return how many threads a large call uses.

    It is what :func:`set_num_threads` or the environment variable ``FASTRNN_NUM_THREADS`` said; else what
    ``OMP_NUM_THREADS`` says, which tools that run many processes set; else as many as this process has processors.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    cdef int number = _threads
    return number


def limit_unless_told(n):
    """Use at most ``n`` threads, unless the program or its environment chose one; return what `give_back` takes."""
    before = get_num_threads()
    if not _told:
        use_for_now(min(n, before))
    return before


def give_back(before):
    """Use as many threads as before `limit_unless_told`, unless the program has chosen a number since."""
    if not _told:
        use_for_now(before)


def _processors():
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _from_environment():
    text = os.environ.get("FASTRNN_NUM_THREADS")
    if text:
        try:
            return set_num_threads(int(text))
        except ValueError:
            raise ImportError(f"FASTRNN_NUM_THREADS is {text!r}, expected an integer from 1 to {MOST_THREADS}",
                              name="fastrnn") from None  # the name: see kernels.pyx
    # a list of numbers there means nested levels, of which the first is ours
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if text.isdecimal():
        set_num_threads(min(max(int(text), 1), MOST_THREADS))
    else:
        use_for_now(min(_processors(), MOST_THREADS))


_from_environment()
