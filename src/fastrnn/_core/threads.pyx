"""How many threads a call uses.

The number changes the time of a call and never its result: every element of every output is one chain of sums in an
order that does not depend on who computes it.
"""

import os

cdef extern from "threads.h" nogil:
    int fastrnn_openmp_threads()
    enum:
        FASTRNN_OPENMP

# Under this many floating-point operations a thread's start and end cost more than its help.
cdef double OPERATIONS_A_THREAD = 400e3

cdef int _wanted = 0  # 0: as many as OpenMP would use
cdef bint _was_threaded = False
cdef bint _forked = False


cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil:
    """Threads worth using for so many floating-point operations in so many parts that can run side by side."""
    global _was_threaded
    cdef double worth = operations / OPERATIONS_A_THREAD
    cdef int threads
    if worth < 2 or parts < 2 or _forked:
        return 1
    threads = available()
    if threads > parts:
        threads = <int> parts
    if threads > worth:
        threads = <int> worth
    if threads > 1:
        _was_threaded = True
    return threads


cdef int available() noexcept nogil:
    # asked at each call, so that a limit set on OpenMP from outside (threadpoolctl) holds
    cdef int limit = fastrnn_openmp_threads()
    if _wanted == 0:
        return limit
    if limit < _at_import and limit < _wanted:
        return limit
    return _wanted if FASTRNN_OPENMP else 1


def set_num_threads(n):
    """Use at most ``n`` threads in a call.

    Parameters
    ----------
    n : int
        At least 1.  Results are the same bits for every ``n``.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or less than 1.
    """
    global _wanted
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an integer of at least 1, got {n!r}")
    if not 1 <= n <= 4096:
        raise ValueError(f"n is {n}, expected 1 to 4096")
    _wanted = n


def get_num_threads():
    """Return how many threads a large call would use now."""
    return 1 if _forked else available()


def built_with_openmp():
    """Return whether this build can use more than one thread."""
    return bool(FASTRNN_OPENMP)


def _after_fork_in_child():
    # the threads of the parent's OpenMP team do not exist in the child, and waiting for them would never end
    global _forked
    _forked = _was_threaded


def _from_environment():
    text = os.environ.get("FASTRNN_NUM_THREADS")
    if not text:
        return
    try:
        set_num_threads(int(text))
    except ValueError:
        raise ImportError(f"FASTRNN_NUM_THREADS is {text!r}, expected an integer of at least 1") from None

cdef int _at_import = fastrnn_openmp_threads()
_from_environment()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
