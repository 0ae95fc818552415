"""The output layer over all rows of a sequence: affine map, its softmax, cross entropy, and their gradients.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (memory.py).  Every array argument
says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.
"""

from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBUF_SIMPLE, PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, BadLabel, Factor, bind_kernels, correct_rows,
                                    cross_entropy_rows, floating, gradient, pack, panel_width, product, softmax_rows)
from fastrnn._core.layout cimport line_start, padded_to_line
from fastrnn._core.recycled cimport Scratch, empty, scratch
from fastrnn._core.sequence cimport (PyErr_CheckSignals, clear_rows, column_start, copy_gradient, factor_of,
                                     next_run, pack_bias, share_start, steps_between_signals)
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport MOST_THREADS, run_shares, threads_for

bind_kernels()

cdef enum:
    # rows of a block: what is handed to a thread, and the partial sums of a loss, in an order that never changes
    BLOCK = 256
    # operations that an exponential is worth when threads are counted, and a row of a loss or a metric
    EXPONENTIAL = 20
    ROW_OF_LOSS = 800

cdef struct Job:
    # what the shares of a call have in common; a pointer is to float or to double
    int shares
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

cdef struct Rows:
    # an affine map of many rows: arrays as the caller has them, distances in elements
    Py_ssize_t R, k, n, ld
    bint softmax
    const void *x
    Py_ssize_t x_row
    const void *w
    Py_ssize_t w_row, w_column
    const void *b
    Py_ssize_t b_step
    void *out
    void *work
    const unsigned char *mask

cdef struct LossJob:
    int shares
    Py_ssize_t R, n, ld, blocks
    const void *p
    const long long *targets
    const void *weights
    double scale
    void *dlogits
    double *partial_sums
    BadLabel bad[MOST_THREADS]  # of each share


def affine_work(Py_ssize_t R, Py_ssize_t k, Py_ssize_t n, dtype):
    """Elements of scratch memory of this dtype that :func:`affine` and :func:`affine_backward` need."""
    cdef Py_ssize_t ld = padded_to_line(n, dtype.itemsize), ld_k = padded_to_line(k, dtype.itemsize)
    return max(k * ld, n * ld_k) + (k + 2) * ld + ld_k


def affine(const floating[:, :] x, const floating[:, :] w, const floating[:] b, floating[:, ::1] out,
           floating[::1] work):
    """out = x w^T + b.

    Parameters
    ----------
    x : IN (R, >= k), neighbouring features
    w, b : IN (n, k), (n,), any strides
    out : OUT (R, ld)
    work : scratch, `affine_work` elements
    """
    cdef Py_ssize_t size = sizeof(floating)
    cdef Rows rows
    rows.R, rows.ld, rows.n, rows.k, rows.softmax = out.shape[0], out.shape[1], w.shape[0], w.shape[1], False
    rows.mask = NULL
    if rows.R == 0 or rows.n == 0:
        return
    if (rows.ld < rows.n or x.shape[0] < rows.R or x.shape[1] < rows.k or b.shape[0] < rows.n
            or work.shape[0] < (rows.k + 2) * rows.ld):
        raise ValueError("x, w, b, out and work do not fit together")
    rows.x, rows.x_row = (&x[0, 0] if rows.k else NULL), (x.strides[0] // size if rows.k else 0)
    rows.w, rows.w_row, rows.w_column = (&w[0, 0] if rows.k else NULL), w.strides[0] // size, w.strides[1] // size
    rows.b, rows.b_step, rows.out, rows.work = &b[0], b.strides[0] // size, &out[0, 0], &work[0]
    affine_of_rows(&rows, &out[0, 0])


def softmax_of_states(states, Py_ssize_t skip, w, b, const unsigned char[:, ::1] mask=None):
    """Return softmax(w s + b) of every row of states but the first `skip`, in new memory.

    Parameters
    ----------
    states : IN ndarray (skip + T, m, >= k), contiguous
    w, b : IN ndarray (n, k), (n, 1), any strides; all of one dtype
    mask : IN (T, m), zero where the result is to be zero, or None

    Returns
    -------
    ndarray (T, m, ld)
    """
    cdef Py_buffer x_view, w_view, b_view, y_view
    cdef Rows rows
    cdef Py_ssize_t size
    cdef Scratch work
    PyObject_GetBuffer(states, &x_view, PyBUF_C_CONTIGUOUS)
    PyObject_GetBuffer(w, &w_view, PyBUF_STRIDES)
    PyObject_GetBuffer(b, &b_view, PyBUF_STRIDES)
    try:
        size = x_view.itemsize
        rows.R, rows.k, rows.n = (x_view.shape[0] - skip) * x_view.shape[1], w_view.shape[1], w_view.shape[0]
        rows.ld = padded_to_line(rows.n, size)
        rows.x_row = x_view.shape[2]
        rows.x = <char *> x_view.buf + skip * x_view.shape[1] * rows.x_row * size
        rows.w, rows.w_row, rows.w_column = w_view.buf, w_view.strides[0] // size, w_view.strides[1] // size
        rows.b, rows.b_step = b_view.buf, b_view.strides[0] // size
        rows.softmax = True
        if (w_view.itemsize != size or b_view.itemsize != size or rows.k > rows.x_row or b_view.shape[0] < rows.n
                or (mask is not None and (mask.shape[0] + skip < x_view.shape[0] or mask.shape[1] != x_view.shape[1]))):
            raise ValueError("states, w, b and mask do not fit together")
        y = empty((x_view.shape[0] - skip, x_view.shape[1], rows.ld), states.dtype)
        if rows.R == 0 or rows.n == 0:
            return y
        rows.mask = &mask[0, 0] if mask is not None else NULL
        work = scratch((rows.k + 2) * rows.ld * size)
        rows.work = work.start
        PyObject_GetBuffer(y, &y_view, PyBUF_SIMPLE)
        rows.out = y_view.buf
        PyBuffer_Release(&y_view)
        if size == sizeof(float):
            affine_of_rows(&rows, <float *> NULL)
        else:
            affine_of_rows(&rows, <double *> NULL)
        return y
    finally:
        PyBuffer_Release(&b_view)
        PyBuffer_Release(&w_view)
        PyBuffer_Release(&x_view)


cdef int affine_of_rows(Rows *rows, floating *_) except -1:
    cdef Py_ssize_t n = rows.n, k = rows.k, ld = rows.ld
    cdef double row_operations = 2.0 * n * k + EXPONENTIAL * n * rows.softmax
    cdef Py_ssize_t segment = steps_between_signals(row_operations), first
    cdef Job job
    cdef floating *bias = <floating *> line_start(rows.work)
    cdef floating *packed = bias + ld
    job.shares, job.softmax = threads_for(rows.R * row_operations, rows.R // 8), rows.softmax
    job.n, job.k, job.ld, job.width = n, k, ld, panel_width(bias, rows.R // job.shares)
    job.x, job.x_row, job.mask = rows.x, rows.x_row, rows.mask
    job.bias, job.packed, job.out = bias, packed, rows.out
    pack_bias(bias, <const floating *> rows.b, rows.b_step, 1, n, ld, False)
    if k:
        pack(packed, job.width, <const floating *> rows.w, 1, k, k, rows.w_column, 1, n, ld, rows.w_row)
    for first in range(0, rows.R, segment):
        job.first_row, job.end_row = first, min(first + segment, rows.R)
        with nogil:
            run_shares(job.shares, affine_float if floating is float else affine_double, &job)
        if job.end_row < rows.R:
            PyErr_CheckSignals()
    return 0


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

    cdef Stage twin(self):
        cdef AffineStage twin = AffineStage.__new__(AffineStage)
        twin.job = self.job
        return twin

    cdef void place(self, void *memory) noexcept:
        self.job.out = self.y = memory

    cdef void run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) noexcept nogil:
        cdef Job *job = &self.job
        job.x, job.x_row, job.first_row, job.end_row = x, x_row, 0, steps * self.streams
        job.shares = threads_for(self.operations * steps, job.end_row // 8)
        run_shares(job.shares, affine_float if self.itemsize == sizeof(float) else affine_double, job)


def stage(const floating[:, :] w, const floating[:] b, Py_ssize_t streams, Py_ssize_t steps, dtype):
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


def affine_backward(const floating[:, ::1] dout, const floating[:, :] x, const floating[:, :] w, floating[:, ::1] dx,
                    floating[:, :] dw, floating[:] db, floating[::1] work):
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
    cdef Py_ssize_t segment = steps_between_signals(2.0 * n * k), first
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
    job.shares = threads_for(2.0 * R * n * k, R // 8)
    job.n, job.k, job.ld, job.ld_k, job.width = n, k, ld, ld_k, panel_width(sums, R // job.shares)
    job.x, job.x_row = (&x[0, 0] if k else NULL), (x.strides[0] // size if k else 0)
    job.dout, job.dx, job.packed, job.sums, job.bias_sums = &dout[0, 0], NULL, packed, sums, bias_sums
    if dx is not None and k:
        job.dx = &dx[0, 0]
        pack(packed, job.width, &w[0, 0], 1, n, n, w.strides[0] // size, 1, k, ld_k, w.strides[1] // size)
        for first in range(0, R, segment):
            job.first_row, job.end_row = first, min(first + segment, R)
            with nogil:
                run_shares(job.shares, input_float if floating is float else input_double, &job)
            PyErr_CheckSignals()
    memset(sums, 0, (k + 1) * ld * size)
    job.shares = threads_for(2.0 * R * n * k, ld // 16)
    for first in range(0, R, segment):
        job.first_row, job.end_row = first, min(first + segment, R)
        with nogil:
            run_shares(job.shares, weights_float if floating is float else weights_double, &job)
        if job.end_row < R:
            PyErr_CheckSignals()
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
    cdef Py_ssize_t left = column_start(job.ld, share, job.shares, _)
    cdef Py_ssize_t right = column_start(job.ld, share + 1, job.shares, _)
    cdef const floating *dout = <const floating *> job.dout + job.first_row * job.ld + left
    cdef const floating *x = <const floating *> job.x + job.first_row * job.x_row if job.k else dout
    cdef Factor factor = factor_of(x, job.x_row, job.k, <floating *> job.sums + left)
    gradient(job.end_row - job.first_row, right - left, dout, job.ld, &factor, 1, job.ld,
             <floating *> job.bias_sums + left)


def loss_blocks(R):
    """Length of the scratch that :func:`softmax_cross_entropy` needs for `R` rows."""
    return (R + BLOCK - 1) // BLOCK


def softmax_cross_entropy(const floating[:, ::1] probabilities, Py_ssize_t n, const long long[::1] targets,
                          const floating[::1] weights, double scale, floating[:, ::1] dlogits,
                          double[::1] partial_sums):
    """Cross entropy of probabilities that a softmax made, and its gradient at the logits.

    Parameters
    ----------
    probabilities : IN (R, ld), the first `n` of each row
    targets : IN (R,), each from 0 to n - 1 where its weight is not zero
    weights : IN (R,), or None for all one
    scale : factor of the gradient
    dlogits : OUT (R, ld) scale * weight * (p - one-hot of target), or None; it may be `probabilities` itself
    partial_sums : scratch, `loss_blocks` elements

    Returns
    -------
    float
        Sum over the rows of weight * -log p[target]; a p that underflowed counts as the smallest normal number.

    Raises
    ------
    ValueError
        If a target is out of its range; it is told where it is used, so `dlogits` has been written then.
    """
    cdef Py_ssize_t R = probabilities.shape[0], ld = probabilities.shape[1], blocks = (R + BLOCK - 1) // BLOCK, block
    cdef LossJob job
    cdef double total = 0
    if R == 0 or n == 0:
        return total
    if (ld < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R)
            or partial_sums.shape[0] < blocks
            or (dlogits is not None and (dlogits.shape[0] < R or dlogits.shape[1] != ld))):
        raise ValueError("probabilities, targets, weights and dlogits do not fit together")
    job.shares = threads_for(<double> ROW_OF_LOSS * R, blocks)
    job.R, job.n, job.ld, job.blocks, job.scale = R, n, ld, blocks, scale
    job.p, job.targets, job.partial_sums = &probabilities[0, 0], &targets[0], &partial_sums[0]
    job.weights = &weights[0] if weights is not None else NULL
    job.dlogits = &dlogits[0, 0] if dlogits is not None else NULL
    with nogil:
        run_shares(job.shares, loss_float if floating is float else loss_double, &job)
    refuse_bad_labels(&job)
    for block in range(blocks):
        total += partial_sums[block]
    return total


cdef void loss_float(void *job, int share) noexcept nogil:
    loss_share(<LossJob *> job, share, <float *> NULL)


cdef void loss_double(void *job, int share) noexcept nogil:
    loss_share(<LossJob *> job, share, <double *> NULL)


cdef void loss_share(LossJob *job, int share, floating *_) noexcept nogil:
    """Some blocks of rows, each with a sum of its own."""
    cdef Py_ssize_t block, first
    cdef const floating *weights
    cdef floating *dlogits
    cdef BadLabel bad
    bad.row = -1
    for block in range(share_start(job.blocks, share, job.shares), share_start(job.blocks, share + 1, job.shares)):
        first = block * BLOCK
        weights = <const floating *> job.weights + first if job.weights != NULL else NULL
        dlogits = <floating *> job.dlogits + first * job.ld if job.dlogits != NULL else NULL
        job.partial_sums[block] = cross_entropy_rows(
            min(job.R - first, <Py_ssize_t> BLOCK), job.n, <const floating *> job.p + first * job.ld, job.ld,
            job.targets + first, weights, job.scale, dlogits, job.ld, &bad)
    job.bad[share] = bad


cdef int refuse_bad_labels(const LossJob *job) except -1:
    """Raise ``ValueError`` for the first label that a share found to be no class."""
    cdef int share
    for share in range(job.shares):
        if job.bad[share].row >= 0:
            raise ValueError(f"a target is {job.bad[share].label}; it should be from 0 to {job.n - 1}")
    return 0


def count_correct(const floating[:, ::1] probabilities, Py_ssize_t n, const long long[::1] targets,
                  const floating[::1] weights, double[::1] partial_sums):
    """Weight of the rows whose largest of the first `n` probabilities is the target's (ties: the first).

    Parameters and errors as :func:`softmax_cross_entropy`; every target is from 0 to n - 1, whatever its weight.
    """
    cdef Py_ssize_t R = probabilities.shape[0], ld = probabilities.shape[1], blocks = (R + BLOCK - 1) // BLOCK, block
    cdef LossJob job
    cdef double correct = 0
    if R == 0 or n == 0:
        return correct
    if (ld < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R)
            or partial_sums.shape[0] < blocks):
        raise ValueError("probabilities, targets, weights and partial_sums do not fit together")
    job.shares = threads_for(<double> ROW_OF_LOSS * R, blocks)
    job.R, job.n, job.ld, job.blocks = R, n, ld, blocks
    job.p, job.targets, job.partial_sums = &probabilities[0, 0], &targets[0], &partial_sums[0]
    job.weights = &weights[0] if weights is not None else NULL
    with nogil:
        run_shares(job.shares, correct_float if floating is float else correct_double, &job)
    refuse_bad_labels(&job)
    for block in range(blocks):
        correct += partial_sums[block]
    return correct


cdef void correct_float(void *job, int share) noexcept nogil:
    correct_share(<LossJob *> job, share, <float *> NULL)


cdef void correct_double(void *job, int share) noexcept nogil:
    correct_share(<LossJob *> job, share, <double *> NULL)


cdef void correct_share(LossJob *job, int share, floating *_) noexcept nogil:
    """Some blocks of rows, each with a sum of its own."""
    cdef Py_ssize_t block, first
    cdef const floating *weights
    cdef BadLabel bad
    bad.row = -1
    for block in range(share_start(job.blocks, share, job.shares), share_start(job.blocks, share + 1, job.shares)):
        first = block * BLOCK
        weights = <const floating *> job.weights + first if job.weights != NULL else NULL
        job.partial_sums[block] = correct_rows(min(job.R - first, <Py_ssize_t> BLOCK), job.n,
                                               <const floating *> job.p + first * job.ld, job.ld, job.targets + first,
                                               weights, &bad)
    job.bad[share] = bad
