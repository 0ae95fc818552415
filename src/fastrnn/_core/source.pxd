# cython: language_level=3
"""Arrays in the users' layout (n, m, T) copied into the core's, (T, m, ld), some steps at a time.

A loop over time copies some steps just before it reads them, so that they are still in the cache.  If it copied the
whole array first, the first steps would have left the cache before they are read.
"""

from libc.string cimport memcpy

from fastrnn._core.kernels cimport floating, transpose
from fastrnn._core.layout cimport LINE_BYTES

cdef struct Source:
    # an array (n, m, T) as the user has it, of float or double; distances in elements
    const void *array  # NULL where there is none
    Py_ssize_t n, over_feature, over_column, over_step


cdef inline void copy_steps(const Source *source, Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first,
                            Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                            Py_ssize_t row_length) noexcept nogil:
    """OUT rows[t, j, :ld] = source[:, j, t], zeros in the padding, for some steps and batch columns.

    Row (t, j) stands at rows + (t m + j) row_length.
    """
    cdef Py_ssize_t n = source.n, steps = end_step - first_step, side = LINE_BYTES // sizeof(floating), tall, top
    cdef Py_ssize_t t, j, i
    cdef Py_ssize_t over_feature = source.over_feature, over_column = source.over_column, over_step = source.over_step
    cdef const floating *start = <const floating *> source.array + first_step * over_step
    cdef floating *target = rows + first_step * m * row_length
    cdef floating *row
    if n and over_step == 1 and steps > 1:
        # few steps are one line of the source: then the features of a line of the target, through all columns
        tall = n if steps > side else side
        top = 0
        while top < n:
            for j in range(first, end):
                transpose(min(tall, n - top), steps, start + top * over_feature + j * over_column, over_feature,
                          target + j * row_length + top, m * row_length)
            top += tall
    elif n and over_feature == 1:
        for t in range(steps):
            for j in range(first, end):
                memcpy(target + (t * m + j) * row_length, start + j * over_column + t * over_step,
                       n * sizeof(floating))
    elif n and over_column == 1 and end - first > 1:
        for t in range(steps):
            transpose(n, end - first, start + first + t * over_step, over_feature,
                      target + (t * m + first) * row_length, row_length)
    else:
        for t in range(steps):
            for j in range(first, end):
                row = target + (t * m + j) * row_length
                for i in range(n):
                    row[i] = start[i * over_feature + j * over_column + t * over_step]
    if n < ld:
        for t in range(steps):
            for j in range(first, end):
                row = target + (t * m + j) * row_length
                for i in range(n, ld):
                    row[i] = 0


cdef inline void copy_until(const Source *source, Py_ssize_t *copied, Py_ssize_t step, Py_ssize_t end_step,
                            Py_ssize_t first, Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                            Py_ssize_t row_length) noexcept nogil:
    """Copy steps from `copied` on until all before `step` are there, in whole lines of the source."""
    cdef Py_ssize_t next_step
    while source.array != NULL and copied[0] < step:
        next_step = min(copied[0] + LINE_BYTES // <Py_ssize_t> sizeof(floating), end_step)
        copy_steps(source, copied[0], next_step, first, end, m, rows, ld, row_length)
        copied[0] = next_step


cdef inline void copy_back_to(const Source *source, Py_ssize_t *copied, Py_ssize_t step, Py_ssize_t first_step,
                              Py_ssize_t first, Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                              Py_ssize_t row_length) noexcept nogil:
    """Copy the steps before `copied` until `step` is there, the last steps first, in whole lines of the source."""
    cdef Py_ssize_t next_step
    while source.array != NULL and copied[0] > step:
        next_step = max(copied[0] - LINE_BYTES // <Py_ssize_t> sizeof(floating), first_step)
        copy_steps(source, next_step, copied[0], first, end, m, rows, ld, row_length)
        copied[0] = next_step
