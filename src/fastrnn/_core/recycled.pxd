# cython: language_level=3
cpdef object empty(tuple shape, dtype)

cdef class Scratch:
    cdef void *start
    cdef Py_ssize_t bytes
    cdef void *small  # what the C library gave, or NULL
    cdef object large  # else a flat array of bytes, which is kept for later calls

cdef Scratch scratch(double bytes)
