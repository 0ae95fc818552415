# cython: language_level=3
cdef enum:
    MOST_THREADS = 256

ctypedef void (*share_task)(void *job, int share) noexcept nogil

cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
cdef void run_shares(int shares, share_task task, void *job) noexcept nogil
