# cython: language_level=3
cpdef object empty(tuple shape, dtype)

cdef class Scratch:
    cdef void *start
    cdef void *small  # what is freed with it, unless it is a block
    cdef object block

cdef Scratch scratch(double bytes)
