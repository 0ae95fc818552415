"""The recurrence over whole sequences, forward and backpropagation through time, for every cell.

Arrays are time-major with the features last, (T, m, n), and rows padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.  A mask says
which steps count (sequence.pxd).

1. Entries take typed memoryviews.  Behind them stands a :class:`Recurrence`, which is a cell and its activations.
2. A `Job` is what the threads of a call share, each computing some columns of the batch.  Its `Step` is what a cell sees
   of the sequence (simd/kernels.h); these are C structs, since the cells are C and know nothing of Python.
3. :func:`forward_share` is the one loop forward: it projects the input of some steps, then calls the cell's step for
   each of them, so that what one writes the other finds in the cache.  :func:`backward_share` is the one loop back.
4. :func:`weights_share` adds up the gradients of the weights, some steps at a time, as long products.
"""

from libc.string cimport memset, strcmp

import numpy as np

from fastrnn._core.kernels cimport (ANY_ELU, ANY_EXPONENTIAL, ANY_HARD_SIGMOID, ANY_HARD_SIGMOID_OLD, ANY_LINEAR,
                                    ANY_RELU, ANY_SELU, ANY_SIGMOID, ANY_SOFTPLUS, ANY_SOFTSIGN, ANY_TANH, CELLS,
                                    FROM_BIAS, FROM_ZERO, LAST_FIRST, Cell, Factor, Step, bind_kernels, cells, floating,
                                    pack, panel_width)
from fastrnn._core.layout cimport LINE_BYTES, Arena, arena_of, copy_into, padded_to_line, take
from fastrnn._core.recycled cimport Scratch, empty, scratch
from fastrnn._core.sequence cimport (add_gradient, chunk_length, clear_rows, column_start, copy_gradient, factor_of,
                                     keep_states, multiply_rows, next_run, pack_bias, restore_carry, row_stride,
                                     save_carry, segment_length, start_by_work)
from fastrnn._core.signals cimport EXPONENTIAL, MOVE, look, turns_for, units_between_looks
from fastrnn._core.source cimport Source, copy_back_to, copy_until, source_of
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport run_shares, share_task, threads_for
from fastrnn._core.tokens cimport checked_tokens, gather_rows, scatter_rows

bind_kernels()

cdef enum:
    # so many rows of a batch, or columns of its gradients, are not divided between two looks for Ctrl-C: the weights
    # are read once for all of them
    UNDIVIDED = 8
    UNDIVIDED_COLUMNS = 16

#: The activations that a cell may have, and their numbers in simd/kernels.h.
cdef dict _numbers = {
    "tanh": ANY_TANH, "sigmoid": ANY_SIGMOID, "linear": ANY_LINEAR, "relu": ANY_RELU,
    "hard_sigmoid": ANY_HARD_SIGMOID, "hard_sigmoid_keras2": ANY_HARD_SIGMOID_OLD, "softsign": ANY_SOFTSIGN,
    "elu": ANY_ELU, "selu": ANY_SELU, "softplus": ANY_SOFTPLUS, "exponential": ANY_EXPONENTIAL,
}
ACTIVATIONS = tuple(_numbers)

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


cdef class Recurrence:
    """A cell with its activations: what computes sequences of it.

    Parameters
    ----------
    name : str
        "rnn", "gru", "gru_reset_after" or "lstm": a row of the table in simd/kernels_of_type.h.
    activation, recurrent_activation : str
        Of :data:`ACTIVATIONS`: of the candidate (and of an LSTM's cell), and of the gates.
    recurrent_dropout : bool
        Whether :meth:`forward` and :meth:`backward` are given `drop`.

    Attributes
    ----------
    gates, states, kept : int
        How many gates its weights have, states it carries, and other arrays it keeps.
    """

    cdef const Cell *cell_f32
    cdef const Cell *cell_f64
    cdef int activation, recurrent_activation, any
    cdef bint drops
    cdef readonly str name
    cdef readonly int gates, states, kept

    def __init__(self, str name, str activation="tanh", str recurrent_activation="sigmoid",
                 *, bint recurrent_dropout=False):
        cdef int i
        cdef bytes encoded = name.encode()
        for given in (activation, recurrent_activation):
            if given not in _numbers:
                raise ValueError(f"activation is {given!r}; it should be one of {', '.join(ACTIVATIONS)}")
        for i in range(CELLS):
            if strcmp(cells(<float *> NULL)[i].name, encoded) == 0:
                break
        else:
            raise ValueError(f"name is {name!r}, which is no cell")
        self.cell_f32, self.cell_f64 = &cells(<float *> NULL)[i], &cells(<double *> NULL)[i]
        self.activation, self.recurrent_activation = _numbers[activation], _numbers[recurrent_activation]
        self.any = activation != "tanh" or recurrent_activation != "sigmoid" or recurrent_dropout
        self.drops = recurrent_dropout
        self.name, self.gates, self.states = name, self.cell_f32.gates, self.cell_f32.states
        self.kept = self.cell_f32.kept

    def reserve(self, tuple initial, Py_ssize_t T):
        """Return memory for what :meth:`forward` leaves, with the initial states in it, and its :meth:`views`.

        Parameters
        ----------
        initial : tuple of ndarray (n_s, m), any strides
            The state, and that of the cell of an LSTM.
        """
        n_s, m = initial[0].shape
        memory = empty((self.reserve_length(T, m, n_s, initial[0].itemsize),), initial[0].dtype)
        views = self.views(memory, T, m, n_s)
        for states, first in zip(views, initial):
            copy_into(states, 0, first)
        return memory, views

    def views(self, reserve, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_s):
        """Return the arrays that the memory of a sequence holds.

        Returns
        -------
        list of ndarray
            States (T + 1, m, ld), of an LSTM also cells; gates (T, m, gates, ld) unless there is only one; what the cell
            keeps beside them, (T, m, ld); with a recurrent dropout the states that each gate saw, (T, m, gates, ld).
        """
        cdef Py_ssize_t size = reserve.itemsize, ld = padded_to_line(n_s, size), row = m * ld, first = 0
        cdef Py_ssize_t length
        cdef list found = []
        cdef list shapes = [(T + 1, m, ld)] * self.states
        if self.gates > 1:
            shapes.append((T, m, self.gates, ld))
        shapes += [(T, m, ld)] * self.kept
        if self.drops:
            shapes.append((T, m, self.gates, ld))
        for shape in shapes:
            length = shape[0] * row * (self.gates if len(shape) == 4 else 1)
            found.append(np.ndarray(shape, reserve.dtype, reserve, first * size))
            first += length
        return found

    def reserve_length(self, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_s, Py_ssize_t itemsize):
        """Return how many elements of so many bytes the memory of a sequence has."""
        cdef Step step
        cdef Py_ssize_t bytes
        step.m, step.ld = m, padded_to_line(n_s, itemsize)
        bytes = place_reserve(&step, self.cell_f32, self.drops, NULL, T, itemsize)
        return bytes // itemsize

    def work_length(self, Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t itemsize, *,
                    bint backward):
        """Return how many elements of scratch memory :meth:`forward` or :meth:`backward` wants."""
        cdef Job job
        set_sizes(&job, self, m, n_x, n_s, itemsize)
        job.ld_x = padded_to_line(n_x, itemsize)
        if backward:
            return (place_back(&job, NULL, bptt_steps(&job, T, itemsize), itemsize) + LINE_BYTES) // itemsize
        return (place_weights(&job, NULL, itemsize) + LINE_BYTES) // itemsize

    def forward(self, x, tuple weights, reserve, *, work=None, const unsigned char[:, ::1] mask=None,
                const long long[:, ::1] tokens=None, source=None, drop=None):
        """Run the whole sequence.

        Parameters
        ----------
        x : IN (T, m, >= n_x), neighbouring features, rows at equal distances; OUT where there is a source
        weights : IN (gates n_s, n_x), (gates n_s, n_s), (gates n_s, 1), any strides: Wx, Ws, bs, and bx like bs where
            the reset comes after the product
        reserve : IN/OUT, `reserve_length` elements; IN the states of the first step, OUT the rest.  Gates and kept
            arrays are unspecified where a step does not count
        work : scratch, `work_length` elements, or None to have it made
        mask : IN (T, m), not zero at the steps that count, or None where all do; what does not count keeps its states,
            whatever x holds there
        tokens : IN (T, m), where the rows of x are one-hot: the places of their ones; x has no features then
        source : IN (n_x, m, T), any strides, what is copied into x, (T, m, ld_x); or None where x holds it
        drop : IN (gates, m, ld), what the recurrent product of each gate multiplies the state by
        """
        wx, ws, bs, bx = weights if len(weights) == 4 else (*weights, None)
        require_arrays(x, wx, ws, bs, reserve)
        if reserve.itemsize == sizeof(float):
            run_forward[float](self, x, wx, ws, bs, bx, reserve, work, mask, tokens, source, drop)
        else:
            run_forward[double](self, x, wx, ws, bs, bx, reserve, work, mask, tokens, source, drop)

    def backward(self, ds, x, tuple weights, reserve, tuple gradients, d_initial, *, dx=None, work=None,
                 const unsigned char[:, ::1] mask=None, const long long[:, ::1] tokens=None, source=None, drop=None):
        """Backpropagate through the whole sequence, or the first steps of it.

        Parameters
        ----------
        ds : IN (steps, m, ld), gradient at each state, steps <= T; or None where there is a source
        x, weights, reserve, mask, tokens, drop : IN as :meth:`forward` had and left them; biases are not read
        gradients : OUT like the weights
        d_initial : OUT (states, m, ld), at the initial states.  That of a cell state is IN/OUT: IN the gradient at the
            last cells
        dx : OUT (steps, m, ld_x), or None where it is not wanted
        work : scratch, `work_length` elements, or None to have it made
        source : IN (n_s, m, steps), any strides, the gradient at each state, or None
        """
        wx, ws = weights[:2]
        dwx, dws, dbs, dbx = gradients if len(gradients) == 4 else (*gradients, None)
        require_arrays(x, wx, ws, reserve, d_initial)
        require_arrays(dwx, dws, dbs, reserve, d_initial)
        if reserve.itemsize == sizeof(float):
            run_backward[float](self, ds, x, wx, ws, reserve, dwx, dws, dbs, dbx, d_initial, dx, work, mask, tokens,
                                source, drop)
        else:
            run_backward[double](self, ds, x, wx, ws, reserve, dwx, dws, dbs, dbx, d_initial, dx, work, mask, tokens,
                                 source, drop)

    def stage(self, tuple weights, Py_ssize_t streams, Py_ssize_t steps, dtype):
        """Return the stage of a stream (stage.pyx); weights as :meth:`forward` takes them, of this dtype."""
        cdef RecurrentStage stage = RecurrentStage.__new__(RecurrentStage)
        wx, ws, bs, bx = weights if len(weights) == 4 else (*weights, None)
        require_arrays(wx, ws, bs, wx, wx)
        if dtype.itemsize == sizeof(float):
            prepare[float](stage, self, wx, ws, bs, bx, streams, steps, dtype)
        else:
            prepare[double](stage, self, wx, ws, bs, bx, streams, steps, dtype)
        return stage


cdef int require_arrays(a, b, c, d, e) except -1:
    """Raise ``TypeError`` where an array is None, which is a memoryview too."""
    if a is None or b is None or c is None or d is None or e is None:
        raise TypeError("an array is None that should be there")
    return 0


# Sizes and memory ------------------------------------------------------------------------------------------------

cdef void set_sizes(Job *job, Recurrence self, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t size) noexcept:
    job.cell = self.cell_f32 if size == sizeof(float) else self.cell_f64
    job.any, job.turn, job.first_share = self.any, 0, 0
    job.step.activation, job.step.recurrent_activation = self.activation, self.recurrent_activation
    job.m, job.n_x, job.n_s, job.ld, job.ld_x = m, n_x, n_s, padded_to_line(n_s, size), 0
    job.columns = job.cell.gates * job.ld
    job.step.m, job.step.n_s, job.step.ld, job.step.gate_count = m, n_s, job.ld, job.cell.gates
    job.step.drop = NULL
    job.drops = self.drops
    job.mask, job.tokens, job.dx, job.source.array = NULL, NULL, NULL, NULL


cdef bint is_apart(const Cell *cell) noexcept nogil:
    """Whether some gates have a recurrent product of their own."""
    return cell.apart < cell.gates


cdef Py_ssize_t depth_back(const Job *job) noexcept nogil:
    """How many elements of a row of da a product sums over: gate by gate with the padding, where there are several."""
    return job.n_s if job.cell.gates == 1 else job.columns


cdef Py_ssize_t place_reserve(Step *step, const Cell *cell, bint drops, void *memory, Py_ssize_t T,
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


cdef Py_ssize_t place_weights(Job *job, void *memory, Py_ssize_t size) noexcept nogil:
    """Place the packed weights of a forward pass; return their bytes."""
    cdef Arena arena = arena_of(memory)
    job.bias = take(&arena, job.columns * size)
    job.step.apart_bias = take(&arena, job.ld * size if is_apart(job.cell) else 0)
    job.step.packed = take(&arena, job.columns * job.n_s * size)
    job.packed_wx = take(&arena, job.columns * job.n_x * size)
    return arena.bytes


cdef Py_ssize_t place_back(Job *job, void *memory, Py_ssize_t steps, Py_ssize_t size) noexcept nogil:
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


cdef Py_ssize_t bptt_steps(const Job *job, Py_ssize_t T, Py_ssize_t size) noexcept nogil:
    """How many steps a backward pass takes between two turns of the gradients of the weights."""
    return segment_length(T, job.m, job.m * (job.columns + job.ld * is_apart(job.cell)) * size)


cdef void set_input(Job *job, const floating[:, :, :] x, Py_ssize_t T) except *:
    job.x = &x[0, 0, 0] if job.n_x else NULL
    job.x_row = row_stride(T, job.m, x.strides[0], x.strides[1], sizeof(floating))
    if job.n_x > 1 and x.strides[2] != sizeof(floating):
        raise ValueError(f"the features of x must be neighbours, got strides {(x.strides[0], x.strides[1], x.strides[2])}")


cdef int set_drop(Job *job, const floating[:, :, ::1] drop) except -1:
    if (drop is not None) != job.drops or (drop is not None and (
            drop.shape[0] != job.cell.gates or drop.shape[1] != job.m or drop.shape[2] != job.ld)):
        raise ValueError("drop should be (gates, m, ld) with a recurrent dropout, and None without")
    if drop is not None:
        job.step.drop = &drop[0, 0, 0]
    return 0


cdef int next_group(const Job *job, int gate) noexcept nogil:
    """Return the gate before which the group ends that begins with a gate: those that share a recurrent product."""
    if job.drops:
        return gate + 1
    return job.cell.apart if gate < job.cell.apart else job.cell.gates


# Forward ---------------------------------------------------------------------------------------------------------

cdef int run_forward(Recurrence self, const floating[:, :, :] x, const floating[:, :] wx, const floating[:, :] ws,
                     const floating[:, :] bs, const floating[:, :] bx, floating[::1] reserve, floating[::1] work,
                     const unsigned char[:, ::1] mask, const long long[:, ::1] tokens,
                     const floating[:, :, :] source, const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t T = x.shape[0], m = x.shape[1], size = sizeof(floating), bytes, segment, first
    cdef Py_ssize_t n_x = wx.shape[1] if tokens is None else 0, n_s = ws.shape[1]
    cdef double step_operations = 2.0 * self.gates * m * n_s * (n_x + n_s)
    cdef int shares
    cdef Scratch own, own_tokens
    cdef void *memory
    cdef Job job
    if m == 0 or T == 0 or n_s == 0:
        return 0
    set_sizes(&job, self, m, n_x, n_s, size)
    bytes = place_weights(&job, NULL, size) + LINE_BYTES
    if (place_reserve(&job.step, job.cell, self.drops, &reserve[0], T, size) != reserve.shape[0] * size or x.shape[2] < n_x
            or (work is not None and work.shape[0] * size < bytes)
            or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m))
            or (source is not None and (source.shape[0] != n_x or source.shape[1] != m or source.shape[2] != T
                                        or x.strides[1] != x.shape[2] * size))):
        raise ValueError("reserve, x, source, mask, the weights and work do not fit together")
    check_weights(job.cell, n_s, wx, ws, bs, bx)
    own = scratch(bytes) if work is None else None
    memory = own.start if work is None else <void *> &work[0]
    set_input(&job, x, T)
    set_drop(&job, drop)
    job.source = source_of(source)
    job.mask = &mask[0, 0] if mask is not None else NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, T, m, wx.shape[1])
        job.tokens, job.wx = <const long long *> own_tokens.start, &wx[0, 0]
        job.w_unit, job.w_input = wx.strides[0] // size, wx.strides[1] // size
    job.shares = threads_for(step_operations * T, m)
    # the projection sees the rows of many steps at once where a share is the whole batch
    job.step.width = panel_width(<floating *> NULL, m // job.shares)
    job.x_width = panel_width(<floating *> NULL, m // job.shares if job.shares > 1 else m * T)
    pack_weights(&job, wx, ws, bs, bx, memory)
    step_operations += element_operations(&job)
    segment, shares = units_between_looks(step_operations), job.shares
    for first in range(0, T, segment):
        job.first_step, job.end_step = first, min(first + segment, T)
        run_in_turns(&job, shares, step_operations * (job.end_step - first), m // UNDIVIDED,
                     forward_float if floating is float else forward_double)
    return 0


cdef double element_operations(const Job *job) noexcept nogil:
    """What a step costs beside its products."""
    return <double> job.m * (EXPONENTIAL * job.columns + MOVE * job.n_x)


cdef int run_in_turns(Job *job, int shares, double operations, Py_ssize_t parts, share_task task) except -1:
    """Run a task in some shares at a time, with a look for Ctrl-C behind each turn.

    Results do not depend on the number of shares, nor on that of turns.
    """
    cdef int turns = turns_for(operations, shares, parts), turn
    job.shares = shares * turns
    for turn in range(turns):
        job.first_share = turn * shares
        with nogil:
            run_shares(shares, task, job)
        look(operations / turns)
    return 0


cdef int check_weights(const Cell *cell, Py_ssize_t n_s, const floating[:, :] wx, const floating[:, :] ws,
                       const floating[:, :] bs, const floating[:, :] bx) except -1:
    cdef Py_ssize_t rows = cell.gates * n_s
    if (wx.shape[0] != rows or ws.shape[0] != rows or ws.shape[1] != n_s or bs.shape[0] != rows or bs.shape[1] != 1
            or (bx is not None) != cell.kept_is_product
            or (bx is not None and (bx.shape[0] != rows or bx.shape[1] != 1))):
        raise ValueError("the weights do not fit together: a bias is a column, and a cell has one for each bias it knows")
    return 0


cdef int pack_weights(Job *job, const floating[:, :] wx, const floating[:, :] ws, const floating[:, :] bs,
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


cdef void forward_float(void *job, int share) noexcept nogil:
    forward_share(<Job *> job, share, <float *> NULL)


cdef void forward_double(void *job, int share) noexcept nogil:
    forward_share(<Job *> job, share, <double *> NULL)


cdef void forward_share(Job *job, int share, floating *_) noexcept nogil:
    """Some steps of some batch columns.  The pre-activations stand where the gates will."""
    cdef int place = job.first_share + share
    cdef Py_ssize_t first = start_by_work(job.mask, job.first_step, job.end_step, job.m, place, job.shares)
    cdef Py_ssize_t end = start_by_work(job.mask, job.first_step, job.end_step, job.m, place + 1, job.shares)
    cdef Py_ssize_t m = job.m, ld = job.ld, columns = job.columns, rows = end - first, row, end_row, t, t_end
    cdef Py_ssize_t step = job.first_step, copied = step
    cdef Py_ssize_t arrays = (job.cell.gates if job.cell.gates > 1 else 0) + job.cell.states + job.cell.kept
    cdef Py_ssize_t chunk = chunk_length(rows, (job.n_x + arrays * ld) * sizeof(floating))
    cdef floating *gates = <floating *> job.step.gates
    cdef int i
    while step < job.end_step:
        t_end = min(step + chunk, job.end_step)
        if job.tokens != NULL:
            gather_rows(step, t_end, first, end, m, job.cell.gates, job.n_s, ld, job.tokens, <const floating *> job.wx,
                        job.w_unit, job.w_input, <const floating *> job.bias, gates)
        else:
            copy_until(&job.source, &copied, t_end, job.end_step, first, end, m, <floating *> job.x, job.x_row,
                       job.x_row)
            multiply_rows(step, t_end, first, end, m, columns, job.n_x, <const floating *> job.x, job.x_row,
                          <const floating *> job.packed_wx, job.x_width, gates, columns, FROM_BIAS,
                          <const floating *> job.bias, job.mask)
        for t in range(step, t_end):
            row, end_row = t * m + first, t * m + end
            while row < end_row:
                rows = next_run(job.mask, &row, end_row)
                job.cell.step[job.any](&job.step, t, row - t * m, rows, LAST_FIRST if (t + job.turn) & 1 else 0)
                row += rows
            for i in range(job.cell.states):
                keep_states(job.mask, t * m + first, end_row, m, ld, <floating *> job.step.states[i])
        step = t_end


# Backward --------------------------------------------------------------------------------------------------------

cdef int run_backward(Recurrence self, const floating[:, :, ::1] ds, const floating[:, :, :] x,
                      const floating[:, :] wx, const floating[:, :] ws, floating[::1] reserve, floating[:, :] dwx,
                      floating[:, :] dws, floating[:, :] dbs, floating[:, :] dbx, floating[:, :, ::1] d_initial,
                      floating[:, :, ::1] dx, floating[::1] work, const unsigned char[:, ::1] mask,
                      const long long[:, ::1] tokens, const floating[:, :, :] source,
                      const floating[:, :, ::1] drop) except -1:
    cdef Py_ssize_t T = x.shape[0], m = x.shape[1], size = sizeof(floating), bytes, segment, some, last
    cdef Py_ssize_t n_x = wx.shape[1] if tokens is None else 0, n_s = ws.shape[1], steps
    cdef double step_operations = 2.0 * self.gates * m * n_s * (n_s + (n_x if dx is not None else 0))
    cdef double weight_operations = 2.0 * self.gates * m * n_s * (n_s + n_x)
    cdef int shares, weight_shares, i
    cdef Scratch own, own_tokens
    cdef floating *da
    cdef floating *d_kept
    cdef Job job
    if (ds is None) == (source is None):
        raise ValueError("one of ds and source is wanted, and one only")
    steps = ds.shape[0] if source is None else source.shape[2]
    if m == 0 or n_s == 0 or steps == 0:
        dwx[:, :] = 0
        dws[:, :] = 0
        dbs[:, :] = 0
        d_initial[:1] = 0
        if dbx is not None:
            dbx[:, :] = 0
        if dx is not None:
            dx[:, :, :] = 0
        return 0
    set_sizes(&job, self, m, n_x, n_s, size)
    job.ld_x = dx.shape[2] if dx is not None else 0
    segment = bptt_steps(&job, steps, size)
    bytes = place_back(&job, NULL, segment, size) + LINE_BYTES
    if (steps > T or place_reserve(&job.step, job.cell, self.drops, &reserve[0], T, size) != reserve.shape[0] * size
            or (ds is not None and (ds.shape[1] != m or ds.shape[2] < job.ld))
            or (source is not None and (source.shape[0] != n_s or source.shape[1] != m))
            or d_initial.shape[0] != self.states or d_initial.shape[1] != m or d_initial.shape[2] != job.ld
            or x.shape[2] < n_x or (dx is not None and (dx.shape[0] < steps or dx.shape[1] != m or job.ld_x < n_x))
            or dwx.shape[0] != wx.shape[0] or dwx.shape[1] != wx.shape[1] or dws.shape[0] != ws.shape[0]
            or dws.shape[1] != n_s or (mask is not None and (mask.shape[0] < steps or mask.shape[1] != m))
            or (work is not None and work.shape[0] * size < bytes)):
        raise ValueError("ds or source, reserve, x, d_initial, mask, the weights, their gradients and work do not fit "
                         "together")
    check_weights(job.cell, n_s, wx, ws, dbs, dbx)
    own = scratch(bytes) if work is None else None
    place_back(&job, own.start if work is None else <void *> &work[0], segment, size)
    da, d_kept = <floating *> job.step.da, <floating *> job.step.d_kept
    set_input(&job, x, steps)
    set_drop(&job, drop)
    for i in range(self.states):
        job.step.carry[i] = &d_initial[i, 0, 0]
    memset(job.step.carry[0], 0, m * job.ld * size)
    job.source = source_of(source)
    if ds is not None:
        job.step.ds, job.step.ds_row = &ds[0, 0, 0], ds.shape[2]
    job.mask = &mask[0, 0] if mask is not None else NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, steps, m, wx.shape[1])
        dwx[:, :] = 0
        job.tokens, job.dwx = <const long long *> own_tokens.start, &dwx[0, 0]
        job.w_unit, job.w_input = dwx.strides[0] // size, dwx.strides[1] // size
    job.dx = &dx[0, 0, 0] if dx is not None and n_x else NULL
    shares = job.shares = threads_for(step_operations * steps, m)
    weight_shares = threads_for(weight_operations * steps, job.columns // UNDIVIDED_COLUMNS)
    job.step.width = panel_width(<floating *> NULL, m // shares)
    job.x_width = panel_width(<floating *> NULL, m // shares if shares > 1 else m * steps)
    pack_back(&job, wx, ws)
    memset(job.sums, 0, ((n_x + n_s + 1) * job.columns + (job.ld if is_apart(job.cell) else 0)) * size)
    step_operations += element_operations(&job)
    some = units_between_looks(step_operations)
    last = steps
    while last > 0:
        job.step.first_step = max(last - segment, 0)
        # the memory of da is that of one segment, offset so that absolute step indices work
        job.step.da = da - job.step.first_step * m * job.columns
        job.step.d_kept = d_kept - job.step.first_step * m * job.ld
        if job.source.array != NULL:
            # the source is copied to where the last gate's da will stand: a row is read before da takes its place
            job.step.ds, job.step.ds_row = <floating *> job.step.da + job.columns - job.ld, job.columns
        job.end_step = last
        while job.end_step > job.step.first_step:
            job.first_step = max(job.end_step - some, job.step.first_step)
            run_in_turns(&job, shares, step_operations * (job.end_step - job.first_step), m // UNDIVIDED,
                         backward_float if floating is float else backward_double)
            job.end_step = job.first_step
        # dWx, dWs and dbs as one long product over the rows of the segment, each share its own columns
        job.first_step, job.end_step = job.step.first_step, last
        run_in_turns(&job, weight_shares, weight_operations * (last - job.first_step),
                     job.columns // UNDIVIDED_COLUMNS, weights_float if floating is float else weights_double)
        last = job.first_step
    copy_sums(&job, dwx, dws, dbs, dbx)
    return 0


cdef int pack_back(Job *job, const floating[:, :] wx, const floating[:, :] ws) except -1:
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


cdef int copy_sums(Job *job, floating[:, :] dwx, floating[:, :] dws, floating[:, :] dbs, floating[:, :] dbx) except -1:
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


cdef void backward_float(void *job, int share) noexcept nogil:
    backward_share(<Job *> job, share, <float *> NULL)


cdef void backward_double(void *job, int share) noexcept nogil:
    backward_share(<Job *> job, share, <double *> NULL)


cdef void backward_share(Job *job, int share, floating *_) noexcept nogil:
    """Some steps of some batch columns, the last step first.  The carries take the gradients to the step before."""
    cdef int place = job.first_share + share
    cdef Py_ssize_t first = start_by_work(job.mask, job.first_step, job.end_step, job.m, place, job.shares)
    cdef Py_ssize_t end = start_by_work(job.mask, job.first_step, job.end_step, job.m, place + 1, job.shares)
    cdef Py_ssize_t m = job.m, n_s = job.n_s, ld = job.ld, columns = job.columns, rows = end - first
    # da, gates where they are not states, ds, states, and what is kept
    cdef Py_ssize_t arrays = job.cell.gates * (1 + (job.cell.gates > 1)) + 2 + job.cell.kept
    cdef Py_ssize_t chunk = chunk_length(rows, (job.ld_x + arrays * ld) * sizeof(floating))
    cdef Py_ssize_t row, first_row, end_row, t, t_first, step = job.end_step, copied = step
    cdef floating *da = <floating *> job.step.da
    cdef int i
    while step > job.first_step:
        t_first = max(step - chunk, job.first_step)
        for t in range(step - 1, t_first - 1, -1):
            first_row, end_row = t * m + first, t * m + end
            copy_back_to(&job.source, &copied, t, job.first_step, first, end, m, da + columns - ld, ld, columns)
            for i in range(job.cell.states):
                save_carry(job.mask, first_row, end_row, n_s, <const floating *> job.step.ds if i == 0 else NULL,
                           job.step.ds_row, <const floating *> job.step.carry[i] + first * ld,
                           <floating *> job.saved[i] + first * ld, ld)
            row = first_row
            while row < end_row:
                rows = next_run(job.mask, &row, end_row)
                job.cell.step_back[job.any](&job.step, t, row - t * m, rows)
                row += rows
            for i in range(job.cell.states):
                restore_carry(job.mask, first_row, end_row, n_s, <floating *> job.step.carry[i] + first * ld,
                              <const floating *> job.saved[i] + first * ld, ld)
        if job.dx != NULL:
            multiply_rows(t_first, step, first, end, m, job.ld_x, depth_back(job), da, columns,
                          <const floating *> job.packed_wx, job.x_width, <floating *> job.dx, job.ld_x, FROM_ZERO,
                          <floating *> NULL, job.mask)
            clear_rows(job.mask, t_first, step, first, end, m, job.ld_x, <floating *> job.dx)
        step = t_first


cdef void weights_float(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <float *> NULL)


cdef void weights_double(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <double *> NULL)


cdef void weights_share(Job *job, int share, floating *_) noexcept nogil:
    """Some columns of the gradients of the weights, over the rows of some steps, group by group of the gates.

    What a group's Ws is multiplied with is the state, or what is dropped of it, or the kept array; and of a product that
    is kept, what comes back to Ws is not da, but d_kept.
    """
    cdef Py_ssize_t ld = job.ld, n_x = job.n_x, columns = job.columns, low, high
    cdef int place = job.first_share + share
    cdef Py_ssize_t left = column_start(columns, place, job.shares, _)
    cdef Py_ssize_t right = column_start(columns, place + 1, job.shares, _)
    cdef Py_ssize_t first = job.first_step * job.m, end = job.end_step * job.m
    cdef const floating *da = <const floating *> job.step.da
    cdef floating *x_sums = <floating *> job.sums
    cdef floating *s_sums = x_sums + n_x * columns
    cdef floating *bias_sums = <floating *> job.bias_sums
    cdef Factor factors[2]
    cdef int gate = 0, group_end, count = 2 if n_x else 1
    if job.tokens != NULL:
        scatter_rows(first, end, left, right, job.cell.gates, job.n_s, ld, job.tokens, job.mask, da,
                     <floating *> job.dwx, job.w_unit, job.w_input)
    while gate < job.cell.gates:
        group_end = next_group(job, gate)
        low, high = max(left, gate * ld), min(right, group_end * ld)
        if low < high:
            factors[0] = factor_of(<const floating *> job.step.states[0], ld, job.n_s, s_sums + low)
            factors[1] = factor_of(<const floating *> job.x, job.x_row, n_x, x_sums + low)
            if gate >= job.cell.apart and not job.cell.kept_is_product:
                factors[0].a = job.step.kept
            elif job.drops:
                factors[0].a, factors[0].a_row = <const floating *> job.step.dropped + gate * ld, columns
            if gate >= job.cell.apart and job.cell.kept_is_product:
                # of da without the first factor, the states
                add_gradient(first, end, high - low, da + low, columns, factors + 1, count - 1, columns,
                             bias_sums + low, job.mask)
                low -= job.cell.apart * ld
                add_gradient(first, end, high - job.cell.apart * ld - low, <const floating *> job.step.d_kept + low, ld,
                             factors, 1, columns, <floating *> job.apart_sums + low, job.mask)
            else:
                add_gradient(first, end, high - low, da + low, columns, factors, count, columns, bias_sums + low,
                             job.mask)
        gate = group_end


# Streams ---------------------------------------------------------------------------------------------------------

cdef class RecurrentStage(Stage):
    """A recurrence in a stream: its memory is the reserve of as many steps as a call takes at once."""

    cdef Job job

    cdef Stage twin(self):
        cdef RecurrentStage twin = RecurrentStage.__new__(RecurrentStage)
        twin.job = self.job
        return twin

    cdef void place(self, void *memory) noexcept:
        place_reserve(&self.job.step, self.job.cell, False, memory, self.steps, self.itemsize)
        self.y = <char *> memory + self.state_bytes

    cdef void run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) noexcept nogil:
        cdef Job *job = &self.job
        job.x, job.x_row, job.first_step, job.end_step = x, x_row, 0, steps
        job.shares = threads_for(self.operations * steps, job.m)
        run_shares(job.shares, forward_float if self.itemsize == sizeof(float) else forward_double, job)
        job.turn = (job.turn + steps) & 1
        self.keep(steps)


cdef int prepare(RecurrentStage stage, Recurrence self, const floating[:, :] wx, const floating[:, :] ws,
                 const floating[:, :] bs, const floating[:, :] bx, Py_ssize_t streams, Py_ssize_t steps,
                 dtype) except -1:
    """Give a stage its sizes, its memory and its weights."""
    cdef Py_ssize_t n_x = wx.shape[1], n_s = ws.shape[1], size = sizeof(floating)
    cdef Job *job = &stage.job
    cdef void *memory
    if n_s < 1:
        raise ValueError("there are no units")
    set_sizes(job, self, streams, n_x, n_s, size)
    check_weights(job.cell, n_s, wx, ws, bs, bx)
    stage.kinds, stage.state_bytes, stage.y_row = self.states, streams * job.ld * size, job.ld
    stage.needs_output = True
    stage.operations = 2.0 * self.gates * streams * n_s * (n_x + n_s)
    memory = stage.make(streams, steps, n_s, dtype, self.work_length(steps, streams, n_x, n_s, size, backward=False),
                        self.reserve_length(steps, streams, n_s, size))
    job.step.width = job.x_width = panel_width(<floating *> NULL, streams)
    pack_weights(job, wx, ws, bs, bx, memory)
    return 0
