# cython: language_level=3
"""The arrays of a call, as buffers that are held while it runs.

A typed memoryview is a Python object with a lock: to make and drop one takes longer than what a small call computes
with the array.
"""

from cpython.buffer cimport (PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release,
                             PyObject_GetBuffer)
from libc.string cimport memset

cdef enum:
    # more than any call has
    MOST_BUFFERS = 24
    # what is asked of an array: ROWS are contiguous, others have any strides
    READ = PyBUF_FORMAT | PyBUF_STRIDES
    WRITE = PyBUF_FORMAT | PyBUF_STRIDES | PyBUF_WRITABLE
    READ_ROWS = PyBUF_FORMAT | PyBUF_C_CONTIGUOUS
    WRITE_ROWS = PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE

cdef struct Buffers:
    # of arrays of one type, float or double
    Py_buffer held[MOST_BUFFERS]
    int count
    char format  # of the elements: f, d, or 0 while nothing is held


cdef inline void hold_nothing(Buffers *buffers) noexcept:
    buffers.count = buffers.format = 0


cdef inline Py_buffer *hold(Buffers *buffers, array, int ndim, int access) except NULL:
    """Return the buffer of an array with so many axes."""
    cdef Py_buffer *buffer = hold_any(buffers, array, access)
    if buffer.ndim != ndim:
        raise ValueError(f"an array has {buffer.ndim} axes, expected {ndim}")
    return buffer


cdef inline Py_buffer *hold_vector(Buffers *buffers, array, int access) except NULL:
    """Return the buffer of an array (n,) or, as the users have biases, (n, 1)."""
    cdef Py_buffer *buffer = hold_any(buffers, array, access)
    if buffer.ndim != 1 and (buffer.ndim != 2 or buffer.shape[1] != 1):
        raise ValueError("a bias has neither one axis nor one column")
    return buffer


cdef inline Py_buffer *hold_any(Buffers *buffers, array, int access) except NULL:
    cdef Py_buffer *buffer = &buffers.held[buffers.count]
    PyObject_GetBuffer(array, buffer, access)
    buffers.count += 1
    if buffers.format == 0 and (buffer.format[0] == c'f' or buffer.format[0] == c'd'):
        buffers.format = buffer.format[0]
    if buffer.format[0] != buffers.format or buffer.format[1] != 0:
        raise ValueError("the arrays are not all of float32 or all of float64")
    return buffer


cdef inline void let_go(Buffers *buffers) noexcept:
    while buffers.count:
        buffers.count -= 1
        PyBuffer_Release(&buffers.held[buffers.count])


cdef inline void clear(const Py_buffer *array) noexcept:
    """Fill an array, which may be NULL, with zeros."""
    if array != NULL:
        clear_axes(array, 0, <char *> array.buf)


cdef inline void clear_axes(const Py_buffer *array, int axis, char *start) noexcept:
    cdef Py_ssize_t i
    if axis == array.ndim:
        memset(start, 0, array.itemsize)
        return
    for i in range(array.shape[axis]):
        clear_axes(array, axis + 1, start + i * array.strides[axis])
