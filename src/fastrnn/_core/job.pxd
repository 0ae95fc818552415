# cython: language_level=3
"""What the threads of a pass share: sizes, arrays placed in arenas, and weights packed for the kernels."""

from fastrnn._core.kernels cimport Cell, Step, floating, pack
from fastrnn._core.layout cimport Arena, arena_of, take
from fastrnn._core.sequence cimport copy_gradient, pack_bias, row_stride, segment_length
from fastrnn._core.source cimport Source

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    Step step
    const Cell *cell
    int any  # 0 for tanh and sigmoid without recurrent dropout, 1 for everything
    bint drops
    int shares       # all of them; a call runs some at a time, from first_share on (signals.pxd)
    int first_share
    int turn  # of the order in which the weights are read
    Py_ssize_t first_step, end_step, m, n_x, n_s, ld, ld_x, columns  # columns = gates ld
    const unsigned char *mask  # (T, m)
    const void *x              # (T, m, >= n_x), its rows x_row apart
    Py_ssize_t x_row
    Source source              # copied into x on the way forward, and into ds on the way back
    const void *packed_wx      # forward (n_x, columns), back (depth, ld_x), in panels of x_width columns
    Py_ssize_t x_width
    const void *bias           # (columns,)
    # where the rows of x are one-hot: the places of their ones, and the weights that they pick or add to
    const long long *tokens    # (T, m)
    const void *wx             # (gates n_s, n_x)
    void *dwx                  # likewise
    Py_ssize_t w_unit, w_input
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


cdef inline void set_input(Job *job, const floating[:, :, :] x, Py_ssize_t T) except *:
    job.x = &x[0, 0, 0] if job.n_x else NULL
    job.x_row = row_stride(T, job.m, x.strides[0], x.strides[1], sizeof(floating))
    if job.n_x > 1 and x.strides[2] != sizeof(floating):
        raise ValueError("the features of x must be neighbours, "
                         f"got strides {(x.strides[0], x.strides[1], x.strides[2])}")


cdef inline int set_drop(Job *job, const floating[:, :, ::1] drop) except -1:
    if (drop is not None) != job.drops or (drop is not None and (
            drop.shape[0] != job.cell.gates or drop.shape[1] != job.m or drop.shape[2] != job.ld)):
        raise ValueError("drop should be (gates, m, ld) with a recurrent dropout, and None without")
    if drop is not None:
        job.step.drop = &drop[0, 0, 0]
    return 0


cdef inline int next_group(const Job *job, int gate) noexcept nogil:
    """Return the gate before which the group ends that begins with a gate: those that share a recurrent product."""
    if job.drops:
        return gate + 1
    return job.cell.apart if gate < job.cell.apart else job.cell.gates


cdef inline int check_weights(const Cell *cell, Py_ssize_t n_s, const floating[:, :] wx, const floating[:, :] ws,
                              const floating[:, :] bs, const floating[:, :] bx) except -1:
    cdef Py_ssize_t rows = cell.gates * n_s
    if (wx.shape[0] != rows or ws.shape[0] != rows or ws.shape[1] != n_s or bs.shape[0] != rows or bs.shape[1] != 1
            or (bx is not None) != cell.kept_is_product
            or (bx is not None and (bx.shape[0] != rows or bx.shape[1] != 1))):
        raise ValueError("the weights do not fit together: a bias is a column, and each cell knows how many it has")
    return 0


cdef inline int pack_weights(Job *job, const floating[:, :] wx, const floating[:, :] ws, const floating[:, :] bs,
                             const floating[:, :] bx, void *memory) except -1:
    """Pack what a forward pass reads, for the sizes and widths of the job, into `place_weights` bytes."""
    cdef Py_ssize_t n_x = job.n_x, n_s = job.n_s, ld = job.ld, size = sizeof(floating), apart = job.cell.apart
    cdef Py_ssize_t gates = job.cell.gates, w_k = ws.strides[1] // size, w_column = ws.strides[0] // size
    cdef Py_ssize_t b_step = bs.strides[0] // size
    cdef int gate = 0, group_end
    cdef const floating *b = &bs[0, 0]
    cdef floating *packed
    place_weights(job, memory, size)
    packed = <floating *> job.step.packed
    while gate < gates:
        group_end = next_group(job, gate)
        pack(packed + gate * n_s * ld, job.step.width, &ws[gate * n_s, 0], 1, n_s, n_s, w_k, group_end - gate, n_s, ld,
             w_column)
        gate = group_end
    if n_x:
        pack(<floating *> job.packed_wx, job.x_width, &wx[0, 0], 1, n_x, n_x, wx.strides[1] // size, gates, n_s, ld,
             wx.strides[0] // size)
    if job.cell.kept_is_product:
        # bs joins bx but for the product that stands apart
        pack_bias(<floating *> job.bias, &bx[0, 0], bx.strides[0] // size, gates, n_s, ld, False)
        pack_bias(<floating *> job.bias, b, b_step, apart, n_s, ld, True)
        pack_bias(<floating *> job.step.apart_bias, b + apart * n_s * b_step, b_step, gates - apart, n_s, ld, False)
    else:
        pack_bias(<floating *> job.bias, b, b_step, gates, n_s, ld, False)
    return 0


cdef inline int pack_back(Job *job, const floating[:, :] wx, const floating[:, :] ws) except -1:
    """Pack what a backward pass reads.  Rows of da are padded gate by gate, so the panels have rows of zeros there."""
    cdef Py_ssize_t n_s = job.n_s, ld = job.ld, size = sizeof(floating), gates = job.cell.gates
    cdef Py_ssize_t gate_depth = depth_back(job) // gates, w_k = ws.strides[0] // size, w_column = ws.strides[1] // size
    cdef int gate = 0, group_end
    cdef floating *packed = <floating *> job.step.packed
    while gate < gates:
        group_end = next_group(job, gate)
        pack(packed + gate * ld * ld, job.step.width, &ws[gate * n_s, 0], group_end - gate, n_s, gate_depth, w_k, 1,
             n_s, ld, w_column)
        gate = group_end
    if job.dx != NULL:
        pack(<floating *> job.packed_wx, job.x_width, &wx[0, 0], gates, n_s, gate_depth, wx.strides[0] // size, 1,
             job.n_x, job.ld_x, wx.strides[1] // size)
    return 0


cdef inline int copy_sums(Job *job, floating[:, :] dwx, floating[:, :] dws, floating[:, :] dbs,
                          floating[:, :] dbx) except -1:
    """Copy the gradients of the weights from the kernels' layout to the caller's."""
    cdef Py_ssize_t n_x = job.n_x, n_s = job.n_s, ld = job.ld, gates = job.cell.gates, size = sizeof(floating)
    cdef Py_ssize_t apart = job.cell.apart
    cdef const floating *sums = <const floating *> job.sums
    cdef const floating *bias_sums = <const floating *> job.bias_sums
    if n_x:
        copy_gradient(&dwx[0, 0], dwx.strides[0] // size, dwx.strides[1] // size, sums, n_x, gates, n_s, ld)
    copy_gradient(&dws[0, 0], dws.strides[0] // size, dws.strides[1] // size, sums + n_x * job.columns, n_s, gates,
                  n_s, ld)
    copy_gradient(&dbs[0, 0], dbs.strides[0] // size, 0, bias_sums, 1, gates, n_s, ld)
    if job.cell.kept_is_product:
        copy_gradient(&dbx[0, 0], dbx.strides[0] // size, 0, bias_sums, 1, gates, n_s, ld)
        copy_gradient(&dbs[apart * n_s, 0], dbs.strides[0] // size, 0, <const floating *> job.apart_sums, 1,
                      gates - apart, n_s, ld)
    return 0
