"""The output layer over all rows of a sequence: affine map, its softmax, and the gradients of the map.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  The caller is responsible for shapes: they are checked only as far as memory safety needs.
"""

from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, GRADIENT_ROWS, SOFTMAX, Factor, activation_rows,
                                    bind_kernels, clear_rows, copy_gradient, floating, gradient, next_run, pack,
                                    pack_back, pack_bias, panel_width, product)
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.sequence cimport tile_start
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.views cimport matrix_of, vector_of
from fastrnn._core.threads cimport Part, Work, run_at_once, run_parts, threads_for, unit_start, work_of

bind_kernels()

cdef enum:
    # rows whose logits are still in the cache when the softmax reads them
    BLOCK = 256
    # a share has at least this many rows between two checks for Ctrl-C: the weights are read once for all of them
    UNDIVIDED = 8


cdef int set_map(Affine *job, Py_ssize_t R, Py_ssize_t ld, const floating[:, :] x, const floating[:, :] w,
                 const floating[:] b) except -1:
    """Set the sizes and arrays of both passes; `b` is the bias, or its gradient."""
    job.R, job.ld, job.w, job.n, job.k = R, ld, matrix_of(w), w.shape[0], w.shape[1]
    if R and job.n and (x.shape[0] < R or x.shape[1] < job.k or ld < job.n or b.shape[0] < job.n):
        raise ValueError("x, w, the bias and the rows of the result do not fit together")
    job.x, job.x_row = NULL, 0
    if R and job.k:
        job.x, job.x_row = &x[0, 0], x.strides[0] // <Py_ssize_t> sizeof(floating)
    return 0


def affine(const floating[:, :] x not None, const floating[:, :] w not None, const floating[:] b not None,
           floating[:, ::1] out not None, *, bint softmax=False, const unsigned char[::1] mask=None):
    """out = x w^T + b, or the softmax of it.

    Parameters
    ----------
    x : IN (R, >= k), neighbouring features
    w, b : IN (n, k), (n,), any strides
    out : OUT (R, ld)
    softmax : whether out is the softmax of the affine map
    mask : IN (R,), zero at rows whose result should be zero, or None
    """
    cdef Affine job
    set_map(&job, out.shape[0], out.shape[1], x, w, b)
    if job.R == 0 or job.n == 0:
        return
    if mask is not None and mask.shape[0] < job.R:
        raise ValueError("mask and out do not fit together")
    job.softmax, job.mask = softmax, &mask[0] if mask is not None else NULL
    job.b, job.out = vector_of(b), &out[0, 0]
    compute_rows(&job, sizeof(floating))


cdef int compute_rows(Affine *affine, Py_ssize_t size) except -1:
    """Compute the map whose sizes and arrays `affine` has."""
    cdef double operations = 2.0 * affine.n * affine.k + EXPONENTIAL * affine.n * affine.softmax
    cdef int shares = threads_for(affine.R * operations, affine.R // 8)
    cdef Scratch memory = scratch((affine.k + 1.0) * affine.ld * size)
    cdef Work work
    if size == sizeof(float):
        pack_map(affine, affine.R // shares, <float *> memory.start)
    else:
        pack_map(affine, affine.R // shares, <double *> memory.start)
    work = work_of(affine, affine_rows[float], affine_rows[double], size, operations, shares)
    work.grain = UNDIVIDED * shares
    return run_parts(&work, 0, affine.R)


cdef void pack_map(Affine *job, Py_ssize_t rows, floating *memory) noexcept nogil:
    """Pack the weights of a map in (k + 1) ld elements of memory, for products of so many rows."""
    cdef floating *packed = memory + job.ld
    job.bias, job.packed, job.width = memory, packed, panel_width(memory, rows)
    pack_bias(memory, &job.b, 0, 1, job.n, job.ld, False)
    pack(packed, job.width, &job.w, 0, 1, job.n, job.ld)


cdef void affine_rows(void *data, const Part *part, floating *_) noexcept nogil:
    """Some rows, in blocks whose logits are still in the cache when the softmax reads them."""
    cdef Affine *job = <Affine *> data
    cdef Py_ssize_t first = unit_start(part), end = unit_start(part, 1), row = first, rows
    cdef floating *y
    while row < end:
        rows = min(next_run(job.mask, &row, end), <Py_ssize_t> BLOCK)
        y = <floating *> job.out + row * job.ld
        product(rows, job.ld, job.k, <const floating *> job.x + row * job.x_row, job.x_row,
                <const floating *> job.packed, job.width, y, job.ld, FROM_BIAS, <const floating *> job.bias)
        if job.softmax:
            activation_rows(rows, job.n, y, job.ld, SOFTMAX)
        row += rows
    clear_rows(job.mask, 0, 1, first, end, 0, job.ld, <floating *> job.out)


cdef class AffineStage(Stage):
    """An affine layer in a stream."""

    cdef Affine job

    cdef int share(self, Stage other) except -1:
        self.job = (<AffineStage> other).job
        return 0

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Py_ssize_t R = steps * self.streams
        cdef Work work = work_of(&self.job, affine_rows[float], affine_rows[double], self.itemsize, 0, 1)
        self.job.x, self.job.x_row, self.job.out = x, x_row, <void *> self.y
        run_at_once(&work, 0, R, threads_for(self.operations * steps, R // 8))
        return 0


def stage(const floating[:, :] w not None, const floating[:] b not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); weights as :func:`affine` takes them, of this dtype."""
    cdef AffineStage self = AffineStage.__new__(AffineStage)
    cdef Affine *job = &self.job
    job.n, job.k, job.ld = w.shape[0], w.shape[1], padded_to_line(w.shape[0], sizeof(floating))
    if job.n < 1 or b.shape[0] != job.n or dtype.itemsize != sizeof(floating):
        raise ValueError("w, b and dtype do not fit together")
    self.y_row, self.operations = job.ld, 2.0 * streams * job.n * job.k
    job.w, job.b = matrix_of(w), vector_of(b)  # only read here, to be packed
    pack_map(job, streams, <floating *> self.make(streams, steps, job.n, dtype, (job.k + 1) * job.ld,
                                                  steps * streams * job.ld))
    return self


def affine_backward(const floating[:, ::1] dout not None, const floating[:, :] x not None,
                    const floating[:, :] w not None, floating[:, ::1] dx, floating[:, :] dw not None,
                    floating[:] db not None):
    """Gradients of :func:`affine`.

    Parameters
    ----------
    dout : IN (R, ld), gradient at `out`
    x, w : IN as :func:`affine` had them
    dx : OUT (R, ld_k), or None to skip it
    dw, db : OUT (n, k), (n,), any strides
    """
    cdef Py_ssize_t R = dout.shape[0], ld = dout.shape[1], size = sizeof(floating)
    cdef Scratch memory
    cdef Work rows, columns
    cdef Affine job
    cdef double operations
    cdef floating *packed
    set_map(&job, R, ld, x, w, db)
    if R == 0 or job.n == 0:
        dw[:, :] = 0
        db[:] = 0
        if dx is not None:
            dx[:, :] = 0
        return
    job.ld_k = dx.shape[1] if dx is not None else 0
    if (db.shape[0] != job.n or dw.shape[0] != job.n or dw.shape[1] != job.k
            or (dx is not None and (dx.shape[0] < R or job.ld_k < job.k))):
        raise ValueError("dout, w, dx, dw and db do not fit together")
    operations, job.dw, job.db = 2.0 * job.n * job.k, matrix_of(dw), vector_of(db)
    memory = scratch(((job.k + 1.0) * ld + job.n * <double> job.ld_k) * size)
    job.dout, job.sums = &dout[0, 0], memory.start
    job.bias_sums, packed = <floating *> job.sums + job.k * ld, <floating *> job.sums + (job.k + 1) * ld
    if dx is not None and job.k:
        rows = work_of(&job, input_rows[float], input_rows[double], size, operations,
                       threads_for(R * operations, R // 8))
        rows.grain = UNDIVIDED * rows.shares
        job.dx, job.packed, job.width = &dx[0, 0], packed, panel_width(packed, R // rows.shares)
        pack_back(packed, job.width, &job.w, 0, 1, job.n, job.n, job.ld_k)
        run_parts(&rows, 0, R)
    memset(job.sums, 0, (job.k + 1) * ld * size)
    # parts of whole groups of rows, or shares of the columns if a group is too large: neither changes any bit
    columns = work_of(&job, weight_columns[float], weight_columns[double], size, operations,
                      threads_for(R * operations, ld // 16))
    columns.grain, columns.pieces = GRADIENT_ROWS, ld // 16
    run_parts(&columns, 0, R)
    copy_gradient(&job.dw, 0, 1, job.n, ld, <floating *> job.sums)
    copy_gradient(&job.db, 0, 1, job.n, ld, <floating *> job.bias_sums)


cdef void input_rows(void *data, const Part *part, floating *_) noexcept nogil:
    """Some rows of the gradient of the input."""
    cdef Affine *job = <Affine *> data
    cdef Py_ssize_t first = unit_start(part), end = unit_start(part, 1)
    product(end - first, job.ld_k, job.n, <const floating *> job.dout + first * job.ld, job.ld,
            <const floating *> job.packed, job.width, <floating *> job.dx + first * job.ld_k, job.ld_k, FROM_ZERO,
            <floating *> NULL)


cdef void weight_columns(void *data, const Part *part, floating *_) noexcept nogil:
    """Some columns of the gradients of weights and bias, over the rows of a part."""
    cdef Affine *job = <Affine *> data
    cdef Py_ssize_t left = tile_start(job.ld, part, 0, _), right = tile_start(job.ld, part, 1, _)
    cdef Factor factor = Factor(job.x, job.x_row, job.k, <floating *> job.sums + left)
    gradient(part.first, part.end, right - left, <const floating *> job.dout + left, job.ld, &factor, job.k > 0,
             job.ld, <floating *> job.bias_sums + left, <const unsigned char *> NULL)
