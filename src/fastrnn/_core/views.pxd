# cython: language_level=3
"""Typed memoryviews, as the entries of the core take them, in the structs that the loops take."""

from fastrnn._core.job cimport Job, Matrix, Weights
from fastrnn._core.kernels cimport floating
from fastrnn._core.source cimport Source


cdef inline Source source_of(const floating[:, :, :] array) noexcept:
    """Return an array (n, m, T), or None, as the loops take it."""
    cdef Source source
    cdef Py_ssize_t size = sizeof(floating)
    source.array = NULL
    source.n = source.over_feature = source.over_column = source.over_step = 0
    if array is not None and array.shape[0] and array.shape[1] and array.shape[2]:
        source.array, source.n = &array[0, 0, 0], array.shape[0]
        source.over_feature, source.over_column = array.strides[0] // size, array.strides[1] // size
        source.over_step = array.strides[2] // size
    return source


cdef inline Matrix matrix_of(const floating[:, :] array) noexcept:
    """Return an array, or None, as the loops take it."""
    cdef Matrix matrix
    matrix.data = NULL
    matrix.rows = matrix.columns = matrix.over_row = matrix.over_column = 0
    if array is not None:
        matrix.data = <void *> &array[0, 0] if array.shape[0] and array.shape[1] else NULL
        matrix.rows, matrix.columns = array.shape[0], array.shape[1]
        matrix.over_row = array.strides[0] // <Py_ssize_t> sizeof(floating)
        matrix.over_column = array.strides[1] // <Py_ssize_t> sizeof(floating)
    return matrix


cdef inline Matrix matrix_of_vector(const floating[:] vector) noexcept:
    """Return a vector as a matrix of one column."""
    cdef Matrix matrix
    matrix.data, matrix.rows, matrix.columns = <void *> &vector[0], vector.shape[0], 1
    matrix.over_row, matrix.over_column = vector.strides[0] // <Py_ssize_t> sizeof(floating), 0
    return matrix


cdef inline Weights weights_of(const floating[:, :] wx, const floating[:, :] ws, const floating[:, :] bs,
                               const floating[:, :] bx) noexcept:
    cdef Weights weights
    weights.wx, weights.ws = matrix_of(wx), matrix_of(ws)
    weights.bs, weights.bx = matrix_of(bs), matrix_of(bx)
    return weights


cdef inline Py_ssize_t row_stride(Py_ssize_t T, Py_ssize_t m, Py_ssize_t time_stride, Py_ssize_t batch_stride,
                                  Py_ssize_t size) except -1:
    """Elements from one row of x to the next, when its rows stand at equal distances."""
    cdef Py_ssize_t stride = batch_stride if m > 1 else time_stride
    if T * m <= 1:
        return 0
    if (T > 1 and m > 1 and time_stride != m * batch_stride) or stride % size or stride < 0:
        raise ValueError(f"the rows of x must stand at equal distances, got strides {(time_stride, batch_stride)}")
    return stride // size


cdef inline void set_input(Job *job, const floating[:, :, :] x, Py_ssize_t T) except *:
    job.x = &x[0, 0, 0] if job.n_x else NULL
    job.x_row = row_stride(T, job.m, x.strides[0], x.strides[1], sizeof(floating))
    if job.n_x > 1 and x.strides[2] != sizeof(floating):
        raise ValueError("the features of x must be neighbours, "
                         f"got strides {(x.strides[0], x.strides[1], x.strides[2])}")


cdef inline int set_drop(Job *job, const floating[:, :, ::1] drop) except -1:
    if (drop is not None) != job.drops or (drop is not None and (
            drop.shape[0] != job.cell.gates or drop.shape[1] != job.m or drop.shape[2] != job.ld)):
        raise ValueError("drop should be (gates, m, ld) with a recurrent dropout, and None without")
    if drop is not None:
        job.step.drop = &drop[0, 0, 0]
    return 0
