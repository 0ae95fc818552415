"""The GRU over whole sequences: forward and backpropagation through time, with the reset before or after the product.

    r, z = sigmoid(Wx x + bx + Ws s + bs)           on their rows
    n = tanh(Wx_n x + bs_n + Ws_n (r * s))          reset before (one bias, bs)
    n = tanh(Wx_n x + bx_n + r * (Ws_n s + bs_n))   reset after
    s' = (1 - z) * n + z * s

Gates stand in the order r, z, n.  Arrays are time-major with the features last, (T, m, n), and rows padded to `ld`
elements (memory.py).  Every array argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far
as safety wants it.  A mask says which steps count (sequence.pxd).
"""

from libc.string cimport memset

from fastrnn._core.buffers cimport (READ, READ_ROWS, WRITE, WRITE_ROWS, Buffers, clear, hold, hold_nothing,
                                    hold_vector, let_go)
from fastrnn._core.given cimport Given, give_nothing, given_by, take_back_to, take_until
from fastrnn._core.kernels cimport (FROM_BIAS, FROM_C, FROM_ZERO, LAST_FIRST, Factor, bind_kernels, floating, gru_reset,
                                    gru_reset_after, gru_reset_after_backward, gru_reset_backward, gru_update,
                                    gru_update_backward, pack, panel_width, product)
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.sequence cimport (PyErr_CheckSignals, add_gradient, chunk_length, clear_rows, column_start,
                                     copy_gradient, factor_of, hold_states, line_start, multiply_rows, next_run,
                                     pack_bias, padded, put_back, row_stride, segment_length, set_aside, start_by_work,
                                     steps_between_signals)
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport run_shares, threads_for
from fastrnn._core.tokens cimport checked_tokens, gather_rows, scatter_rows

bind_kernels()

cdef enum:
    GATES = 3

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    int shares
    bint reset_after
    int turn  # of the order in which the weights are read
    Py_ssize_t first_step, end_step, m, n_x, n_s, ld, ld_x
    const void *x
    Py_ssize_t x_row
    Given given  # what x is to hold in the forward pass, and ds in the backward pass
    const void *packed_wx
    Py_ssize_t x_width
    const void *packed_rz
    const void *packed_n
    Py_ssize_t s_width
    const void *bias
    const void *hidden_bias
    void *states
    void *gates
    void *hidden
    const unsigned char *mask
    # where the rows of x are one-hot: the places of their ones, and the weights that they pick or add to
    const long long *tokens
    const void *wx
    void *dwx
    Py_ssize_t w_unit, w_input
    # of the backward pass
    const void *ds
    void *carry
    Py_ssize_t ds_row, carry_row
    void *aside
    void *da
    void *d_hidden
    void *dx
    void *sums
    void *bias_sums
    void *hidden_sums

cdef struct Arrays:
    # those of a call, NULL where there is none
    Py_buffer *x
    Py_buffer *wx
    Py_buffer *ws
    Py_buffer *bs
    Py_buffer *bx
    Py_buffer *states
    Py_buffer *gates
    Py_buffer *hidden
    Py_buffer *work
    Py_buffer *given
    # of the backward pass
    Py_buffer *ds
    Py_buffer *dx
    Py_buffer *ds0
    Py_buffer *dwx
    Py_buffer *dws
    Py_buffer *dbs
    Py_buffer *dbx


def forward_work(Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, dtype):
    """Elements of scratch memory of this dtype that :func:`forward` needs."""
    cdef Py_ssize_t ld = padded(n_s, dtype)
    return GATES * (n_x + n_s) * ld + (GATES + 2) * ld


def backward_work(Py_ssize_t T, Py_ssize_t m, Py_ssize_t n_x, Py_ssize_t n_s, dtype):
    """Elements of scratch memory of this dtype that :func:`backward` needs."""
    cdef Py_ssize_t ld = padded(n_s, dtype), ld_x = padded(n_x, dtype)
    cdef Py_ssize_t steps = segment_length(T, m, (GATES + 1) * m * ld * <Py_ssize_t> dtype.itemsize)
    return (GATES * ld * (ld + ld_x) + (GATES + 1) * steps * m * ld + GATES * (n_x + n_s) * ld + (GATES + 2) * ld
            + m * ld)


def forward(x, wx, ws, bs, bx, states, gates, hidden, work, const unsigned char[:, ::1] mask=None,
            const long long[:, ::1] tokens=None, given=None):
    """Run the whole sequence.

    Parameters
    ----------
    x : IN (T, m, >= n_x), neighbouring features, rows at equal distances; OUT where it is given
    wx, ws, bs : IN (3 n_s, n_x), (3 n_s, n_s), (3 n_s,) or (3 n_s, 1), any strides
    bx : IN as `bs`, for the reset after the product, None for the reset before it
    states : IN/OUT (T + 1, m, ld); IN the first step, OUT the others
    gates : OUT (T, m, 3, ld), r, z and n after activation; unspecified where a step does not count
    hidden : OUT (T, m, ld); r * s before, Ws_n s + bs_n after; likewise
    work : scratch, `forward_work` elements, or None to have it made
    mask : IN (T, m), not zero at the steps that count, or None where all do; what does not count keeps its state,
        whatever x holds there
    tokens : IN (T, m), where the rows of x are one-hot: the places of their ones; x has no features then
    given : IN (n_x, m, T), any strides, what x is to hold, (T, m, ld_x); or None where x holds it
    """
    cdef Buffers buffers
    cdef Arrays a
    hold_nothing(&buffers)
    try:
        a.x, a.wx, a.ws = hold(&buffers, x, 3, READ), hold(&buffers, wx, 2, READ), hold(&buffers, ws, 2, READ)
        a.bs = hold_vector(&buffers, bs, READ)
        a.bx = hold_vector(&buffers, bx, READ) if bx is not None else NULL
        a.states, a.gates = hold(&buffers, states, 3, WRITE_ROWS), hold(&buffers, gates, 4, WRITE_ROWS)
        a.hidden = hold(&buffers, hidden, 3, WRITE_ROWS)
        a.work = hold(&buffers, work, 1, WRITE_ROWS) if work is not None else NULL
        a.given = hold(&buffers, given, 3, READ) if given is not None else NULL
        if buffers.format == c'f':
            run_forward(&a, mask, tokens, <float *> NULL)
        else:
            run_forward(&a, mask, tokens, <double *> NULL)
    finally:
        let_go(&buffers)


cdef int run_forward(const Arrays *a, const unsigned char[:, ::1] mask, const long long[:, ::1] tokens,
                     floating *_) except -1:
    cdef Py_ssize_t T = a.states.shape[0] - 1, m = a.states.shape[1], ld = a.states.shape[2]
    cdef Py_ssize_t n_x = a.wx.shape[1] if tokens is None else 0, n_s = a.ws.shape[1], size = sizeof(floating)
    cdef double step_operations = 2.0 * GATES * m * n_s * (n_x + n_s)
    cdef Py_ssize_t segment = steps_between_signals(step_operations), first
    cdef Py_ssize_t work_length = GATES * (n_x + n_s) * ld + (GATES + 2) * ld
    cdef Scratch own, own_tokens
    cdef floating *work
    cdef Job job
    if m == 0 or T <= 0 or n_s == 0:
        return 0
    if (ld < n_s or a.x.shape[0] < T or a.x.shape[1] < m or a.x.shape[2] < n_x
            or a.gates.shape[0] < T or a.gates.shape[1] != m or a.gates.shape[2] != GATES or a.gates.shape[3] != ld
            or a.hidden.shape[0] < T or a.hidden.shape[1] != m or a.hidden.shape[2] != ld
            or a.wx.shape[0] != GATES * n_s or a.ws.shape[0] != GATES * n_s or a.bs.shape[0] != GATES * n_s
            or (a.bx != NULL and a.bx.shape[0] != GATES * n_s)
            or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m))
            or (a.given != NULL and (a.given.shape[0] != n_x or a.given.shape[1] != m or a.given.shape[2] != T))
            or (a.given != NULL and a.x.strides[1] != a.x.shape[2] * size)
            or (a.work != NULL and a.work.shape[0] < work_length)):
        raise ValueError("states, x, given, gates, hidden, mask, the weights and work do not fit together")

    own = None if a.work != NULL else scratch(work_length * size)
    work = <floating *> (own.start if a.work == NULL else a.work.buf)
    job.shares, job.reset_after, job.turn = threads_for(step_operations * T, m), a.bx != NULL, 0
    job.m, job.n_x, job.n_s, job.ld = m, n_x, n_s, ld
    job.x, job.x_row = (a.x.buf if n_x else NULL), row_stride(T, m, a.x.strides[0], a.x.strides[1], size)
    job.states, job.gates, job.hidden = a.states.buf, a.gates.buf, a.hidden.buf
    give_nothing(&job.given)
    if a.given != NULL and n_x:
        job.given = given_by(a.given)
    job.mask = &mask[0, 0] if mask is not None else NULL
    job.tokens, job.wx = NULL, NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, T, m, a.wx.shape[1])
        job.tokens, job.wx = <const long long *> own_tokens.start, a.wx.buf
        job.w_unit, job.w_input = a.wx.strides[0] // size, a.wx.strides[1] // size
    job.s_width = panel_width(work, m // job.shares)
    job.x_width = panel_width(work, m // job.shares if job.shares > 1 else m * T)
    pack_weights(&job, a.wx, a.ws, a.bs, a.bx, work)

    for first in range(0, T, segment):
        job.first_step, job.end_step = first, min(first + segment, T)
        with nogil:
            run_shares(job.shares, forward_float if floating is float else forward_double, &job)
        if job.end_step < T:
            PyErr_CheckSignals()
    return 0


cdef void pack_weights(Job *job, const Py_buffer *wx, const Py_buffer *ws, const Py_buffer *bs,
                       const Py_buffer *bx, floating *work) noexcept:
    """Pack what a forward pass reads, for the sizes and widths of the job, into `forward_work` elements."""
    cdef Py_ssize_t n_x = job.n_x, n_s = job.n_s, ld = job.ld, size = sizeof(floating)
    cdef floating *bias = line_start(work)
    cdef floating *hidden_bias = bias + GATES * ld
    cdef floating *packed_rz = hidden_bias + ld
    cdef floating *packed_n = packed_rz + 2 * n_s * ld
    cdef floating *packed_wx = packed_n + n_s * ld
    cdef Py_ssize_t w_k = ws.strides[1] // size, w_column = ws.strides[0] // size, b_step = bs.strides[0] // size
    cdef const floating *b = <const floating *> bs.buf
    job.bias, job.hidden_bias = bias, hidden_bias
    job.packed_rz, job.packed_n, job.packed_wx = packed_rz, packed_n, packed_wx
    pack(packed_rz, job.s_width, ws.buf, 1, n_s, n_s, w_k, 2, n_s, ld, w_column)
    pack(packed_n, job.s_width, <const floating *> ws.buf + 2 * n_s * w_column, 1, n_s, n_s, w_k, 1, n_s, ld, w_column)
    if n_x:
        pack(packed_wx, job.x_width, wx.buf, 1, n_x, n_x, wx.strides[1] // size, GATES, n_s, ld,
             wx.strides[0] // size)
    if job.reset_after:
        # bs joins bx but for n, where r multiplies it
        pack_bias(bias, <const floating *> bx.buf, bx.strides[0] // size, GATES, n_s, ld, False)
        pack_bias(bias, b, b_step, 2, n_s, ld, True)
        pack_bias(hidden_bias, b + 2 * n_s * b_step, b_step, 1, n_s, ld, False)
    else:
        pack_bias(bias, b, b_step, GATES, n_s, ld, False)


cdef void forward_float(void *job, int share) noexcept nogil:
    forward_share(<Job *> job, share, <float *> NULL)


cdef void forward_double(void *job, int share) noexcept nogil:
    forward_share(<Job *> job, share, <double *> NULL)


cdef void forward_share(Job *job, int share, floating *_) noexcept nogil:
    """Some steps of some batch columns.  The pre-activations stand where the gates will."""
    cdef Py_ssize_t first = start_by_work(job.mask, job.first_step, job.end_step, job.m, share, job.shares)
    cdef Py_ssize_t end = start_by_work(job.mask, job.first_step, job.end_step, job.m, share + 1, job.shares)
    cdef Py_ssize_t m = job.m, n_s = job.n_s, ld = job.ld, rows = end - first, columns = GATES * ld
    cdef Py_ssize_t chunk = chunk_length(rows, (job.n_x + (GATES + 2) * ld) * sizeof(floating))
    cdef Py_ssize_t row, end_row, t, t_end, step = job.first_step, taken = step
    cdef int order
    cdef const floating *packed_rz = <const floating *> job.packed_rz
    cdef const floating *packed_n = <const floating *> job.packed_n
    cdef const floating *hidden_bias = <const floating *> job.hidden_bias
    cdef floating *states = <floating *> job.states
    cdef floating *gates = <floating *> job.gates
    cdef floating *s_prev
    cdef floating *g
    cdef floating *h
    while step < job.end_step:
        t_end = min(step + chunk, job.end_step)
        if job.tokens != NULL:
            gather_rows(step, t_end, first, end, m, GATES, n_s, ld, job.tokens, <const floating *> job.wx, job.w_unit,
                        job.w_input, <const floating *> job.bias, gates)
        else:
            take_until(&job.given, &taken, t_end, job.end_step, first, end, m, <floating *> job.x, job.x_row,
                       job.x_row)
            multiply_rows(step, t_end, first, end, m, columns, job.n_x, <const floating *> job.x, job.x_row,
                          <const floating *> job.packed_wx, job.x_width, gates, columns, FROM_BIAS,
                          <const floating *> job.bias, job.mask)
        for t in range(step, t_end):
            row, end_row, order = t * m + first, t * m + end, LAST_FIRST if (t + job.turn) & 1 else 0
            while row < end_row:
                rows = next_run(job.mask, &row, end_row)
                s_prev, g, h = states + row * ld, gates + row * columns, <floating *> job.hidden + row * ld
                if job.reset_after and order:
                    product(rows, ld, n_s, s_prev, ld, packed_n, job.s_width, h, ld, FROM_BIAS | order, hidden_bias)
                product(rows, 2 * ld, n_s, s_prev, ld, packed_rz, job.s_width, g, columns, FROM_C | order,
                        <floating *> NULL)
                if job.reset_after:
                    if not order:
                        product(rows, ld, n_s, s_prev, ld, packed_n, job.s_width, h, ld, FROM_BIAS, hidden_bias)
                    gru_reset_after(rows, n_s, g, columns, ld, h, ld, s_prev, s_prev + m * ld, ld)
                else:
                    gru_reset(rows, n_s, g, columns, ld, s_prev, ld, h, ld)
                    product(rows, ld, n_s, h, ld, packed_n, job.s_width, g + 2 * ld, columns, FROM_C | order,
                            <floating *> NULL)
                    gru_update(rows, n_s, g, columns, ld, s_prev, s_prev + m * ld, ld)
                row += rows
            hold_states(job.mask, t * m + first, end_row, m, ld, states)
        step = t_end


cdef class GRUStage(Stage):
    """A GRU in a stream."""

    cdef Job job

    cdef Stage twin(self):
        cdef GRUStage twin = GRUStage.__new__(GRUStage)
        twin.job = self.job
        return twin

    cdef void place(self, void *memory) noexcept:
        cdef char *states = <char *> memory
        cdef Py_ssize_t step = self.state_bytes
        self.job.states, self.y = states, states + step
        self.job.gates = states + (self.steps + 1) * step
        self.job.hidden = states + ((GATES + 1) * self.steps + 1) * step

    cdef void run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) noexcept nogil:
        cdef Job *job = &self.job
        job.x, job.x_row, job.first_step, job.end_step = x, x_row, 0, steps
        job.shares = threads_for(self.operations * steps, job.m)
        run_shares(job.shares, forward_float if self.itemsize == sizeof(float) else forward_double, job)
        job.turn = (job.turn + steps) & 1
        self.keep(steps)


def stage(wx, ws, bs, bx, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); weights as :func:`forward` takes them, of this dtype."""
    cdef GRUStage self = GRUStage.__new__(GRUStage)
    cdef Buffers buffers
    cdef Arrays a
    hold_nothing(&buffers)
    try:
        a.wx, a.ws = hold(&buffers, wx, 2, READ), hold(&buffers, ws, 2, READ)
        a.bs = hold_vector(&buffers, bs, READ)
        a.bx = hold_vector(&buffers, bx, READ) if bx is not None else NULL
        if buffers.format == c'f':
            prepare(self, &a, streams, steps, dtype, <float *> NULL)
        else:
            prepare(self, &a, streams, steps, dtype, <double *> NULL)
    finally:
        let_go(&buffers)
    return self


cdef int prepare(GRUStage self, const Arrays *a, Py_ssize_t streams, Py_ssize_t steps, dtype, floating *_) except -1:
    """Give a stage its sizes, its memory and its weights."""
    cdef Py_ssize_t n_x = a.wx.shape[1], n_s = a.ws.shape[1]
    cdef Job *job = &self.job
    if (n_s < 1 or a.wx.shape[0] != GATES * n_s or a.ws.shape[0] != GATES * n_s or a.bs.shape[0] != GATES * n_s
            or (a.bx != NULL and a.bx.shape[0] != GATES * n_s) or dtype.itemsize != sizeof(floating)):
        raise ValueError("the weights and dtype do not fit together")
    job.m, job.n_x, job.n_s, job.ld = streams, n_x, n_s, padded(n_s, dtype)
    give_nothing(&job.given)
    job.reset_after = a.bx != NULL
    self.kinds, self.state_bytes, self.y_row = 1, streams * job.ld * sizeof(floating), job.ld
    self.needs_output = True
    self.operations = 2.0 * GATES * streams * n_s * (n_x + n_s)
    cdef floating *work = <floating *> self.make(streams, steps, n_s, dtype,
                                                 forward_work(steps, streams, n_x, n_s, dtype),
                                                 ((GATES + 2) * steps + 1) * streams * job.ld)
    job.s_width = job.x_width = panel_width(work, streams)
    pack_weights(job, a.wx, a.ws, a.bs, a.bx, work)
    return 0


def backward(ds, x, states, gates, hidden, wx, ws, bint reset_after, dx, ds0, dwx, dws, dbs, dbx, work,
             const unsigned char[:, ::1] mask=None, const long long[:, ::1] tokens=None, given=None):
    """Backpropagate through the whole sequence.

    Parameters
    ----------
    ds : IN (T, m, ld), gradient at each state, or None where it is given
    x, states, gates, hidden, wx, ws, mask, tokens : IN as :func:`forward` had and left them
    reset_after : whether `forward` was given a bx
    dx : OUT (T, m, ld_x), or None where it is not wanted
    ds0 : OUT (m, ld)
    dwx, dws, dbs : OUT (3 n_s, n_x), (3 n_s, n_s), (3 n_s,) or (3 n_s, 1), any strides
    dbx : OUT as `dbs` with `reset_after`, else None
    work : scratch, `backward_work` elements, or None to have it made
    given : IN (n_s, m, T), any strides, the gradient at each state, or None
    """
    cdef Buffers buffers
    cdef Arrays a
    hold_nothing(&buffers)
    try:
        a.x, a.states = hold(&buffers, x, 3, READ), hold(&buffers, states, 3, READ_ROWS)
        a.gates, a.hidden = hold(&buffers, gates, 4, READ_ROWS), hold(&buffers, hidden, 3, READ_ROWS)
        a.wx, a.ws = hold(&buffers, wx, 2, READ), hold(&buffers, ws, 2, READ)
        a.ds = hold(&buffers, ds, 3, READ_ROWS) if ds is not None else NULL
        a.given = hold(&buffers, given, 3, READ) if given is not None else NULL
        a.dx = hold(&buffers, dx, 3, WRITE_ROWS) if dx is not None else NULL
        a.ds0 = hold(&buffers, ds0, 2, WRITE_ROWS)
        a.work = hold(&buffers, work, 1, WRITE_ROWS) if work is not None else NULL
        a.dwx, a.dws = hold(&buffers, dwx, 2, WRITE), hold(&buffers, dws, 2, WRITE)
        a.dbs = hold_vector(&buffers, dbs, WRITE)
        a.dbx = hold_vector(&buffers, dbx, WRITE) if dbx is not None else NULL
        if buffers.format == c'f':
            run_backward(&a, reset_after, mask, tokens, <float *> NULL)
        else:
            run_backward(&a, reset_after, mask, tokens, <double *> NULL)
    finally:
        let_go(&buffers)


cdef int run_backward(const Arrays *a, bint reset_after, const unsigned char[:, ::1] mask,
                      const long long[:, ::1] tokens, floating *_) except -1:
    cdef Py_ssize_t T = a.states.shape[0] - 1, m = a.states.shape[1], ld = a.states.shape[2]
    cdef Py_ssize_t n_x = a.wx.shape[1] if tokens is None else 0, n_s = a.ws.shape[1], size = sizeof(floating)
    cdef Py_ssize_t ld_x = a.dx.shape[2] if a.dx != NULL else 0
    cdef Py_ssize_t columns = GATES * ld
    cdef double step_operations = 2.0 * GATES * m * n_s * (n_s + (n_x if a.dx != NULL else 0))
    cdef double weight_operations = 2.0 * GATES * m * n_s * (n_s + n_x)
    cdef Py_ssize_t steps = segment_length(T, m, (GATES + 1) * m * ld * size)
    cdef Py_ssize_t segment = min(steps, steps_between_signals(step_operations + weight_operations))
    cdef int shares, weight_shares
    cdef Py_ssize_t work_length = (columns * (ld + ld_x) + (GATES + 1) * steps * m * ld + columns * (n_x + n_s)
                                   + (GATES + 2) * ld + m * ld)
    cdef Scratch own, own_tokens
    cdef Job job
    if m == 0 or T <= 0 or n_s == 0:
        clear(a.dwx)
        clear(a.dws)
        clear(a.dbs)
        clear(a.dbx)
        clear(a.ds0)
        clear(a.dx)
        return 0
    if ((a.ds == NULL) == (a.given == NULL) or ld < n_s or a.ds0.shape[0] < m or a.ds0.shape[1] < ld
            or (a.ds != NULL and (a.ds.shape[0] < T or a.ds.shape[1] != m or a.ds.shape[2] < ld))
            or (a.given != NULL and (a.given.shape[0] != n_s or a.given.shape[1] != m or a.given.shape[2] != T))
            or a.x.shape[0] < T or a.x.shape[1] < m or a.x.shape[2] < n_x or a.gates.shape[0] < T
            or a.gates.shape[1] != m or a.gates.shape[2] != GATES or a.gates.shape[3] != ld or a.hidden.shape[0] < T
            or a.hidden.shape[1] != m or a.hidden.shape[2] != ld or reset_after != (a.dbx != NULL)
            or (a.dx != NULL and (a.dx.shape[0] < T or a.dx.shape[1] != m or ld_x < n_x))
            or a.wx.shape[0] != GATES * n_s or a.ws.shape[0] != GATES * n_s or a.dwx.shape[0] != GATES * n_s
            or a.dwx.shape[1] != a.wx.shape[1] or a.dws.shape[0] != GATES * n_s or a.dws.shape[1] != n_s
            or a.dbs.shape[0] != GATES * n_s or (a.dbx != NULL and a.dbx.shape[0] != GATES * n_s)
            or (mask is not None and (mask.shape[0] < T or mask.shape[1] != m))
            or (a.work != NULL and a.work.shape[0] < work_length)):
        raise ValueError("ds or given, states, gates, hidden, x, mask, the weights, their gradients and work do not "
                         "fit together")

    own = None if a.work != NULL else scratch(work_length * size)
    cdef floating *packed_rz = line_start(<floating *> (own.start if a.work == NULL else a.work.buf))
    cdef floating *packed_n = packed_rz + 2 * ld * ld
    cdef floating *packed_wx = packed_n + ld * ld
    cdef floating *da = packed_wx + columns * ld_x
    cdef floating *d_hidden = da + steps * m * columns
    cdef floating *sums = d_hidden + steps * m * ld
    cdef floating *bias_sums = sums + (n_x + n_s) * columns
    cdef floating *hidden_sums = bias_sums + columns
    cdef floating *aside = hidden_sums + ld
    cdef floating *dbs = <floating *> a.dbs.buf
    cdef Py_ssize_t w_k = a.ws.strides[0] // size, w_column = a.ws.strides[1] // size
    cdef Py_ssize_t dbs_step = a.dbs.strides[0] // size
    shares = job.shares = threads_for(step_operations * T, m)
    job.reset_after = reset_after
    job.m, job.n_x, job.n_s, job.ld, job.ld_x = m, n_x, n_s, ld, ld_x
    job.x, job.x_row = (a.x.buf if n_x else NULL), row_stride(T, m, a.x.strides[0], a.x.strides[1], size)
    job.states, job.gates, job.hidden = a.states.buf, a.gates.buf, a.hidden.buf
    job.packed_rz, job.packed_n, job.packed_wx = packed_rz, packed_n, packed_wx
    job.da, job.d_hidden, job.sums, job.bias_sums, job.hidden_sums = da, d_hidden, sums, bias_sums, hidden_sums
    job.carry, job.carry_row = a.ds0.buf, a.ds0.shape[1]
    give_nothing(&job.given)
    if a.given != NULL:
        job.given = given_by(a.given)
    else:
        job.ds, job.ds_row = a.ds.buf, a.ds.shape[2]
    job.mask, job.aside = (&mask[0, 0] if mask is not None else NULL), aside
    job.tokens, job.dwx = NULL, NULL
    if tokens is not None:
        own_tokens = checked_tokens(tokens, T, m, a.wx.shape[1])
        job.tokens, job.dwx = <const long long *> own_tokens.start, a.dwx.buf
        job.w_unit, job.w_input = a.dwx.strides[0] // size, a.dwx.strides[1] // size
        clear(a.dwx)
    job.dx = a.dx.buf if a.dx != NULL and n_x else NULL
    job.s_width = panel_width(da, m // job.shares)
    job.x_width = panel_width(da, m // job.shares if job.shares > 1 else m * T)
    # the rows of da are padded gate by gate, so the panels have rows of zeros there
    pack(packed_rz, job.s_width, a.ws.buf, 2, n_s, ld, w_k, 1, n_s, ld, w_column)
    pack(packed_n, job.s_width, <const floating *> a.ws.buf + 2 * n_s * w_k, 1, n_s, ld, w_k, 1, n_s, ld, w_column)
    if job.dx != NULL:
        pack(packed_wx, job.x_width, a.wx.buf, GATES, n_s, ld, a.wx.strides[0] // size, 1, n_x, ld_x,
             a.wx.strides[1] // size)
    weight_shares = threads_for(weight_operations * T, columns // 16)
    memset(a.ds0.buf, 0, m * a.ds0.shape[1] * size)
    memset(sums, 0, ((n_x + n_s + 1) * columns + ld) * size)
    job.end_step = T
    while job.end_step > 0:
        job.first_step = max(job.end_step - segment, 0)
        # the memory holds the steps of a segment, and is looked at as if the steps before stood in front of it
        job.da, job.d_hidden = da - job.first_step * m * columns, d_hidden - job.first_step * m * ld
        if a.given != NULL:
            # what is given is taken to where da_n will stand, and each row of that takes the place of its row of ds
            job.ds, job.ds_row = da - job.first_step * m * columns + 2 * ld, columns
        with nogil:
            job.shares = shares
            run_shares(shares, backward_float if floating is float else backward_double, &job)
            # dWx, dWs and dbs as one long product over the rows of the segment, each share its own columns
            job.shares = weight_shares
            run_shares(weight_shares, weights_float if floating is float else weights_double, &job)
        job.end_step = job.first_step
        PyErr_CheckSignals()
    if n_x:
        copy_gradient(<floating *> a.dwx.buf, a.dwx.strides[0] // size, a.dwx.strides[1] // size, sums, n_x, GATES,
                      n_s, ld)
    copy_gradient(<floating *> a.dws.buf, a.dws.strides[0] // size, a.dws.strides[1] // size, sums + n_x * columns,
                  n_s, GATES, n_s, ld)
    copy_gradient(dbs, dbs_step, 0, bias_sums, 1, GATES, n_s, ld)
    if reset_after:
        copy_gradient(<floating *> a.dbx.buf, a.dbx.strides[0] // size, 0, bias_sums, 1, GATES, n_s, ld)
        copy_gradient(dbs + 2 * n_s * dbs_step, dbs_step, 0, hidden_sums, 1, 1, n_s, ld)
    return 0


cdef void backward_float(void *job, int share) noexcept nogil:
    backward_share(<Job *> job, share, <float *> NULL)


cdef void backward_double(void *job, int share) noexcept nogil:
    backward_share(<Job *> job, share, <double *> NULL)


cdef void backward_share(Job *job, int share, floating *_) noexcept nogil:
    """Some steps of some batch columns, the last step first.  `carry` takes the gradient to the step before."""
    cdef Py_ssize_t first = start_by_work(job.mask, job.first_step, job.end_step, job.m, share, job.shares)
    cdef Py_ssize_t end = start_by_work(job.mask, job.first_step, job.end_step, job.m, share + 1, job.shares)
    cdef Py_ssize_t m = job.m, n_s = job.n_s, ld = job.ld, rows = end - first, columns = GATES * ld
    cdef Py_ssize_t chunk = chunk_length(rows, (job.ld_x + (2 * GATES + 3) * ld) * sizeof(floating))
    cdef Py_ssize_t row, first_row, end_row, t, t_first, step = job.end_step, taken = step, carry_row = job.carry_row
    cdef const floating *packed_n = <const floating *> job.packed_n
    cdef const floating *ds
    cdef const floating *s_prev
    cdef const floating *g
    cdef floating *carry = <floating *> job.carry + first * carry_row
    cdef floating *aside = <floating *> job.aside + first * ld
    cdef floating *c
    cdef floating *da
    cdef floating *d_hidden
    while step > job.first_step:
        t_first = max(step - chunk, job.first_step)
        for t in range(step - 1, t_first - 1, -1):
            first_row, end_row = t * m + first, t * m + end
            take_back_to(&job.given, &taken, t, job.first_step, first, end, m, <floating *> job.da + 2 * ld, ld,
                         columns)
            set_aside(job.mask, first_row, end_row, n_s, <const floating *> job.ds, job.ds_row, carry, carry_row,
                      aside, ld)
            row = first_row
            while row < end_row:
                rows = next_run(job.mask, &row, end_row)
                ds, c = <const floating *> job.ds + row * job.ds_row, carry + (row - first_row) * carry_row
                s_prev = <const floating *> job.states + row * ld
                g = <const floating *> job.gates + row * columns
                da, d_hidden = <floating *> job.da + row * columns, <floating *> job.d_hidden + row * ld
                if job.reset_after:
                    gru_reset_after_backward(rows, n_s, ds, job.ds_row, c, carry_row, g, columns, ld,
                                             <const floating *> job.hidden + row * ld, ld, s_prev, ld, da, columns,
                                             d_hidden, ld)
                    product(rows, ld, ld, d_hidden, ld, packed_n, job.s_width, c, carry_row, FROM_C, <floating *> NULL)
                else:
                    gru_update_backward(rows, n_s, ds, job.ds_row, c, carry_row, g, columns, ld, s_prev, ld, da,
                                        columns)
                    product(rows, ld, ld, da + 2 * ld, columns, packed_n, job.s_width, d_hidden, ld, FROM_ZERO,
                            <floating *> NULL)
                    gru_reset_backward(rows, n_s, d_hidden, ld, c, carry_row, g, columns, s_prev, ld, da, columns)
                product(rows, ld, 2 * ld, da, columns, <const floating *> job.packed_rz, job.s_width, c, carry_row,
                        FROM_C, <floating *> NULL)
                row += rows
            put_back(job.mask, first_row, end_row, n_s, carry, carry_row, aside, ld)
        if job.dx != NULL:
            multiply_rows(t_first, step, first, end, m, job.ld_x, columns, <const floating *> job.da, columns,
                          <const floating *> job.packed_wx, job.x_width, <floating *> job.dx, job.ld_x, FROM_ZERO,
                          <floating *> NULL, job.mask)
            clear_rows(job.mask, t_first, step, first, end, m, job.ld_x, <floating *> job.dx)
        step = t_first


cdef void weights_float(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <float *> NULL)


cdef void weights_double(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <double *> NULL)


cdef void weights_share(Job *job, int share, floating *_) noexcept nogil:
    """Some columns of the gradients of the weights, over the rows of some steps.

    What multiplies Ws_n is r * s with the reset before the product; what comes back to it is d_hidden with the reset
    after.
    """
    cdef Py_ssize_t ld = job.ld, n_x = job.n_x, n_s = job.n_s, columns = GATES * ld
    cdef Py_ssize_t left = column_start(columns, share, job.shares, _)
    cdef Py_ssize_t right = column_start(columns, share + 1, job.shares, _), middle = min(max(left, 2 * ld), right)
    cdef Py_ssize_t first = job.first_step * job.m, end = job.end_step * job.m
    cdef const floating *states = <const floating *> job.states
    cdef const floating *da = <const floating *> job.da
    cdef floating *x_sums = <floating *> job.sums
    cdef floating *s_sums = x_sums + n_x * columns
    cdef floating *bias_sums = <floating *> job.bias_sums
    cdef Factor factors[2]
    cdef int count = 2 if n_x else 1
    if job.tokens != NULL:
        scatter_rows(first, end, left, right, GATES, n_s, ld, job.tokens, job.mask, da, <floating *> job.dwx,
                     job.w_unit, job.w_input)
    factors[0] = factor_of(states, ld, n_s, s_sums + left)
    factors[1] = factor_of(<const floating *> job.x, job.x_row, n_x, x_sums + left)
    if left < middle:
        add_gradient(first, end, middle - left, da + left, columns, factors, count, columns, bias_sums + left, job.mask)
    if middle == right:
        return
    factors[0].c, factors[1].c = s_sums + middle, x_sums + middle
    if job.reset_after:
        # without the first factor, the states
        add_gradient(first, end, right - middle, da + middle, columns, factors + 1, count - 1, columns,
                     bias_sums + middle, job.mask)
        add_gradient(first, end, right - middle, <const floating *> job.d_hidden + middle - 2 * ld, ld, factors, 1,
                     columns, <floating *> job.hidden_sums + middle - 2 * ld, job.mask)
    else:
        factors[0].a = job.hidden
        add_gradient(first, end, right - middle, da + middle, columns, factors, count, columns, bias_sums + middle,
                     job.mask)
