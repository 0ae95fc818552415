# cython: language_level=3
"""What every recurrence does around its time loop: shares of the batch, the projection of the input, the gradients of
the weights.

Legend: x (T, m, n_x) is the input, time-major and features last; a "row" is one (t, j) of it, `ld` the padded width
of a row of states, `gates` the G gates of the cell, each `ld` wide in a packed row of gates.
"""

from fastrnn._core.kernels cimport floating, panel_width, product

cdef extern from "Python.h":
    int PyErr_CheckSignals() except -1

# A call looks for Ctrl-C each time that it has done so many floating-point operations: some tenths of a second on
# the slowest level.
cdef enum:
    OPERATIONS_BETWEEN_SIGNALS = 1000000000
    # how many bytes of a share's rows go through projection, recurrence and output before the next steps: they
    # should still be in the second-level cache when they are used again
    CHUNK_BYTES = 131072


cdef inline Py_ssize_t row_stride(Py_ssize_t T, Py_ssize_t m, Py_ssize_t time_stride, Py_ssize_t batch_stride,
                                  Py_ssize_t size) except -1:
    """Elements from one row of x to the next, when its rows stand at equal distances."""
    cdef Py_ssize_t stride = batch_stride if m > 1 else time_stride
    if T * m <= 1:
        return 0
    if (T > 1 and m > 1 and time_stride != m * batch_stride) or stride % size or stride < 0:
        raise ValueError(f"the rows of x must stand at equal distances, got strides {(time_stride, batch_stride)}")
    return stride // size


cdef inline Py_ssize_t padded(Py_ssize_t n, dtype) except -1:
    """As :func:`fastrnn._core.memory.padded`, for a dtype object."""
    cdef Py_ssize_t line = 64 // <Py_ssize_t> dtype.itemsize
    return (n + line - 1) // line * line if n > 0 else line


cdef inline Py_ssize_t share_start(Py_ssize_t m, int share, int shares) noexcept nogil:
    """First batch column of a share; the columns are split as evenly as they can be."""
    return m * share // shares


cdef inline Py_ssize_t column_start(Py_ssize_t ld, int share, int shares, floating *_) noexcept nogil:
    """First column of a share of the gradients of the weights: a whole number of tiles, whatever the level."""
    cdef Py_ssize_t tile = panel_width(_, 4)
    cdef Py_ssize_t start = ((ld + tile - 1) // tile) * share // shares * tile
    return start if start < ld else ld


cdef inline Py_ssize_t steps_between_signals(double operations_a_step) noexcept nogil:
    cdef double steps = OPERATIONS_BETWEEN_SIGNALS / (operations_a_step + 1)
    return 1 if steps < 1 else <Py_ssize_t> steps if steps < 1e9 else 1000000000


cdef inline Py_ssize_t chunk_length(Py_ssize_t rows, Py_ssize_t row_bytes) noexcept nogil:
    cdef Py_ssize_t steps = CHUNK_BYTES // (rows * row_bytes + 1)
    return steps if steps > 1 else 1


cdef inline floating *line_start(floating *work) noexcept nogil:
    """The first cache line in work, where panels and sums begin."""
    return <floating *> ((<size_t> work + 63) // 64 * 64)


cdef inline void pack_bias(floating *packed, const floating *bias, Py_ssize_t stride, Py_ssize_t gates,
                           Py_ssize_t units, Py_ssize_t ld, bint add) noexcept nogil:
    """OUT packed (gates * ld), zeros in the padding; with `add` the bias is added to what stands there."""
    cdef Py_ssize_t g, i
    for g in range(gates):
        for i in range(units):
            packed[g * ld + i] = bias[(g * units + i) * stride] + (packed[g * ld + i] if add else 0)
        for i in range(units, ld):
            packed[g * ld + i] = 0


cdef inline void multiply_rows(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end,
                               Py_ssize_t m, Py_ssize_t columns, Py_ssize_t depth, const floating *a,
                               Py_ssize_t a_row, const floating *packed, Py_ssize_t width, floating *c,
                               Py_ssize_t c_row, int start, const floating *bias) noexcept nogil:
    """c[t, j] = start + a[t, j] packed for some steps and batch columns; one product where rows are neighbours."""
    cdef Py_ssize_t t
    if end - first == m:
        product((end_step - first_step) * m, columns, depth, a + first_step * m * a_row, a_row, packed, width,
                c + first_step * m * c_row, c_row, start, bias)
        return
    for t in range(first_step, end_step):
        product(end - first, columns, depth, a + (t * m + first) * a_row, a_row, packed, width,
                c + (t * m + first) * c_row, c_row, start, bias)


cdef inline void copy_gradient(floating *dw, Py_ssize_t dw_unit, Py_ssize_t dw_input, const floating *sums,
                               Py_ssize_t inputs, Py_ssize_t gates, Py_ssize_t units, Py_ssize_t ld) noexcept nogil:
    """dw[g * units + i, k] = sums[k, g * ld + i], from the kernels' layout to the caller's."""
    cdef Py_ssize_t k, g, i
    for k in range(inputs):
        for g in range(gates):
            for i in range(units):
                dw[(g * units + i) * dw_unit + k * dw_input] = sums[k * gates * ld + g * ld + i]
