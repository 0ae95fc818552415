# cython: language_level=3
from fastrnn._core.kernels cimport Array, InOut
from fastrnn._core.threads cimport Task

cdef extern from "simd/bind.h" nogil:
    ctypedef struct Affine "fastrnn_affine":
        InOut io
        Py_ssize_t size, R, k, n, ld, ld_k
        bint softmax
        const unsigned char *mask
        Array w, b, dw, db
        void *packed
        const void *dout
        void *dx
        void *sums
        void *bias_sums

    void pack_map "fastrnn_pack_map"(Affine *job, Py_ssize_t rows, void *memory)
    void pack_map_back "fastrnn_pack_map_back"(Affine *job, Py_ssize_t rows)
    void copy_map_gradients "fastrnn_copy_map_gradients"(const Affine *job)
    Task affine_rows "fastrnn_affine_rows"(Py_ssize_t size)
    Task input_rows "fastrnn_input_rows"(Py_ssize_t size)
    Task weight_columns "fastrnn_weight_columns"(Py_ssize_t size)

cdef int compute_rows(Affine *affine) except -1
