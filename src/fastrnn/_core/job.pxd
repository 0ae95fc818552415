# cython: language_level=3
"""What the threads of a pass share.  simd/job.h has the struct and its comments, and the headers beside it the rest."""

from fastrnn._core.kernels cimport Array, Cell, InOut, Step, int64_t
from fastrnn._core.threads cimport Task

cdef extern from "simd/bind.h" nogil:
    enum:
        WX "FASTRNN_WX"
        WS "FASTRNN_WS"
        BS "FASTRNN_BS"
        BX "FASTRNN_BX"
        MATRICES "FASTRNN_MATRICES"

    ctypedef struct Job "fastrnn_job":
        InOut io
        Step step
        Py_ssize_t size, m, n_x, n_s, ld, ld_x, columns, x_width
        Array weights[4]
        Array gradients[4]
        Array source
        void *copies[2]
        const Cell *cell
        int any, drops, turn
        const unsigned char *mask
        const void *packed_wx
        const void *bias
        const int64_t *tokens
        void *saved[2]
        void *dx
        void *sums

    Py_ssize_t depth_back "fastrnn_depth_back"(const Job *job)
    bint is_apart "fastrnn_is_apart"(const Cell *cell)
    Py_ssize_t chunk_length "fastrnn_chunk_length"(Py_ssize_t rows, Py_ssize_t row_bytes)
    Py_ssize_t segment_length "fastrnn_segment_length"(const Job *job, Py_ssize_t T)
    Py_ssize_t place_reserve "fastrnn_place_reserve"(Step *step, const Cell *cell, int drops, void *memory,
                                                     Py_ssize_t T, Py_ssize_t size)
    Py_ssize_t place_weights "fastrnn_place_weights"(Job *job, void *memory)
    Py_ssize_t place_back "fastrnn_place_back"(Job *job, void *memory, Py_ssize_t steps)
    void set_widths "fastrnn_set_widths"(Job *job, Py_ssize_t rows, Py_ssize_t x_rows)
    void pack_weights "fastrnn_pack_weights"(Job *job)
    void pack_weights_back "fastrnn_pack_weights_back"(Job *job)
    void copy_states "fastrnn_copy_states"(const Job *job, Py_ssize_t step, Py_ssize_t end_step, Py_ssize_t first,
                                           Py_ssize_t end)
    void copy_sums "fastrnn_copy_sums"(Job *job)
    Task weights_part "fastrnn_weights_part"(Py_ssize_t size)
