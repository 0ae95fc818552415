# cython: language_level=3
"""What the threads of a pass share: sizes, arrays placed in arenas, and weights packed for the kernels."""

from fastrnn._core.kernels cimport Array, Cell, Step, copy_gradient, floating, pack, pack_back, pack_bias
from fastrnn._core.layout cimport Arena, arena_of, take
from fastrnn._core.sequence cimport segment_length

cdef enum:
    WX, WS, BS, BX, MATRICES  # the weights of a cell: (gates n_s, n_x), (gates n_s, n_s), (gates n_s, 1) twice

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    Step step
    Py_ssize_t size             # of an element, in bytes
    Array weights[MATRICES]     # as the caller has them
    Array gradients[MATRICES]
    Array source                # (n, m, T), copied into x on the way forward, and into ds on the way back
    void *copies[2]      # (T, m, ld), where forward also puts the states after each step; or NULL
    const Cell *cell
    int any  # 0 for tanh and sigmoid without recurrent dropout, 1 for everything
    bint drops
    int turn  # of the order in which the weights are read
    Py_ssize_t m, n_x, n_s, ld, ld_x, columns  # columns = gates ld
    const unsigned char *mask  # (T, m)
    const void *x              # (T, m, >= n_x), its rows x_row apart
    Py_ssize_t x_row
    const void *packed_wx      # forward (n_x, columns), back (depth, ld_x), in panels of x_width columns
    Py_ssize_t x_width
    const void *bias           # (columns,)
    const long long *tokens    # (T, m), where the rows of x are one-hot: the places of their ones
    # of the backward pass
    void *saved[2]             # (m, ld)
    void *dx                   # (T, m, ld_x)
    void *sums                 # (n_x + n_s, columns): the gradients of Wx and Ws, transposed
    void *bias_sums            # (columns,)
    void *apart_sums           # (ld,)


cdef inline bint is_apart(const Cell *cell) noexcept nogil:
    """Whether some gates have a recurrent product of their own."""
    return cell.apart < cell.gates


cdef inline Py_ssize_t depth_back(const Job *job) noexcept nogil:
    """How many elements of a row of da a product sums over: gate by gate with the padding, where there are several."""
    return job.n_s if job.cell.gates == 1 else job.columns


cdef inline Py_ssize_t place_reserve(Step *step, const Cell *cell, bint drops, void *memory, Py_ssize_t T,
                                     Py_ssize_t size) noexcept nogil:
    """Place what a forward pass leaves; return its bytes."""
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
    """Place what a backward pass that takes so many steps at a time writes beside its results; return its bytes.

    The sums stand last, one behind the other.
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
    """How many steps a backward pass takes between two turns of the gradients of the weights."""
    return segment_length(T, job.m, job.m * (job.columns + job.ld * is_apart(job.cell)) * size)


cdef inline int next_group(const Job *job, int gate) noexcept nogil:
    """Return the gate before which the group ends that begins with a gate: those that share a recurrent product."""
    if job.drops:
        return gate + 1
    return job.cell.apart if gate < job.cell.apart else job.cell.gates


cdef inline void pack_weights(Job *job, void *memory, floating *_) noexcept nogil:
    """Pack what a forward pass reads, for the sizes and widths of the job, into `place_weights` bytes."""
    cdef Py_ssize_t n_s = job.n_s, ld = job.ld
    cdef int gate = 0, group_end, apart = job.cell.apart, gates = job.cell.gates
    cdef floating *bias
    place_weights(job, memory, sizeof(floating))
    while gate < gates:
        group_end = next_group(job, gate)
        pack(<floating *> job.step.packed + gate * n_s * ld, job.step.width, &job.weights[WS], gate, group_end - gate,
             n_s, ld)
        gate = group_end
    if job.n_x:
        pack(<floating *> job.packed_wx, job.x_width, &job.weights[WX], 0, gates, n_s, ld)
    bias = <floating *> job.bias
    if job.cell.kept_is_product:
        # bs joins bx but for the product that stands apart
        pack_bias(bias, &job.weights[BX], 0, gates, n_s, ld, False)
        pack_bias(bias, &job.weights[BS], 0, apart, n_s, ld, True)
        pack_bias(<floating *> job.step.apart_bias, &job.weights[BS], apart, gates - apart, n_s, ld, False)
    else:
        pack_bias(bias, &job.weights[BS], 0, gates, n_s, ld, False)


cdef inline void pack_weights_back(Job *job, floating *_) noexcept nogil:
    """Pack what a backward pass reads.  Rows of da are padded gate by gate, so the panels have rows of zeros there."""
    cdef Py_ssize_t n_s = job.n_s, ld = job.ld, gate_depth = depth_back(job) // job.cell.gates
    cdef int gate = 0, group_end
    while gate < job.cell.gates:
        group_end = next_group(job, gate)
        pack_back(<floating *> job.step.packed + gate * ld * ld, job.step.width, &job.weights[WS], gate,
                  group_end - gate, n_s, gate_depth, ld)
        gate = group_end
    if job.dx != NULL:
        pack_back(<floating *> job.packed_wx, job.x_width, &job.weights[WX], 0, job.cell.gates, n_s, gate_depth,
                  job.ld_x)


cdef inline void copy_sums(Job *job, floating *_) noexcept nogil:
    """Copy the gradients of the weights from the kernels' layout to the caller's."""
    cdef Py_ssize_t n_s = job.n_s, ld = job.ld
    cdef int apart = job.cell.apart, gates = job.cell.gates
    cdef const floating *sums = <const floating *> job.sums
    if job.n_x:
        copy_gradient(&job.gradients[WX], 0, gates, n_s, ld, sums)
    copy_gradient(&job.gradients[WS], 0, gates, n_s, ld, sums + job.n_x * job.columns)
    copy_gradient(&job.gradients[BS], 0, gates, n_s, ld, <const floating *> job.bias_sums)
    if job.cell.kept_is_product:
        copy_gradient(&job.gradients[BX], 0, gates, n_s, ld, <const floating *> job.bias_sums)
        copy_gradient(&job.gradients[BS], apart, gates - apart, n_s, ld, <const floating *> job.apart_sums)
