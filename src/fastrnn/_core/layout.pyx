"""Between the users' layout (n, m, T) and the core's, time-major with features last and padded: (T, m, ld).

Arrays are read through NumPy's C interface, since that saves time (ndarrays.pxd).
"""

cimport numpy as cnp

import numpy as np

from fastrnn._core.kernels cimport Array, bind_kernels
from fastrnn._core.ndarrays cimport array_of_ndarray
from fastrnn._core.recycled cimport empty
from fastrnn._core.signals cimport MOVE
from fastrnn._core.threads cimport Task, Work, run_parts, threads_for, work_of

cdef extern from "simd/bind.h" nogil:
    ctypedef struct Copy "fastrnn_copy":
        Array source
        void *rows
        Py_ssize_t m, ld

    Task copy_columns "fastrnn_copy_columns"(Py_ssize_t size)

bind_kernels()
cnp.import_array()

#: Bytes of a cache line, and of the widest vector of any instruction set.
LINE = LINE_BYTES


def padded(Py_ssize_t n, dtype):
    """Return ``n`` rounded up to a whole number of cache lines of ``dtype`` (at least one line)."""
    return padded_to_line(n, np.dtype(dtype).itemsize)


def padded_copy(array):
    """Return an (n, m, T) or (n, m) array of any strides in the core's layout, (T, m, ld): zeros in the padding.

    Parameters
    ----------
    array : ndarray of float64 or float32, in native byte order and aligned
    """
    cdef cnp.ndarray source = array
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(source), n = cnp.PyArray_DIM(source, 0), m = cnp.PyArray_DIM(source, 1)
    cdef Py_ssize_t T = cnp.PyArray_DIM(source, 2) if cnp.PyArray_NDIM(source) == 3 else 1
    cdef double operations = <double> MOVE * n * m
    cdef Copy job
    cdef Work work
    result = empty((T, m, padded_to_line(n, size)), array.dtype)
    if m and T:
        job.source, job.m, job.ld = array_of_ndarray(array, size), m, padded_to_line(n, size)
        job.rows = cnp.PyArray_DATA(<cnp.ndarray> result)
        work = work_of(&job, copy_columns(size), operations, threads_for(operations * T, m))
        work.grain, work.pieces = LINE_BYTES // size, m  # whole lines of a source whose steps are adjacent in memory
        run_parts(&work, 0, T)
    return result


def rows_in_place(array):
    """Return an (n, m, T) array as a view (T, m, n) if the core can read its strides, else None."""
    cdef cnp.ndarray of = array
    cdef Py_ssize_t n = cnp.PyArray_DIM(of, 0), m = cnp.PyArray_DIM(of, 1), T = cnp.PyArray_DIM(of, 2)
    cdef Py_ssize_t over_batch = cnp.PyArray_STRIDE(of, 1), over_time = cnp.PyArray_STRIDE(of, 2)
    cdef Py_ssize_t size = cnp.PyArray_ITEMSIZE(of)
    cdef bint readable = cnp.PyArray_STRIDE(of, 0) == size and over_batch >= n * size and (
        over_time == m * over_batch or T == 1 or (m == 1 and over_time >= n * size))
    return array.T if readable else None
