# cython: language_level=3
cpdef object empty(tuple shape, dtype)
