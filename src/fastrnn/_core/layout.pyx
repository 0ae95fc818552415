"""Between the users' layout (n, m, T) and the core's, time-major with features last and padded: (T, m, ld)."""

from cpython.buffer cimport PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer

import numpy as np

from fastrnn._core.kernels cimport bind_kernels, floating
from fastrnn._core.recycled cimport empty
from fastrnn._core.sequence cimport share_start
from fastrnn._core.signals cimport MOVE, look, turns_for, units_between_looks
from fastrnn._core.source cimport Source, copy_steps
from fastrnn._core.threads cimport run_shares, threads_for

bind_kernels()

#: Bytes of a cache line, and of the widest vector of any instruction set.
LINE = LINE_BYTES

cdef struct Job:
    int shares       # all of them; a call runs some at a time, from first_share on (signals.pxd)
    int first_share
    Py_ssize_t m, first_step, end_step, ld
    Source source
    void *target  # float or double


def padded(Py_ssize_t n, dtype):
    """Return ``n`` rounded up to a whole number of cache lines of ``dtype`` (at least one line)."""
    return padded_to_line(n, np.dtype(dtype).itemsize)


def padded_copy(array):
    """Return an (n, m, T) or (n, m) array of any strides in the core's layout, (T, m, ld): zeros in the padding.

    Parameters
    ----------
    array : ndarray of float64 or float32, in native byte order and aligned
    """
    dtype, shape = array.dtype, array.shape
    result = empty((shape[2] if len(shape) == 3 else 1, shape[1], padded_to_line(shape[0], dtype.itemsize)), dtype)
    copy_into(result, array)
    return result


def rows_in_place(array):
    """Return an (n, m, T) array as a view (T, m, n) where the core can read it so, else None."""
    cdef Py_buffer view
    cdef Py_ssize_t n, m, T, over_batch, over_time
    cdef bint readable
    PyObject_GetBuffer(array, &view, PyBUF_STRIDES)
    n, m, T = view.shape[0], view.shape[1], view.shape[2]
    over_batch, over_time = view.strides[1], view.strides[2]
    readable = view.strides[0] == view.itemsize and over_batch >= n * view.itemsize and (
        over_time == m * over_batch or T == 1 or (m == 1 and over_time >= n * view.itemsize))
    PyBuffer_Release(&view)
    return array.T if readable else None


cdef int copy_into(target, array) except -1:
    """Copy an (n, m, T) or (n, m) array into the rows of a (T, m, ld) array."""
    cdef Py_buffer source, rows
    cdef Job job
    cdef Py_ssize_t size, n, T, some, step, side
    cdef double step_operations
    cdef int shares, turns, turn
    PyObject_GetBuffer(array, &source, PyBUF_STRIDES)
    PyObject_GetBuffer(target, &rows, PyBUF_STRIDES | PyBUF_WRITABLE)
    try:
        size = source.itemsize
        n, job.m, T = source.shape[0], source.shape[1], source.shape[2] if source.ndim == 3 else 1
        job.ld = rows.shape[2]
        if rows.itemsize != size or rows.shape[1] != job.m or rows.shape[0] < T or job.ld < n:
            raise ValueError("arrays of several shapes or types")
        if job.m == 0 or T == 0:
            return 0
        job.source.array, job.source.n = source.buf, n
        job.source.over_feature, job.source.over_column = source.strides[0] // size, source.strides[1] // size
        job.source.over_step = source.strides[2] // size if source.ndim == 3 else 0
        job.target = rows.buf
        step_operations = <double> MOVE * n * job.m
        shares, side = threads_for(step_operations * T, job.m), LINE_BYTES // size
        # whole lines of a source whose steps are neighbours
        some = max(units_between_looks(step_operations) // side, 1) * side
        turns = turns_for(step_operations * min(some, T), shares, job.m)
        job.shares = shares * turns
        for step in range(0, T, some):
            job.first_step, job.end_step = step, min(step + some, T)
            for turn in range(turns):
                job.first_share = turn * shares
                with nogil:
                    run_shares(shares, copy_float if size == sizeof(float) else copy_double, &job)
                look(step_operations * (job.end_step - step) / turns)
    finally:
        PyBuffer_Release(&rows)
        PyBuffer_Release(&source)
    return 0


cdef void copy_float(void *job, int share) noexcept nogil:
    copy_share(<Job *> job, share, <float *> NULL)


cdef void copy_double(void *job, int share) noexcept nogil:
    copy_share(<Job *> job, share, <double *> NULL)


cdef void copy_share(Job *job, int share, floating *_) noexcept nogil:
    """Some batch columns."""
    cdef int place = job.first_share + share
    cdef Py_ssize_t first = share_start(job.m, place, job.shares), end = share_start(job.m, place + 1, job.shares)
    copy_steps(&job.source, job.first_step, job.end_step, first, end, job.m, <floating *> job.target, job.ld, job.ld)
