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
    return copy_behind(0, array)


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


def rows_and_source(array):
    """Return (T, m, >= n) rows of an (n, m, T) array, and what the core is to copy into them.

    Where the array can be read as it is, the rows are a view of it and there is nothing to copy.
    """
    cdef Py_ssize_t n
    rows = rows_in_place(array)
    if rows is not None:
        return rows, None
    shape, dtype = array.shape, array.dtype
    n = shape[0]
    return empty((shape[2], shape[1], padded_to_line(n, dtype.itemsize)), dtype), array


def stacked(arrays):
    """Return T arrays (n, m) of one shape and dtype as one array (T, m, ld): zeros in the padding."""
    cdef Py_ssize_t t
    result = copy_behind(len(arrays) - 1, arrays[0])
    for t in range(1, len(arrays)):
        copy_into(result, t, arrays[t])
    return result


def empty_gradients(wx, ws, Py_ssize_t T, Py_ssize_t m, Py_ssize_t states, bint input_bias=False):
    """Return memory for the gradients of a sequence.

    Parameters
    ----------
    wx, ws : ndarray (G n_s, n_x), (G n_s, n_s)
    T, m : steps, batch
    states : how many states the cell carries
    input_bias : whether there is a bias of the inputs of its own

    Returns
    -------
    tuple of ndarray
        dx (T, m, ld_x), at the initial states (states, m, ld), dwx and dws like `wx` and `ws`, dbs (G n_s, 1), and dbx
        likewise.
    """
    dtype, wx_shape, ws_shape = wx.dtype, wx.shape, ws.shape
    cdef Py_ssize_t size = dtype.itemsize, n_x = wx_shape[1], n_s = ws_shape[1]
    bias_shape = (wx_shape[0], 1)
    made = (empty((T, m, padded_to_line(n_x, size)), dtype), empty((states, m, padded_to_line(n_s, size)), dtype),
            empty(wx_shape, dtype), empty(ws_shape, dtype), empty(bias_shape, dtype))
    return (*made, empty(bias_shape, dtype)) if input_bias else made


cdef copy_behind(Py_ssize_t T, array):
    """Return a new (steps of array + T, m, ld) array that begins with `array`; the other steps are not filled."""
    dtype = array.dtype
    shape = array.shape
    cdef Py_ssize_t n = shape[0], steps = shape[2] if len(shape) == 3 else 1
    result = empty((steps + T, shape[1], padded_to_line(n, dtype.itemsize)), dtype)
    copy_into(result, 0, array)
    return result


cdef int copy_into(target, Py_ssize_t first, array) except -1:
    """Copy an (n, m, T) or (n, m) array into the rows of a (>= first + T, m, ld) array from step `first` on."""
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
        if rows.itemsize != size or rows.shape[1] != job.m or rows.shape[0] < first + T or job.ld < n:
            raise ValueError("arrays of several shapes or types")
        if job.m == 0 or T == 0:
            return 0
        job.source.array, job.source.n = source.buf, n
        job.source.over_feature, job.source.over_column = source.strides[0] // size, source.strides[1] // size
        job.source.over_step = source.strides[2] // size if source.ndim == 3 else 0
        job.target = <char *> rows.buf + first * job.m * job.ld * size
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
