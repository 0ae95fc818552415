# cython: language_level=3
"""Rows of arrays as a stream's caller has them, of any type and strides, copied into each other."""

from libc.string cimport memcpy

cdef struct Rows:
    # rows (stream, step) of features in an array; distances in bytes
    char *first
    Py_ssize_t stream, step, feature


cdef inline Rows time_major(const void *first, Py_ssize_t m, Py_ssize_t row_bytes, Py_ssize_t size) noexcept nogil:
    """Return rows (step, stream) that stand one behind the other, of elements of some size."""
    cdef Rows rows
    rows.first, rows.stream, rows.step, rows.feature = <char *> first, row_bytes, m * row_bytes, size
    return rows


cdef inline void copy_rows(Rows source, Rows target, Py_ssize_t steps, Py_ssize_t m, Py_ssize_t n,
                           Py_ssize_t size) noexcept nogil:
    """OUT target: n elements of some size in each row."""
    cdef Py_ssize_t t, j, i
    cdef const char *from_row
    cdef char *to_row
    for t in range(steps):
        for j in range(m):
            from_row = source.first + t * source.step + j * source.stream
            to_row = target.first + t * target.step + j * target.stream
            if source.feature == size and target.feature == size:
                memcpy(to_row, from_row, n * size)
            else:
                for i in range(n):
                    memcpy(to_row + i * target.feature, from_row + i * source.feature, size)
