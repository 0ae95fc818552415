# cython: language_level=3
"""What the threads of a pass share: sizes, arrays placed in arenas, and weights packed for the kernels."""

from fastrnn._core.kernels cimport Cell, Step, floating, pack
from fastrnn._core.layout cimport Arena, arena_of, take
from fastrnn._core.sequence cimport copy_gradient, pack_bias, segment_length
from fastrnn._core.source cimport Source

cdef struct Matrix:
    # an array (rows, columns) as the caller has it, of float or double; data is NULL where there is none
    void *data
    Py_ssize_t rows, columns, over_row, over_column  # distances in elements

cdef struct Weights:
    Matrix wx, ws, bs, bx  # (gates n_s, n_x), (gates n_s, n_s), (gates n_s, 1) twice

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    Step step
    Py_ssize_t size      # of an element, in bytes
    Weights weights      # as the caller has them
    Weights gradients
    void *copies[2]      # (T, m, ld), where forward also puts the states after each step; or NULL
    const Cell *cell
    int any  # 0 for tanh and sigmoid without recurrent dropout, 1 for everything
    bint drops
    int turn  # of the order in which the weights are read
    Py_ssize_t m, n_x, n_s, ld, ld_x, columns  # columns = gates ld
    const unsigned char *mask  # (T, m)
    const void *x              # (T, m, >= n_x), its rows x_row apart
    Py_ssize_t x_row
    Source source              # copied into x on the way forward, and into ds on the way back
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


cdef inline int check_weights(const Cell *cell, Py_ssize_t n_s, const Weights *w) except -1:
    cdef Py_ssize_t rows = cell.gates * n_s
    if (w.wx.rows != rows or w.ws.rows != rows or w.ws.columns != n_s or w.bs.rows != rows or w.bs.columns != 1
            or (w.bx.data != NULL) != cell.kept_is_product
            or (w.bx.data != NULL and (w.bx.rows != rows or w.bx.columns != 1))):
        raise ValueError("the weights do not fit together: a bias is a column, and each cell knows how many it has")
    return 0


cdef inline void pack_weights(Job *job, void *memory, floating *_) noexcept nogil:
    """Pack what a forward pass reads, for the sizes and widths of the job, into `place_weights` bytes."""
    cdef Py_ssize_t n_x = job.n_x, n_s = job.n_s, ld = job.ld, apart = job.cell.apart, gates = job.cell.gates
    cdef const Matrix *ws = &job.weights.ws
    cdef const Matrix *wx = &job.weights.wx
    cdef Py_ssize_t b_step = job.weights.bs.over_row
    cdef int gate = 0, group_end
    cdef const floating *b = <const floating *> job.weights.bs.data
    cdef const floating *bx = <const floating *> job.weights.bx.data
    cdef floating *packed
    place_weights(job, memory, sizeof(floating))
    packed = <floating *> job.step.packed
    while gate < gates:
        group_end = next_group(job, gate)
        pack(packed + gate * n_s * ld, job.step.width, <const floating *> ws.data + gate * n_s * ws.over_row, 1, n_s,
             n_s, ws.over_column, group_end - gate, n_s, ld, ws.over_row)
        gate = group_end
    if n_x:
        pack(<floating *> job.packed_wx, job.x_width, <const floating *> wx.data, 1, n_x, n_x, wx.over_column, gates,
             n_s, ld, wx.over_row)
    if job.cell.kept_is_product:
        # bs joins bx but for the product that stands apart
        pack_bias(<floating *> job.bias, bx, job.weights.bx.over_row, gates, n_s, ld, False)
        pack_bias(<floating *> job.bias, b, b_step, apart, n_s, ld, True)
        pack_bias(<floating *> job.step.apart_bias, b + apart * n_s * b_step, b_step, gates - apart, n_s, ld, False)
    else:
        pack_bias(<floating *> job.bias, b, b_step, gates, n_s, ld, False)


cdef inline void pack_back(Job *job, floating *_) noexcept nogil:
    """Pack what a backward pass reads.  Rows of da are padded gate by gate, so the panels have rows of zeros there."""
    cdef Py_ssize_t n_s = job.n_s, ld = job.ld, gates = job.cell.gates, gate_depth = depth_back(job) // gates
    cdef const Matrix *ws = &job.weights.ws
    cdef const Matrix *wx = &job.weights.wx
    cdef int gate = 0, group_end
    cdef floating *packed = <floating *> job.step.packed
    while gate < gates:
        group_end = next_group(job, gate)
        pack(packed + gate * ld * ld, job.step.width, <const floating *> ws.data + gate * n_s * ws.over_row,
             group_end - gate, n_s, gate_depth, ws.over_row, 1, n_s, ld, ws.over_column)
        gate = group_end
    if job.dx != NULL:
        pack(<floating *> job.packed_wx, job.x_width, <const floating *> wx.data, gates, n_s, gate_depth, wx.over_row,
             1, job.n_x, job.ld_x, wx.over_column)


cdef inline void copy_sums(Job *job, floating *_) noexcept nogil:
    """Copy the gradients of the weights from the kernels' layout to the caller's."""
    cdef Py_ssize_t n_s = job.n_s, apart = job.cell.apart, gates = job.cell.gates
    cdef const floating *sums = <const floating *> job.sums
    cdef Matrix *dbs = &job.gradients.bs
    if job.n_x:
        copy_to(job, &job.gradients.wx, sums, job.n_x, _)
    copy_to(job, &job.gradients.ws, sums + job.n_x * job.columns, n_s, _)
    copy_to(job, dbs, <const floating *> job.bias_sums, 1, _)
    if job.cell.kept_is_product:
        copy_to(job, &job.gradients.bx, <const floating *> job.bias_sums, 1, _)
        copy_gradient(<floating *> dbs.data + apart * n_s * dbs.over_row, dbs.over_row, 0,
                      <const floating *> job.apart_sums, 1, gates - apart, n_s, job.ld)


cdef inline void copy_to(Job *job, Matrix *gradient, const floating *sums, Py_ssize_t inputs,
                         floating *_) noexcept nogil:
    copy_gradient(<floating *> gradient.data, gradient.over_row, gradient.over_column, sums, inputs, job.cell.gates,
                  job.n_s, job.ld)
