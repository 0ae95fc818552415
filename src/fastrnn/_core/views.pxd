# cython: language_level=3
"""What the entries of the core take, typed memoryviews and tokens, in the structs that the loops take."""

from libc.string cimport memcpy, memset

from fastrnn._core.kernels cimport Array, first_bad_token, floating
from fastrnn._core.recycled cimport Scratch, scratch


cdef inline Array array_of(const floating[:, :, :] view) noexcept:
    """Return an array of three axes, or None, as the loops take it."""
    cdef Array array
    cdef int axis
    memset(&array, 0, sizeof(Array))
    if view is not None:
        for axis in range(3):
            array.extent[axis] = view.shape[axis]
            array.stride[axis] = view.strides[axis] // <Py_ssize_t> sizeof(floating)
        if array.extent[0] and array.extent[1] and array.extent[2]:
            array.data = <void *> &view[0, 0, 0]
    return array


cdef inline Array matrix_of(const floating[:, :] view) noexcept:
    """Return a matrix, or None, as the loops take it."""
    cdef Array array
    cdef int axis
    memset(&array, 0, sizeof(Array))
    array.extent[2] = 1
    if view is not None:
        for axis in range(2):
            array.extent[axis] = view.shape[axis]
            array.stride[axis] = view.strides[axis] // <Py_ssize_t> sizeof(floating)
        if array.extent[0] and array.extent[1]:
            array.data = <void *> &view[0, 0]
    return array


cdef inline Array vector_of(const floating[:] view) noexcept:
    """Return a vector as a matrix of one column."""
    cdef Array array
    array.data, array.extent[0], array.extent[1], array.extent[2] = <void *> &view[0], view.shape[0], 1, 1
    array.stride[0], array.stride[1], array.stride[2] = view.strides[0] // <Py_ssize_t> sizeof(floating), 0, 0
    return array


cdef inline Scratch checked_tokens(const long long[:, ::1] tokens, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x):
    """Return a copy of `tokens` (>= T, m) that are all from 0 to n_x - 1, or raise ``ValueError``.

    The copy is what is checked, and what a call indexes memory with: another thread may write to the caller's array
    while the call runs.
    """
    cdef Scratch copied
    cdef Py_ssize_t bad
    if tokens.shape[0] < T or tokens.shape[1] != m:
        raise ValueError("tokens and states do not fit together")
    copied = scratch(T * m * sizeof(long long))
    if T * m:
        memcpy(copied.start, &tokens[0, 0], T * m * sizeof(long long))
    bad = first_bad_token(T * m, <const long long *> copied.start, n_x)
    if bad >= 0:
        raise ValueError(f"a token is {(<const long long *> copied.start)[bad]}; it should be from 0 to {n_x - 1}")
    return copied
