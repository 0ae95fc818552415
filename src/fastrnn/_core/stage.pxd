# cython: language_level=3
from fastrnn._core.kernels cimport InOut
from fastrnn._core.threads cimport Task

cdef class Stage:
    cdef readonly Py_ssize_t streams, steps, features
    cdef readonly object dtype
    cdef public bint needs_output
    cdef public object function
    cdef bint in_place
    cdef list sources
    cdef Stage source
    cdef object weights
    cdef list first_states
    cdef unsigned char[::1] memory
    cdef int kinds
    cdef Py_ssize_t itemsize, state_bytes, job_start
    cdef double operations
    cdef Task task
    cdef InOut *job
    cdef const void *y
    cdef Py_ssize_t y_row

    cdef void *make(self, Py_ssize_t streams, Py_ssize_t steps, Py_ssize_t features, dtype, Py_ssize_t elements,
                    Py_ssize_t packed=?, Py_ssize_t job_bytes=?) except NULL
    cdef void place(self, void *memory) noexcept
    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil
    cdef void keep(self, Py_ssize_t steps) noexcept nogil
