# cython: language_level=3
"""What the threads of a pass share, and where its arrays lie in memory.  simd/job.h has the struct and its comments."""

from fastrnn._core.kernels cimport Array, Cell, Step
from fastrnn._core.layout cimport Arena, arena_of, take
from fastrnn._core.sequence cimport segment_length

cdef extern from "simd/bind.h" nogil:
    enum:
        WX "FASTRNN_WX"
        WS "FASTRNN_WS"
        BS "FASTRNN_BS"
        BX "FASTRNN_BX"
        MATRICES "FASTRNN_MATRICES"

    ctypedef struct Job "fastrnn_job":
        Step step
        Py_ssize_t size, m, n_x, n_s, ld, ld_x, columns, x_row, x_width
        Array weights[4]
        Array gradients[4]
        Array source
        void *copies[2]
        const Cell *cell
        int any, drops, turn
        const unsigned char *mask
        const void *x
        const void *packed_wx
        const void *bias
        const long long *tokens
        void *saved[2]
        void *dx
        void *sums
        void *bias_sums
        void *apart_sums

    Py_ssize_t depth_back "fastrnn_depth_back"(const Job *job)
    int next_group "fastrnn_next_group"(const Job *job, int gate)
    void set_widths "fastrnn_set_widths"(Job *job, Py_ssize_t rows, Py_ssize_t x_rows)
    void pack_weights "fastrnn_pack_weights"(Job *job)
    void pack_weights_back "fastrnn_pack_weights_back"(Job *job)
    void copy_sums "fastrnn_copy_sums"(Job *job)


cdef inline bint is_apart(const Cell *cell) noexcept nogil:
    """Whether some gates have a recurrent product of their own."""
    return cell.apart < cell.gates


cdef inline Py_ssize_t place_reserve(Step *step, const Cell *cell, bint drops, void *memory, Py_ssize_t T,
                                     Py_ssize_t size) noexcept nogil:
    """Place the reserve, which a forward pass writes; return its bytes."""
    cdef Arena arena
    cdef Py_ssize_t row = step.m * step.ld * size
    cdef int i
    arena.start, arena.bytes = <char *> memory, 0
    for i in range(cell.states):
        step.states[i] = take(&arena, (T + 1) * row)
    # the one gate of a cell is its next state
    step.gates = take(&arena, T * cell.gates * row) if cell.gates > 1 else <char *> step.states[0] + row
    step.kept = take(&arena, T * cell.kept * row)
    step.dropped = take(&arena, T * cell.gates * row if drops else 0)
    return arena.bytes


cdef inline Py_ssize_t place_weights(Job *job, void *memory, Py_ssize_t size) noexcept nogil:
    """Place the packed weights of a forward pass; return their bytes."""
    cdef Arena arena = arena_of(memory)
    job.bias = take(&arena, job.columns * size)
    job.step.apart_bias = take(&arena, job.ld * size if is_apart(job.cell) else 0)
    job.step.packed = take(&arena, job.columns * job.n_s * size)
    job.packed_wx = take(&arena, job.columns * job.n_x * size)
    return arena.bytes


cdef inline Py_ssize_t place_back(Job *job, void *memory, Py_ssize_t steps, Py_ssize_t size) noexcept nogil:
    """Place the scratch arrays of a backward pass that takes so many steps at a time; return their bytes.

    The sums are last, one behind the other.
    """
    cdef Arena arena = arena_of(memory)
    cdef Py_ssize_t apart = is_apart(job.cell), rows = steps * job.m
    cdef int i
    job.step.packed = take(&arena, depth_back(job) * job.ld * size)
    job.packed_wx = take(&arena, depth_back(job) * job.ld_x * size)
    job.step.da = take(&arena, rows * job.columns * size)
    job.step.d_kept = take(&arena, apart * rows * job.ld * size)
    for i in range(job.cell.states):
        job.saved[i] = take(&arena, job.m * job.ld * size)
    job.step.d_dropped = take(&arena, job.m * job.ld * size if job.drops else 0)
    job.sums = take(&arena, (job.n_x + job.n_s) * job.columns * size)
    job.bias_sums = take(&arena, job.columns * size)
    job.apart_sums = take(&arena, apart * job.ld * size)
    return arena.bytes


cdef inline Py_ssize_t bptt_steps(const Job *job, Py_ssize_t T, Py_ssize_t size) noexcept nogil:
    """Return after how many steps a backward pass adds to the gradients of the weights."""
    return segment_length(T, job.m, job.m * (job.columns + job.ld * is_apart(job.cell)) * size)
