# cython: language_level=3
cdef enum:
    MOST_THREADS = 256
    # A call of fewer operations, some microseconds, keeps the interpreter's lock: to give it away and to take it again
    # costs 50 ns.
    SHORT = 50000

ctypedef void (*share_task)(void *job, int share) noexcept nogil

cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
cdef void run_shares(int shares, share_task task, void *job) noexcept nogil


cdef inline void run_unlocked(int shares, share_task task, void *job, double operations) noexcept:
    """Run the shares of so many operations without the interpreter's lock, so that other threads of Python can work."""
    if operations < SHORT:
        run_shares(shares, task, job)
    else:
        with nogil:
            run_shares(shares, task, job)
