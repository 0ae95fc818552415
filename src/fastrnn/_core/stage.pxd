# cython: language_level=3
cdef class Stage:
    cdef readonly Py_ssize_t streams, steps, features
    cdef readonly object dtype
    cdef public bint needs_output
    cdef bint calls_python
    cdef list sources
    cdef Stage source
    cdef object weights
    cdef list first_states
    cdef unsigned char[::1] memory
    cdef int kinds
    cdef Py_ssize_t itemsize, state_bytes
    cdef double operations
    cdef const void *y
    cdef Py_ssize_t y_row

    cdef void *make(self, Py_ssize_t streams, Py_ssize_t steps, Py_ssize_t features, dtype, Py_ssize_t packed,
                    Py_ssize_t elements) except NULL
    cdef int share(self, Stage other) except -1
    cdef void place(self, void *memory) noexcept
    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil
    cdef void keep(self, Py_ssize_t steps) noexcept nogil
