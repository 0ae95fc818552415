# cython: language_level=3
"""The typed memoryviews and tokens that the entries of the core take, as the structs that the loops take."""

from libc.string cimport memcpy

from fastrnn._core.kernels cimport Array, first_bad_token, floating
from fastrnn._core.recycled cimport Scratch, scratch


cdef inline Array array_at(const void *data, const Py_ssize_t *extents, const Py_ssize_t *strides, int ndim,
                           Py_ssize_t size) noexcept:
    """Return an array of one to three axes as the loops take it; those that it lacks have an extent of 1.

    `strides` are in bytes, and elements have `size` bytes.
    """
    cdef Array array
    cdef int axis
    array.data = <void *> data
    for axis in range(3):
        array.extent[axis] = extents[axis] if axis < ndim else 1
        array.stride[axis] = strides[axis] // size if axis < ndim else 0
        if array.extent[axis] == 0:
            array.data = NULL
    return array


# An empty array, or None, has no first element: a build with bounds checks would raise for its address.

cdef inline Array array_of(const floating[:, :, :] view) noexcept:
    """Return an array of three axes; None has the extents 0."""
    return array_at(&view[0, 0, 0] if view.shape[0] and view.shape[1] and view.shape[2] else NULL, view.shape,
                    view.strides, 3, sizeof(floating))


cdef inline Array matrix_of(const floating[:, :] view) noexcept:
    return array_at(&view[0, 0] if view.shape[0] and view.shape[1] else NULL, view.shape, view.strides, 2,
                    sizeof(floating))


cdef inline Array vector_of(const floating[:] view) noexcept:
    """Return a vector as a matrix of one column."""
    return array_at(&view[0] if view.shape[0] else NULL, view.shape, view.strides, 1, sizeof(floating))


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
