# cython: language_level=3
cpdef object empty(tuple shape, dtype)

cdef class Scratch:
    cdef void *start
    cdef object block

cdef Scratch scratch(Py_ssize_t bytes)
