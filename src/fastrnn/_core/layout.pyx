"""Between the users' layout (n, m, T) and the core's, time-major with features last and padded: (T, m, ld)."""

from fastrnn._core.kernels cimport bind_kernels, floating, transpose
from fastrnn._core.sequence cimport share_start
from fastrnn._core.threads cimport run_shares, threads_for

bind_kernels()

cdef enum:
    # operations that moving one element is worth when threads are counted
    MOVE = 8


cdef struct Job:
    int shares
    Py_ssize_t n, m, T, ld
    Py_ssize_t feature, column, step  # distances in the source, in elements
    const void *source  # float or double
    void *target


def to_time_major(const floating[:, :, :] source, floating[:, :, ::1] target):
    """Copy an array of any strides into the core's layout.

    Parameters
    ----------
    source : IN (n, m, T)
    target : OUT (T, m, ld), zeros in the padding
    """
    cdef Job job
    job.n, job.m, job.T, job.ld = source.shape[0], source.shape[1], source.shape[2], target.shape[2]
    if target.shape[0] != job.T or target.shape[1] != job.m or job.ld < job.n:
        raise ValueError("target does not fit source")
    if job.m == 0 or job.T == 0 or job.ld == 0:
        return
    job.source, job.target = (&source[0, 0, 0] if job.n else NULL), &target[0, 0, 0]
    job.feature = source.strides[0] // <Py_ssize_t> sizeof(floating)
    job.column = source.strides[1] // <Py_ssize_t> sizeof(floating)
    job.step = source.strides[2] // <Py_ssize_t> sizeof(floating)
    job.shares = threads_for(<double> MOVE * job.n * job.m * job.T, job.m)
    with nogil:
        run_shares(job.shares, copy_float if floating is float else copy_double, &job)


cdef void copy_float(void *job, int share) noexcept nogil:
    copy_share(<Job *> job, share, <float *> NULL)


cdef void copy_double(void *job, int share) noexcept nogil:
    copy_share(<Job *> job, share, <double *> NULL)


cdef void copy_share(Job *job, int share, floating *_) noexcept nogil:
    """Some batch columns."""
    cdef Py_ssize_t first = share_start(job.m, share, job.shares), end = share_start(job.m, share + 1, job.shares)
    cdef Py_ssize_t n = job.n, T = job.T, ld = job.ld, row = job.m * ld, i, j, t
    cdef const floating *source = <const floating *> job.source
    cdef floating *target = <floating *> job.target
    if n and job.step == 1 and T > 1:
        for j in range(first, end):
            transpose(n, T, source + j * job.column, job.feature, target + j * ld, row)
    elif n and job.column == 1 and job.m > 1:
        for t in range(T):
            transpose(n, end - first, source + first + t * job.step, job.feature, target + t * row + first * ld, ld)
    else:
        for t in range(T):
            for j in range(first, end):
                for i in range(n):
                    target[t * row + j * ld + i] = source[i * job.feature + j * job.column + t * job.step]
    if n < ld:
        for t in range(T):
            for j in range(first, end):
                for i in range(n, ld):
                    target[t * row + j * ld + i] = 0
