# cython: language_level=3
cdef int threads_for(double operations, Py_ssize_t parts) noexcept nogil
