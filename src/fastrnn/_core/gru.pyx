"""The GRU over whole sequences: forward and backpropagation through time, with the reset gate before or after the product.

    r, z = sigmoid(Wx x + bx + Ws s + bs)           on their rows
    n = tanh(Wx_n x + bs_n + Ws_n (r * s))          reset before (one bias, bs)
    n = tanh(Wx_n x + bx_n + r * (Ws_n s + bs_n))   reset after
    s' = (1 - z) * n + z * s

Gates stand in the order r, z, n.  Arrays are time-major with the features last, (T, m, n), and rows padded to `ld`
elements (memory.py).  Every array argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far
as safety wants it.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_C, FROM_ZERO, bind_kernels, floating, gradient, gru_reset,
                                    gru_reset_after, gru_reset_after_backward, gru_reset_backward, gru_update,
                                    gru_update_backward, pack, panel_width, product)
from fastrnn._core.sequence cimport (PyErr_CheckSignals, chunk_length, copy_gradient, line_start, multiply_rows,
                                     pack_bias, row_stride, share_start, steps_between_signals)
from fastrnn._core.threads cimport threads_for

from fastrnn._core.memory import padded

bind_kernels()

cdef enum:
    GATES = 3


def forward_work(T, m, n_x, n_s, dtype):
    """Elements of scratch memory that :func:`forward` needs."""
    ld = padded(n_s, dtype)
    return GATES * (n_x + n_s) * ld + (GATES + 2) * ld


def backward_work(T, m, n_x, n_s, dtype):
    """Elements of scratch memory that :func:`backward` needs."""
    ld, ld_x = padded(n_s, dtype), padded(n_x, dtype)
    packed = GATES * ld * (ld + ld_x)
    return packed + (GATES + 1) * T * m * ld + GATES * (n_x + n_s) * ld + (GATES + 2) * ld


def forward(const floating[:, :, :] x, const floating[:, :] wx, const floating[:, :] ws, const floating[:] bs,
            const floating[:] bx, floating[:, :, ::1] states, floating[:, :, :, ::1] gates,
            floating[:, :, ::1] hidden, floating[::1] work):
    """Run the whole sequence.

    Parameters
    ----------
    x : IN (T, m, >= n_x), neighbouring features, rows at equal distances
    wx, ws, bs : IN (3 n_s, n_x), (3 n_s, n_s), (3 n_s,), any strides
    bx : IN (3 n_s,) for the reset after the product, None for the reset before it
    states : IN/OUT (T + 1, m, ld); IN the first step, OUT the others
    gates : OUT (T, m, 3, ld), r, z and n after activation
    hidden : OUT (T, m, ld); r * s before, Ws_n s + bs_n after
    work : scratch, `forward_work` elements
    """
    cdef Py_ssize_t T = states.shape[0] - 1, m = states.shape[1], ld = states.shape[2]
    cdef Py_ssize_t n_x = wx.shape[1], n_s = ws.shape[1], size = sizeof(floating)
    cdef Py_ssize_t x_row = row_stride(T, m, x.strides[0], x.strides[1], size)
    cdef bint reset_after = bx is not None
    cdef double step_operations = 2.0 * GATES * m * n_s * (n_x + n_s)
    cdef Py_ssize_t segment = steps_between_signals(step_operations), first, end
    cdef int shares = threads_for(step_operations * T, m), share
    if m == 0 or T <= 0 or n_s == 0:
        return
    if (ld < n_s or x.shape[0] < T or x.shape[1] < m or x.shape[2] < n_x or gates.shape[0] < T or gates.shape[1] != m
            or gates.shape[2] != GATES or gates.shape[3] != ld or hidden.shape[0] < T or hidden.shape[1] != m
            or hidden.shape[2] != ld or work.shape[0] < GATES * (n_x + n_s) * ld + (GATES + 2) * ld):
        raise ValueError("states, x, gates, hidden and work do not fit together")

    cdef const floating *x_data = &x[0, 0, 0] if n_x else NULL
    cdef floating *s = &states[0, 0, 0]
    cdef floating *bias = line_start(&work[0])
    cdef floating *hidden_bias = bias + GATES * ld
    cdef floating *packed_rz = hidden_bias + ld
    cdef floating *packed_n = packed_rz + 2 * n_s * ld
    cdef floating *packed_wx = packed_n + n_s * ld
    cdef Py_ssize_t s_width = panel_width(s, m // shares)
    cdef Py_ssize_t x_width = panel_width(s, m // shares if shares > 1 else m * T)
    cdef Py_ssize_t w_k = ws.strides[1] // size, w_column = ws.strides[0] // size
    pack(packed_rz, s_width, &ws[0, 0], 1, n_s, n_s, w_k, 2, n_s, ld, w_column)
    pack(packed_n, s_width, &ws[2 * n_s, 0], 1, n_s, n_s, w_k, 1, n_s, ld, w_column)
    if n_x:
        pack(packed_wx, x_width, &wx[0, 0], 1, n_x, n_x, wx.strides[1] // size, GATES, n_s, ld, wx.strides[0] // size)
    if reset_after:
        # bs joins bx but for n, where r multiplies it
        pack_bias(bias, &bx[0], bx.strides[0] // size, GATES, n_s, ld, False)
        pack_bias(bias, &bs[0], bs.strides[0] // size, 2, n_s, ld, True)
        pack_bias(hidden_bias, &bs[2 * n_s], bs.strides[0] // size, 1, n_s, ld, False)
    else:
        pack_bias(bias, &bs[0], bs.strides[0] // size, GATES, n_s, ld, False)

    for first in range(0, T, segment):
        end = min(first + segment, T)
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            forward_share(first, end, share_start(m, share, shares), share_start(m, share + 1, shares), m, n_x, n_s,
                          ld, x_data, x_row, packed_wx, x_width, packed_rz, packed_n, s_width, bias,
                          hidden_bias if reset_after else NULL, s, &gates[0, 0, 0, 0], &hidden[0, 0, 0])
        if end < T:
            PyErr_CheckSignals()


cdef void forward_share(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end, Py_ssize_t m,
                        Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t ld, const floating *x, Py_ssize_t x_row,
                        const floating *packed_wx, Py_ssize_t x_width, const floating *packed_rz,
                        const floating *packed_n, Py_ssize_t s_width, const floating *bias,
                        const floating *hidden_bias, floating *states, floating *gates,
                        floating *hidden) noexcept nogil:
    """Some steps of some batch columns.  The pre-activations stand where the gates will."""
    cdef Py_ssize_t rows = end - first, gates_row = GATES * ld, row, t, t_end
    cdef Py_ssize_t chunk = chunk_length(rows, (n_x + (GATES + 2) * ld) * sizeof(floating))
    cdef const floating *s_prev
    cdef floating *g
    cdef floating *h
    while first_step < end_step:
        t_end = min(first_step + chunk, end_step)
        multiply_rows(first_step, t_end, first, end, m, gates_row, n_x, x, x_row, packed_wx, x_width, gates, gates_row,
                      FROM_BIAS, bias)
        for t in range(first_step, t_end):
            row = t * m + first
            s_prev, g, h = states + row * ld, gates + row * gates_row, hidden + row * ld
            product(rows, 2 * ld, n_s, s_prev, ld, packed_rz, s_width, g, gates_row, FROM_C, <floating *> NULL)
            if hidden_bias != NULL:
                product(rows, ld, n_s, s_prev, ld, packed_n, s_width, h, ld, FROM_BIAS, hidden_bias)
                gru_reset_after(rows, n_s, g, gates_row, ld, h, ld, s_prev, states + (row + m) * ld, ld)
            else:
                gru_reset(rows, n_s, g, gates_row, ld, s_prev, ld, h, ld)
                product(rows, ld, n_s, h, ld, packed_n, s_width, g + 2 * ld, gates_row, FROM_C, <floating *> NULL)
                gru_update(rows, n_s, g, gates_row, ld, s_prev, states + (row + m) * ld, ld)
        first_step = t_end


def backward(const floating[:, :, ::1] ds, const floating[:, :, :] x, const floating[:, :, ::1] states,
             const floating[:, :, :, ::1] gates, const floating[:, :, ::1] hidden, const floating[:, :] wx,
             const floating[:, :] ws, bint reset_after, floating[:, :, ::1] dx, floating[:, ::1] ds0,
             floating[:, :] dwx, floating[:, :] dws, floating[:] dbs, floating[:] dbx, floating[::1] work):
    """Backpropagate through the whole sequence.

    Parameters
    ----------
    ds : IN (T, m, ld), gradient at each state
    x, states, gates, hidden, wx, ws : IN as :func:`forward` had and left them
    reset_after : whether `forward` was given a bx
    dx : OUT (T, m, ld_x), or None where it is not wanted
    ds0 : OUT (m, ld)
    dwx, dws, dbs : OUT (3 n_s, n_x), (3 n_s, n_s), (3 n_s,), any strides
    dbx : OUT (3 n_s,) with `reset_after`, else None
    work : scratch, `backward_work` elements
    """
    cdef Py_ssize_t T = states.shape[0] - 1, m = states.shape[1], ld = states.shape[2]
    cdef Py_ssize_t n_x = wx.shape[1], n_s = ws.shape[1], size = sizeof(floating)
    cdef Py_ssize_t ld_x = dx.shape[2] if dx is not None else 0
    cdef Py_ssize_t x_row = row_stride(T, m, x.strides[0], x.strides[1], size)
    cdef double step_operations = 2.0 * GATES * m * n_s * (n_s + (n_x if dx is not None else 0))
    cdef double weight_operations = 2.0 * GATES * m * n_s * (n_s + n_x)
    cdef Py_ssize_t segment = steps_between_signals(step_operations + weight_operations), first, end
    cdef int shares = threads_for(step_operations * T, m), share
    dwx[:, :] = 0
    dws[:, :] = 0
    dbs[:] = 0
    if dbx is not None:
        dbx[:] = 0
    if m == 0 or T < 0 or n_s == 0:
        return
    memset(&ds0[0, 0], 0, m * ds0.shape[1] * size)
    if T == 0:
        return
    if (ds.shape[0] < T or ds.shape[1] != m or ds.shape[2] < n_s or ld < n_s or ds0.shape[1] < ld
            or ds0.shape[0] < m or x.shape[0] < T or x.shape[1] < m or x.shape[2] < n_x or gates.shape[0] < T
            or gates.shape[1] != m or gates.shape[2] != GATES or gates.shape[3] != ld or hidden.shape[0] < T
            or hidden.shape[1] != m or hidden.shape[2] != ld or reset_after != (dbx is not None)
            or work.shape[0] < (GATES * ld * (ld + ld_x) + (GATES + 1) * T * m * ld + GATES * (n_x + n_s) * ld
                                + (GATES + 2) * ld)):
        raise ValueError("ds, states, gates, hidden, x and work do not fit together")

    cdef Py_ssize_t columns = GATES * ld
    cdef const floating *x_data = &x[0, 0, 0] if n_x else NULL
    cdef const floating *s = &states[0, 0, 0]
    cdef const floating *h = &hidden[0, 0, 0]
    cdef floating *dx_data = &dx[0, 0, 0] if dx is not None and n_x else NULL
    cdef floating *packed_rz = line_start(&work[0])
    cdef floating *packed_n = packed_rz + 2 * ld * ld
    cdef floating *packed_wx = packed_n + ld * ld
    cdef floating *da = packed_wx + GATES * ld * ld_x
    cdef floating *d_hidden = da + T * m * columns
    cdef floating *sums = d_hidden + T * m * ld
    cdef floating *bias_sums = sums + (n_x + n_s) * columns
    cdef floating *hidden_sums = bias_sums + columns
    cdef Py_ssize_t s_width = panel_width(s, m // shares)
    cdef Py_ssize_t x_width = panel_width(s, m // shares if shares > 1 else m * T)
    cdef Py_ssize_t w_k = ws.strides[0] // size, w_column = ws.strides[1] // size
    # the rows of da are padded gate by gate, so the panels have rows of zeros there
    pack(packed_rz, s_width, &ws[0, 0], 2, n_s, ld, w_k, 1, n_s, ld, w_column)
    pack(packed_n, s_width, &ws[2 * n_s, 0], 1, n_s, ld, w_k, 1, n_s, ld, w_column)
    if dx_data != NULL:
        pack(packed_wx, x_width, &wx[0, 0], GATES, n_s, ld, wx.strides[0] // size, 1, n_x, ld_x,
             wx.strides[1] // size)

    end = T
    while end > 0:
        first = max(end - segment, 0)
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            backward_share(first, end, share_start(m, share, shares), share_start(m, share + 1, shares), m, n_s, ld,
                           reset_after, &ds[0, 0, 0], ds.shape[2], s, &gates[0, 0, 0, 0], h, packed_rz, packed_n,
                           s_width, packed_wx, x_width, &ds0[0, 0], ds0.shape[1], da, d_hidden, dx_data, ld_x)
        end = first
        PyErr_CheckSignals()

    # the gradients of the weights as long products over all rows, each thread its own columns
    cdef Py_ssize_t lanes = panel_width(s, 4), panels = (columns + lanes - 1) // lanes
    memset(sums, 0, ((n_x + n_s + 1) * columns + ld) * size)
    shares = threads_for(weight_operations * T, panels)
    for first in range(0, T, segment):
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            weight_share(first * m, min(first + segment, T) * m, share_start(panels, share, shares) * lanes,
                         min(share_start(panels, share + 1, shares) * lanes, columns), n_x, n_s, ld, reset_after,
                         x_data, x_row, s, h, da, d_hidden, sums, bias_sums, hidden_sums)
        PyErr_CheckSignals()
    cdef Py_ssize_t unit = dws.strides[0] // size
    if n_x:
        copy_gradient(&dwx[0, 0], dwx.strides[0] // size, dwx.strides[1] // size, sums, n_x, GATES, n_s, ld)
    copy_gradient(&dws[0, 0], unit, dws.strides[1] // size, sums + n_x * columns, n_s, GATES, n_s, ld)
    copy_gradient(&dbs[0], dbs.strides[0] // size, 0, bias_sums, 1, GATES, n_s, ld)
    if reset_after:
        copy_gradient(&dbx[0], dbx.strides[0] // size, 0, bias_sums, 1, GATES, n_s, ld)
        copy_gradient(&dbs[2 * n_s], dbs.strides[0] // size, 0, hidden_sums, 1, 1, n_s, ld)


cdef void backward_share(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end, Py_ssize_t m,
                         Py_ssize_t n_s, Py_ssize_t ld, bint reset_after, const floating *ds, Py_ssize_t ds_row,
                         const floating *states, const floating *gates, const floating *hidden,
                         const floating *packed_rz, const floating *packed_n, Py_ssize_t s_width,
                         const floating *packed_wx, Py_ssize_t x_width, floating *carry, Py_ssize_t carry_row,
                         floating *da, floating *d_hidden, floating *dx, Py_ssize_t ld_x) noexcept nogil:
    """Some steps of some batch columns, the last step first.  `carry` takes the gradient from each step to the one before."""
    cdef Py_ssize_t rows = end - first, columns = GATES * ld, row, t, t_first
    cdef Py_ssize_t chunk = chunk_length(rows, (ld_x + (2 * GATES + 3) * ld) * sizeof(floating))
    cdef const floating *s_prev
    cdef const floating *g
    carry += first * carry_row
    while end_step > first_step:
        t_first = max(end_step - chunk, first_step)
        for t in range(end_step - 1, t_first - 1, -1):
            row = t * m + first
            s_prev, g = states + row * ld, gates + row * columns
            if reset_after:
                gru_reset_after_backward(rows, n_s, ds + row * ds_row, ds_row, carry, carry_row, g, columns, ld,
                                         hidden + row * ld, ld, s_prev, ld, da + row * columns, columns,
                                         d_hidden + row * ld, ld)
                product(rows, ld, ld, d_hidden + row * ld, ld, packed_n, s_width, carry, carry_row, FROM_C,
                        <floating *> NULL)
            else:
                gru_update_backward(rows, n_s, ds + row * ds_row, ds_row, carry, carry_row, g, columns, ld, s_prev, ld,
                                    da + row * columns, columns)
                product(rows, ld, ld, da + row * columns + 2 * ld, columns, packed_n, s_width, d_hidden + row * ld, ld,
                        FROM_ZERO, <floating *> NULL)
                gru_reset_backward(rows, n_s, d_hidden + row * ld, ld, carry, carry_row, g, columns, s_prev, ld,
                                   da + row * columns, columns)
            product(rows, ld, 2 * ld, da + row * columns, columns, packed_rz, s_width, carry, carry_row, FROM_C,
                    <floating *> NULL)
        if dx != NULL:
            multiply_rows(t_first, end_step, first, end, m, ld_x, columns, da, columns, packed_wx, x_width, dx, ld_x,
                          FROM_ZERO, <floating *> NULL)
        end_step = t_first


cdef void weight_share(Py_ssize_t first, Py_ssize_t end, Py_ssize_t left, Py_ssize_t right, Py_ssize_t n_x,
                       Py_ssize_t n_s, Py_ssize_t ld, bint reset_after, const floating *x, Py_ssize_t x_row,
                       const floating *states, const floating *hidden, const floating *da, const floating *d_hidden,
                       floating *sums, floating *bias_sums, floating *hidden_sums) noexcept nogil:
    """The rows first..end of the gradients of the weights, columns left..right of the gates.  What multiplies Ws_n is
    r * s with the reset before the product; what comes back to it is d_hidden with the reset after."""
    cdef Py_ssize_t columns = GATES * ld, rows = end - first, middle = min(max(left, 2 * ld), right)
    cdef floating *s_sums = sums + n_x * columns
    if n_x:
        gradient(rows, n_x, right - left, x + first * x_row, x_row, da + first * columns + left, columns, sums + left,
                 columns, bias_sums + left)
    gradient(rows, n_s, middle - left, states + first * ld, ld, da + first * columns + left, columns, s_sums + left,
             columns, <floating *> NULL if n_x else bias_sums + left)
    if middle == right:
        return
    if reset_after:
        gradient(rows, n_s, right - middle, states + first * ld, ld, d_hidden + first * ld + middle - 2 * ld, ld,
                 s_sums + middle, columns, hidden_sums + middle - 2 * ld)
        if n_x == 0:
            gradient(rows, 0, right - middle, states, ld, da + first * columns + middle, columns, s_sums + middle,
                     columns, bias_sums + middle)
    else:
        gradient(rows, n_s, right - middle, hidden + first * ld, ld, da + first * columns + middle, columns,
                 s_sums + middle, columns, <floating *> NULL if n_x else bias_sums + middle)
