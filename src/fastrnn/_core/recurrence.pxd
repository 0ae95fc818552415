# cython: language_level=3
from fastrnn._core.job cimport Job
from fastrnn._core.kernels cimport Cell

cdef class Recurrence:
    cdef const Cell *cell_f32
    cdef const Cell *cell_f64
    cdef int activation, recurrent_activation, any
    cdef readonly bint drops
    cdef readonly str name
    cdef readonly int gates, states, kept

cdef void set_sizes(Job *job, Recurrence self, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t size) noexcept
cdef int compute_forward(Job *job, Py_ssize_t T) except -1
cdef int compute_backward(Job *job, Py_ssize_t steps) except -1
