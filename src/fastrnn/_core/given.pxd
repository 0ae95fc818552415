# cython: language_level=3
"""The users' layout (n, m, T) brought into the core's, (T, m, ld), some steps at a time.

A loop over time that takes its input so, just before it computes with it, finds it in the cache; a copy of the whole
would have left it by then.
"""

from fastrnn._core.kernels cimport floating, transpose

cdef enum:
    LINE_BYTES = 64

cdef struct Given:
    # an array (n, m, T) as the user has it, of float or double; distances in elements
    const void *array  # NULL where nothing is given
    Py_ssize_t n, over_feature, over_column, over_step


cdef inline void give_nothing(Given *given) noexcept nogil:
    given.array = NULL


cdef inline Given given_by(const Py_buffer *array) noexcept:
    """Return an array (n, m, T) as the loops take it."""
    cdef Given given
    cdef Py_ssize_t size = array.itemsize
    given.array, given.n = array.buf, array.shape[0]
    given.over_feature, given.over_column = array.strides[0] // size, array.strides[1] // size
    given.over_step = array.strides[2] // size
    return given


cdef inline void take_steps(const Given *given, Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first,
                            Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                            Py_ssize_t row_length) noexcept nogil:
    """OUT rows[t, j, :ld] = given[:, j, t], zeros in the padding, for some steps and batch columns.

    Row (t, j) stands at rows + (t m + j) row_length.
    """
    cdef Py_ssize_t n = given.n, steps = end_step - first_step, side = LINE_BYTES // sizeof(floating), tall, top
    cdef Py_ssize_t t, j, i
    cdef Py_ssize_t over_feature = given.over_feature, over_column = given.over_column, over_step = given.over_step
    cdef const floating *source = <const floating *> given.array + first_step * over_step
    cdef floating *target = rows + first_step * m * row_length
    cdef floating *row
    if n and over_step == 1 and steps > 1:
        # few steps are one line of the source: then the features of a line of the target, through all columns
        tall = n if steps > side else side
        top = 0
        while top < n:
            for j in range(first, end):
                transpose(min(tall, n - top), steps, source + top * over_feature + j * over_column, over_feature,
                          target + j * row_length + top, m * row_length)
            top += tall
    elif n and over_column == 1 and end - first > 1:
        for t in range(steps):
            transpose(n, end - first, source + first + t * over_step, over_feature,
                      target + (t * m + first) * row_length, row_length)
    else:
        for t in range(steps):
            for j in range(first, end):
                row = target + (t * m + j) * row_length
                for i in range(n):
                    row[i] = source[i * over_feature + j * over_column + t * over_step]
    if n < ld:
        for t in range(steps):
            for j in range(first, end):
                row = target + (t * m + j) * row_length
                for i in range(n, ld):
                    row[i] = 0


cdef inline void take_until(const Given *given, Py_ssize_t *taken, Py_ssize_t step, Py_ssize_t end_step,
                            Py_ssize_t first, Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                            Py_ssize_t row_length) noexcept nogil:
    """Take what is given from step `taken` to before `step` at least, and on to whole lines of the source."""
    cdef Py_ssize_t next_step
    while given.array != NULL and taken[0] < step:
        next_step = min(taken[0] + LINE_BYTES // <Py_ssize_t> sizeof(floating), end_step)
        take_steps(given, taken[0], next_step, first, end, m, rows, ld, row_length)
        taken[0] = next_step


cdef inline void take_back_to(const Given *given, Py_ssize_t *taken, Py_ssize_t step, Py_ssize_t first_step,
                              Py_ssize_t first, Py_ssize_t end, Py_ssize_t m, floating *rows, Py_ssize_t ld,
                              Py_ssize_t row_length) noexcept nogil:
    """Take what is given from `step` at least to before `taken`, the last steps first."""
    cdef Py_ssize_t next_step
    while given.array != NULL and taken[0] > step:
        next_step = max(taken[0] - LINE_BYTES // <Py_ssize_t> sizeof(floating), first_step)
        take_steps(given, next_step, taken[0], first, end, m, rows, ld, row_length)
        taken[0] = next_step
