"""How many threads a call uses, and the running of its shares on them.

The number changes the time of a call and never its result: every element of every output is one chain of sums in an
order that does not depend on who computes it.
"""

import os

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
    ctypedef void (*fastrnn_task)(void *job, int share) noexcept
    void fastrnn_run(int shares, fastrnn_task task, void *job)
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


cdef void run_shares(int shares, share_task task, void *job) noexcept nogil:
    """Call task(job, share) for each of the shares and return when all have returned."""
    if shares == 1:
        task(job, 0)
    else:
        fastrnn_run(shares, task, job)


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
    """
    global _told
    use_for_now(n)
    _told = True


def use_for_now(n):
    """Do as `set_num_threads` does; whether somebody has said how many stays as it is."""
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
    """
    cdef int number = _threads
    return number


def limit_unless_told(n):
    """Use at most ``n`` threads, unless somebody has said how many; return what `give_back` wants."""
    before = get_num_threads()
    if not _told:
        use_for_now(min(n, before))
    return before


def give_back(before):
    """Use as many threads as before `limit_unless_told`, unless somebody has said how many since."""
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
