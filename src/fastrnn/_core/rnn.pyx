"""The tanh RNN over whole sequences, s_t = tanh(Wx x_t + Ws s_{t-1} + bs): forward and backpropagation through time.

Arrays are time-major with the features last, (T, m, n), and rows padded to `ld` elements (memory.py).  Every array
argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_C, FROM_ZERO, bind_kernels, floating, gradient, pack,
                                    panel_width, product, rnn_backward, tanh_rows)
from fastrnn._core.sequence cimport (PyErr_CheckSignals, chunk_length, copy_gradient, line_start, multiply_rows,
                                     pack_bias, row_stride, share_start, steps_between_signals)
from fastrnn._core.threads cimport threads_for

from fastrnn._core.memory import padded

bind_kernels()


def forward_work(T, m, n_x, n_s, dtype):
    """Elements of scratch memory that :func:`forward` needs."""
    ld = padded(n_s, dtype)
    return (n_x + n_s + 2) * ld


def backward_work(T, m, n_x, n_s, dtype):
    """Elements of scratch memory that :func:`backward` needs."""
    ld, ld_x = padded(n_s, dtype), padded(n_x, dtype)
    return (n_s + 2) * ld + n_s * ld_x + T * m * ld + (n_x + n_s) * ld


def forward(const floating[:, :, :] x, const floating[:, :] wx, const floating[:, :] ws, const floating[:] bs,
            floating[:, :, ::1] states, floating[::1] work):
    """Run the whole sequence.

    Parameters
    ----------
    x : IN (T, m, >= n_x), neighbouring features, rows at equal distances
    wx, ws, bs : IN (n_s, n_x), (n_s, n_s), (n_s,), any strides
    states : IN/OUT (T + 1, m, ld); IN the first step, OUT the others
    work : scratch, `forward_work` elements
    """
    cdef Py_ssize_t T = states.shape[0] - 1, m = states.shape[1], ld = states.shape[2]
    cdef Py_ssize_t n_x = wx.shape[1], n_s = wx.shape[0], size = sizeof(floating)
    cdef Py_ssize_t x_row = row_stride(T, m, x.strides[0], x.strides[1], size)
    cdef double step_operations = 2.0 * m * n_s * (n_x + n_s)
    cdef Py_ssize_t segment = steps_between_signals(step_operations), first, end
    cdef int shares = threads_for(step_operations * T, m), share
    if m == 0 or T <= 0 or n_s == 0:
        return
    if work.shape[0] < (n_x + n_s + 2) * ld or ld < n_s or x.shape[0] < T or x.shape[1] < m or x.shape[2] < n_x:
        raise ValueError("states, x and work do not fit together")

    cdef const floating *x_data = &x[0, 0, 0] if n_x else NULL
    cdef floating *s = &states[0, 0, 0]
    cdef floating *bias = line_start(&work[0])
    cdef floating *packed_ws = bias + ld
    cdef floating *packed_wx = packed_ws + n_s * ld
    # the projection sees the rows of many steps at once where a share is the whole batch
    cdef Py_ssize_t s_width = panel_width(s, m // shares)
    cdef Py_ssize_t x_width = panel_width(s, m // shares if shares > 1 else m * T)
    pack_bias(bias, &bs[0], bs.strides[0] // size, 1, n_s, ld, False)
    pack(packed_ws, s_width, &ws[0, 0], 1, n_s, n_s, ws.strides[1] // size, 1, n_s, ld, ws.strides[0] // size)
    if n_x:
        pack(packed_wx, x_width, &wx[0, 0], 1, n_x, n_x, wx.strides[1] // size, 1, n_s, ld, wx.strides[0] // size)

    for first in range(0, T, segment):
        end = min(first + segment, T)
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            forward_share(first, end, share_start(m, share, shares), share_start(m, share + 1, shares), m, n_x, n_s,
                          ld, x_data, x_row, packed_wx, x_width, packed_ws, s_width, bias, s)
        if end < T:
            PyErr_CheckSignals()


cdef void forward_share(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end, Py_ssize_t m,
                        Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t ld, const floating *x, Py_ssize_t x_row,
                        const floating *packed_wx, Py_ssize_t x_width, const floating *packed_ws, Py_ssize_t s_width,
                        const floating *bias, floating *states) noexcept nogil:
    """Some steps of some batch columns.  The pre-activations stand where the states will."""
    cdef Py_ssize_t chunk = chunk_length(end - first, (n_x + ld) * sizeof(floating)), rows = end - first, t, t_end
    cdef floating *s_next
    while first_step < end_step:
        t_end = min(first_step + chunk, end_step)
        multiply_rows(first_step, t_end, first, end, m, ld, n_x, x, x_row, packed_wx, x_width, states + m * ld, ld,
                      FROM_BIAS, bias)
        for t in range(first_step, t_end):
            s_next = states + ((t + 1) * m + first) * ld
            product(rows, ld, n_s, s_next - m * ld, ld, packed_ws, s_width, s_next, ld, FROM_C, bias)
            tanh_rows(rows, n_s, s_next, ld)
        first_step = t_end


def backward(const floating[:, :, ::1] ds, const floating[:, :, :] x, const floating[:, :, ::1] states,
             const floating[:, :] wx, const floating[:, :] ws, floating[:, :, ::1] dx, floating[:, ::1] ds0,
             floating[:, :] dwx, floating[:, :] dws, floating[:] dbs, floating[::1] work):
    """Backpropagate through the whole sequence.

    Parameters
    ----------
    ds : IN (T, m, ld), gradient at each state
    x, states, wx, ws : IN as :func:`forward` had and left them
    dx : OUT (T, m, ld_x), or None where it is not wanted
    ds0 : OUT (m, ld)
    dwx, dws, dbs : OUT (n_s, n_x), (n_s, n_s), (n_s,), any strides
    work : scratch, `backward_work` elements
    """
    cdef Py_ssize_t T = states.shape[0] - 1, m = states.shape[1], ld = states.shape[2]
    cdef Py_ssize_t n_x = wx.shape[1], n_s = wx.shape[0], size = sizeof(floating)
    cdef Py_ssize_t ld_x = dx.shape[2] if dx is not None else 0
    cdef Py_ssize_t x_row = row_stride(T, m, x.strides[0], x.strides[1], size)
    cdef double step_operations = 2.0 * m * n_s * (n_s + (n_x if dx is not None else 0))
    cdef double weight_operations = 2.0 * m * n_s * (n_s + n_x)
    cdef Py_ssize_t segment = steps_between_signals(step_operations + weight_operations), first, end
    cdef int shares = threads_for(step_operations * T, m), share
    dwx[:, :] = 0
    dws[:, :] = 0
    dbs[:] = 0
    if m == 0 or T < 0 or n_s == 0:
        return
    memset(&ds0[0, 0], 0, m * ds0.shape[1] * size)
    if T == 0:
        return
    if (ds.shape[0] < T or ds.shape[1] != m or ds.shape[2] < n_s or ld < n_s or ds0.shape[1] < ld
            or ds0.shape[0] < m or x.shape[0] < T or x.shape[1] < m or x.shape[2] < n_x
            or work.shape[0] < (n_s + 2) * ld + n_s * ld_x + T * m * ld + (n_x + n_s) * ld):
        raise ValueError("ds, states, x and work do not fit together")

    cdef const floating *x_data = &x[0, 0, 0] if n_x else NULL
    cdef const floating *s = &states[0, 0, 0]
    cdef const floating *d_states = &ds[0, 0, 0]
    cdef floating *carry = &ds0[0, 0]
    cdef floating *dx_data = &dx[0, 0, 0] if dx is not None and n_x else NULL
    cdef floating *packed_ws = line_start(&work[0])
    cdef floating *packed_wx = packed_ws + n_s * ld
    cdef floating *da = packed_wx + n_s * ld_x
    cdef floating *sums = da + T * m * ld
    cdef floating *bias_sums = sums + (n_x + n_s) * ld
    cdef Py_ssize_t s_width = panel_width(s, m // shares)
    cdef Py_ssize_t x_width = panel_width(s, m // shares if shares > 1 else m * T)
    pack(packed_ws, s_width, &ws[0, 0], 1, n_s, n_s, ws.strides[0] // size, 1, n_s, ld, ws.strides[1] // size)
    if dx_data != NULL:
        pack(packed_wx, x_width, &wx[0, 0], 1, n_s, n_s, wx.strides[0] // size, 1, n_x, ld_x, wx.strides[1] // size)

    end = T
    while end > 0:
        first = max(end - segment, 0)
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            backward_share(first, end, share_start(m, share, shares), share_start(m, share + 1, shares), m, n_x, n_s,
                           ld, d_states, ds.shape[2], s, packed_ws, s_width, packed_wx, x_width, carry, ds0.shape[1],
                           da, dx_data, ld_x)
        end = first
        PyErr_CheckSignals()

    # dWx, dWs and dbs as one long product over all rows, each thread its own columns
    cdef Py_ssize_t lanes = panel_width(s, 4), panels = (ld + lanes - 1) // lanes, rows
    cdef Py_ssize_t left, right
    memset(sums, 0, (n_x + n_s + 1) * ld * size)
    shares = threads_for(weight_operations * T, panels)
    for first in range(0, T, segment):
        rows = (min(first + segment, T) - first) * m
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            left = share_start(panels, share, shares) * lanes
            right = min(share_start(panels, share + 1, shares) * lanes, ld)
            gradient(rows, n_s, right - left, s + first * m * ld, ld, da + first * m * ld + left, ld,
                     sums + n_x * ld + left, ld, bias_sums + left)
            if n_x:
                gradient(rows, n_x, right - left, x_data + first * m * x_row, x_row, da + first * m * ld + left, ld,
                         sums + left, ld, <floating *> NULL)
        PyErr_CheckSignals()
    if n_x:
        copy_gradient(&dwx[0, 0], dwx.strides[0] // size, dwx.strides[1] // size, sums, n_x, 1, n_s, ld)
    copy_gradient(&dws[0, 0], dws.strides[0] // size, dws.strides[1] // size, sums + n_x * ld, n_s, 1, n_s, ld)
    copy_gradient(&dbs[0], dbs.strides[0] // size, 0, bias_sums, 1, 1, n_s, ld)


cdef void backward_share(Py_ssize_t first_step, Py_ssize_t end_step, Py_ssize_t first, Py_ssize_t end, Py_ssize_t m,
                         Py_ssize_t n_x, Py_ssize_t n_s, Py_ssize_t ld, const floating *ds, Py_ssize_t ds_row,
                         const floating *states, const floating *packed_ws, Py_ssize_t s_width,
                         const floating *packed_wx, Py_ssize_t x_width, floating *carry, Py_ssize_t carry_row,
                         floating *da, floating *dx, Py_ssize_t ld_x) noexcept nogil:
    """Some steps of some batch columns, the last step first.  `carry` takes the gradient from each step to the one before."""
    cdef Py_ssize_t chunk = chunk_length(end - first, (ld_x + 3 * ld) * sizeof(floating)), rows = end - first, t, t_first
    cdef Py_ssize_t row
    carry += first * carry_row
    while end_step > first_step:
        t_first = max(end_step - chunk, first_step)
        for t in range(end_step - 1, t_first - 1, -1):
            row = t * m + first
            rnn_backward(rows, n_s, ds + row * ds_row, ds_row, carry, carry_row, states + (row + m) * ld, ld,
                         da + row * ld, ld)
            product(rows, ld, n_s, da + row * ld, ld, packed_ws, s_width, carry, carry_row, FROM_ZERO,
                    <floating *> NULL)
        if dx != NULL:
            multiply_rows(t_first, end_step, first, end, m, ld_x, n_s, da, ld, packed_wx, x_width, dx, ld_x,
                          FROM_ZERO, <floating *> NULL)
        end_step = t_first
