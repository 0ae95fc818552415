"""The output layer over all rows of a sequence: affine map, its softmax, and the gradients of the map.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.
"""

from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, GRADIENT_ROWS, Factor, bind_kernels, floating, gradient,
                                    pack, panel_width, product, softmax_rows)
from fastrnn._core.layout cimport line_start, padded_to_line
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.sequence cimport (clear_rows, column_start, copy_gradient, factor_of, next_run, pack_bias,
                                     share_start)
from fastrnn._core.signals cimport EXPONENTIAL, look, turns_for, units_between_looks
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport run_shares, run_unlocked, threads_for

bind_kernels()

cdef enum:
    # rows whose logits are still in the cache when the softmax comes for them
    BLOCK = 256
    # so many rows are not divided between two looks for Ctrl-C: the weights are read once for all of them
    UNDIVIDED = 8

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    int shares
    int first_share  # of those columns of the gradients that are computed before the next look for Ctrl-C
    bint softmax
    const unsigned char *mask
    Py_ssize_t first_row, end_row, n, k, ld, ld_k, width
    const void *x
    Py_ssize_t x_row
    const void *packed
    const void *bias
    void *out
    # of the backward pass
    const void *dout
    void *dx
    void *sums
    void *bias_sums


def affine_work(Py_ssize_t R, Py_ssize_t k, Py_ssize_t n, dtype):
    """Elements of scratch memory of this dtype that :func:`affine` and :func:`affine_backward` need."""
    cdef Py_ssize_t ld = padded_to_line(n, dtype.itemsize), ld_k = padded_to_line(k, dtype.itemsize)
    return max(k * ld, n * ld_k) + (k + 2) * ld + ld_k


def affine(const floating[:, :] x not None, const floating[:, :] w not None, const floating[:] b not None,
           floating[:, ::1] out not None, floating[::1] work=None, *, bint softmax=False,
           const unsigned char[::1] mask=None):
    """out = x w^T + b, or the softmax of it.

    Parameters
    ----------
    x : IN (R, >= k), neighbouring features
    w, b : IN (n, k), (n,), any strides
    out : OUT (R, ld)
    work : scratch, `affine_work` elements, or None to have it made
    softmax : whether out is the softmax of the affine map
    mask : IN (R,), zero where the result is to be zero, or None
    """
    cdef Py_ssize_t size = sizeof(floating)
    cdef Rows rows
    rows.R, rows.ld, rows.n, rows.k, rows.softmax = out.shape[0], out.shape[1], w.shape[0], w.shape[1], softmax
    if rows.R == 0 or rows.n == 0:
        return
    if (rows.ld < rows.n or x.shape[0] < rows.R or x.shape[1] < rows.k or b.shape[0] < rows.n
            or (mask is not None and mask.shape[0] < rows.R)
            or (work is not None and work.shape[0] < (rows.k + 2) * rows.ld)):
        raise ValueError("x, w, b, out, mask and work do not fit together")
    rows.mask = &mask[0] if mask is not None else NULL
    rows.x, rows.x_row = (&x[0, 0] if rows.k else NULL), (x.strides[0] // size if rows.k else 0)
    rows.w, rows.w_row, rows.w_column = (&w[0, 0] if rows.k else NULL), w.strides[0] // size, w.strides[1] // size
    rows.b, rows.b_step, rows.out = &b[0], b.strides[0] // size, &out[0, 0]
    compute_rows(&rows, size, NULL if work is None else &work[0])


cdef int compute_rows(Rows *rows, Py_ssize_t size, void *memory) except -1:
    """Compute the map whose sizes and arrays `rows` has; memory is scratch, or NULL to have it made."""
    cdef Scratch own = None
    if memory == NULL:
        own = scratch((rows.k + 2.0) * rows.ld * size)
        memory = own.start
    if size == sizeof(float):
        return affine_of_rows(rows, <float *> memory)
    return affine_of_rows(rows, <double *> memory)


cdef int affine_of_rows(Rows *rows, floating *work) except -1:
    cdef Py_ssize_t n = rows.n, k = rows.k, ld = rows.ld
    cdef double row_operations = 2.0 * n * k + EXPONENTIAL * n * rows.softmax
    cdef Py_ssize_t segment
    cdef Job job
    cdef floating *bias = <floating *> line_start(work)
    cdef floating *packed = bias + ld
    job.shares, job.softmax = threads_for(rows.R * row_operations, rows.R // 8), rows.softmax
    job.n, job.k, job.ld, job.width = n, k, ld, panel_width(bias, rows.R // job.shares)
    job.x, job.x_row, job.mask = rows.x, rows.x_row, rows.mask
    job.bias, job.packed, job.out = bias, packed, rows.out
    pack_bias(bias, <const floating *> rows.b, rows.b_step, 1, n, ld, False)
    if k:
        pack(packed, job.width, <const floating *> rows.w, 1, k, k, rows.w_column, 1, n, ld, rows.w_row)
    segment = rows_between_looks(row_operations, job.shares)
    job.end_row = 0
    while job.end_row < rows.R:
        job.first_row, job.end_row = job.end_row, min(job.end_row + segment, rows.R)
        run_unlocked(job.shares, affine_float if floating is float else affine_double, &job,
                     row_operations * (job.end_row - job.first_row))
        look(row_operations * (job.end_row - job.first_row))
    return 0


cdef inline Py_ssize_t rows_between_looks(double row_operations, int shares) noexcept nogil:
    return max(units_between_looks(row_operations), <Py_ssize_t> UNDIVIDED * shares)


cdef inline Py_ssize_t row_start(Job *job, int share) noexcept nogil:
    """First row of a share of the rows between two looks for Ctrl-C."""
    return job.first_row + share_start(job.end_row - job.first_row, share, job.shares)


cdef void affine_float(void *job, int share) noexcept nogil:
    affine_share(<Job *> job, share, <float *> NULL)


cdef void affine_double(void *job, int share) noexcept nogil:
    affine_share(<Job *> job, share, <double *> NULL)


cdef void affine_share(Job *job, int share, floating *_) noexcept nogil:
    """Some rows, in blocks whose logits are still in the cache when the softmax comes for them."""
    cdef Py_ssize_t row = row_start(job, share), end = row_start(job, share + 1), first = row, rows
    cdef floating *y
    while row < end:
        rows = min(next_run(job.mask, &row, end), <Py_ssize_t> BLOCK)
        y = <floating *> job.out + row * job.ld
        product(rows, job.ld, job.k, <const floating *> job.x + row * job.x_row, job.x_row,
                <const floating *> job.packed, job.width, y, job.ld, FROM_BIAS, <const floating *> job.bias)
        if job.softmax:
            softmax_rows(rows, job.n, y, job.ld)
        row += rows
    clear_rows(job.mask, 0, 1, first, end, 0, job.ld, <floating *> job.out)


cdef class AffineStage(Stage):
    """An affine layer in a stream."""

    cdef Job job

    cdef int share(self, Stage other) except -1:
        self.job = (<AffineStage> other).job
        return 0

    cdef void place(self, void *memory) noexcept:
        self.job.out = self.y = memory

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Job *job = &self.job
        job.x, job.x_row, job.first_row, job.end_row = x, x_row, 0, steps * self.streams
        job.shares = threads_for(self.operations * steps, job.end_row // 8)
        run_shares(job.shares, affine_float if self.itemsize == sizeof(float) else affine_double, job)
        return 0


def stage(const floating[:, :] w not None, const floating[:] b not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); weights as :func:`affine` takes them, of this dtype."""
    cdef Py_ssize_t n = w.shape[0], k = w.shape[1], size = sizeof(floating)
    cdef AffineStage self = AffineStage.__new__(AffineStage)
    cdef Job *job = &self.job
    cdef floating *bias
    cdef floating *packed
    if n < 1 or b.shape[0] != n or dtype.itemsize != size:
        raise ValueError("w, b and dtype do not fit together")
    job.n, job.k, job.ld = n, k, padded_to_line(n, dtype.itemsize)
    self.y_row, self.operations = job.ld, 2.0 * streams * n * k
    bias = <floating *> self.make(streams, steps, n, dtype, (k + 1) * job.ld, steps * streams * job.ld)
    packed = bias + job.ld
    job.bias, job.packed, job.width = bias, packed, panel_width(bias, streams)
    pack_bias(bias, &b[0], b.strides[0] // size, 1, n, job.ld, False)
    if k:
        pack(packed, job.width, &w[0, 0], 1, k, k, w.strides[1] // size, 1, n, job.ld, w.strides[0] // size)
    return self


def affine_backward(const floating[:, ::1] dout not None, const floating[:, :] x not None,
                    const floating[:, :] w not None, floating[:, ::1] dx, floating[:, :] dw not None,
                    floating[:] db not None, floating[::1] work not None):
    """Gradients of :func:`affine`.

    Parameters
    ----------
    dout : IN (R, ld), gradient at `out`
    x, w : IN as :func:`affine` had them
    dx : OUT (R, ld_k), or None where it is not wanted
    dw, db : OUT (n, k), (n,), any strides
    work : scratch, `affine_work` elements
    """
    cdef Py_ssize_t R = dout.shape[0], ld = dout.shape[1], n = w.shape[0], k = w.shape[1], size = sizeof(floating)
    cdef Py_ssize_t ld_k = dx.shape[1] if dx is not None else 0
    cdef double row_operations = 2.0 * n * k
    cdef Py_ssize_t segment, first
    cdef int shares, turns, turn
    cdef Job job
    dw[:, :] = 0
    db[:] = 0
    if R == 0 or n == 0:
        if dx is not None:
            dx[:, :] = 0
        return
    if (ld < n or x.shape[0] < R or x.shape[1] < k or db.shape[0] != n or dw.shape[0] != n
            or dw.shape[1] != k or (dx is not None and dx.shape[0] < R)
            or ld_k < (k if dx is not None else 0) or work.shape[0] < n * ld_k + (k + 2) * ld + ld_k):
        raise ValueError("dout, x, w, dx and work do not fit together")
    cdef floating *sums = <floating *> line_start(&work[0])
    cdef floating *bias_sums = sums + k * ld
    cdef floating *packed = bias_sums + ld
    job.shares = threads_for(R * row_operations, R // 8)
    job.n, job.k, job.ld, job.ld_k, job.width = n, k, ld, ld_k, panel_width(sums, R // job.shares)
    job.x, job.x_row = (&x[0, 0] if k else NULL), (x.strides[0] // size if k else 0)
    job.dout, job.dx, job.packed, job.sums, job.bias_sums = &dout[0, 0], NULL, packed, sums, bias_sums
    if dx is not None and k:
        job.dx = &dx[0, 0]
        pack(packed, job.width, &w[0, 0], 1, n, n, w.strides[0] // size, 1, k, ld_k, w.strides[1] // size)
        segment = rows_between_looks(row_operations, job.shares)
        for first in range(0, R, segment):
            job.first_row, job.end_row = first, min(first + segment, R)
            with nogil:
                run_shares(job.shares, input_float if floating is float else input_double, &job)
            look(row_operations * (job.end_row - first))
    memset(sums, 0, (k + 1) * ld * size)
    shares = threads_for(R * row_operations, ld // 16)
    # whole groups of rows, and shares of the columns where a group is too much: neither changes a bit
    segment = max(units_between_looks(row_operations) // GRADIENT_ROWS, <Py_ssize_t> 1) * GRADIENT_ROWS
    turns = turns_for(row_operations * min(segment, R), shares, ld // 16)
    job.shares = shares * turns
    for first in range(0, R, segment):
        job.first_row, job.end_row = first, min(first + segment, R)
        for turn in range(turns):
            job.first_share = turn * shares
            with nogil:
                run_shares(shares, weights_float if floating is float else weights_double, &job)
            look(row_operations * (job.end_row - first) / turns)
    if k:
        copy_gradient(&dw[0, 0], dw.strides[0] // size, dw.strides[1] // size, sums, k, 1, n, ld)
    copy_gradient(&db[0], db.strides[0] // size, 0, bias_sums, 1, 1, n, ld)


cdef void input_float(void *job, int share) noexcept nogil:
    input_share(<Job *> job, share, <float *> NULL)


cdef void input_double(void *job, int share) noexcept nogil:
    input_share(<Job *> job, share, <double *> NULL)


cdef void input_share(Job *job, int share, floating *_) noexcept nogil:
    """Some rows of the gradient of the input."""
    cdef Py_ssize_t first = row_start(job, share), end = row_start(job, share + 1)
    product(end - first, job.ld_k, job.n, <const floating *> job.dout + first * job.ld, job.ld,
            <const floating *> job.packed, job.width, <floating *> job.dx + first * job.ld_k, job.ld_k, FROM_ZERO,
            <floating *> NULL)


cdef void weights_float(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <float *> NULL)


cdef void weights_double(void *job, int share) noexcept nogil:
    weights_share(<Job *> job, share, <double *> NULL)


cdef void weights_share(Job *job, int share, floating *_) noexcept nogil:
    """Some columns of the gradients of weights and bias, over the rows between two looks for Ctrl-C."""
    cdef int place = job.first_share + share
    cdef Py_ssize_t left = column_start(job.ld, place, job.shares, _)
    cdef Py_ssize_t right = column_start(job.ld, place + 1, job.shares, _)
    cdef const floating *dout = <const floating *> job.dout + job.first_row * job.ld + left
    cdef const floating *x = <const floating *> job.x + job.first_row * job.x_row if job.k else dout
    cdef Factor factor = factor_of(x, job.x_row, job.k, <floating *> job.sums + left)
    gradient(job.end_row - job.first_row, right - left, dout, job.ld, &factor, 1, job.ld,
             <floating *> job.bias_sums + left)
