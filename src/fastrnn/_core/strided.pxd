# cython: language_level=3
cdef extern from "strided.h" nogil:
    ctypedef struct Rows "fastrnn_rows":
        char *first
        Py_ssize_t stream, step, feature

    Rows time_major "fastrnn_time_major"(const void *first, Py_ssize_t m, Py_ssize_t row_bytes, Py_ssize_t size)
    Rows rows_from "fastrnn_rows_from"(Rows rows, Py_ssize_t step)
    void copy_rows "fastrnn_copy_rows"(Rows source, Rows target, Py_ssize_t steps, Py_ssize_t m, Py_ssize_t n,
                                       Py_ssize_t size)
    const void *gather "fastrnn_gather"(Rows rows, Py_ssize_t steps, Py_ssize_t m, Py_ssize_t n, Py_ssize_t size,
                                        void *memory, Py_ssize_t *row)
