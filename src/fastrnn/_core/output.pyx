"""The output layer over all rows of a sequence: affine map, its softmax, and the gradients of the map.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.
"""

from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, GRADIENT_ROWS, Factor, bind_kernels, floating, gradient,
                                    pack, panel_width, product, softmax_rows)
from fastrnn._core.layout cimport line_start, padded_to_line
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.sequence cimport clear_rows, copy_gradient, factor_of, next_run, pack_bias, tile_start
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.threads cimport Part, Work, run_parts, run_at_once, threads_for, unit_start, work_of
from fastrnn._core.views cimport matrix_of, matrix_of_vector

bind_kernels()

cdef enum:
    # rows whose logits are still in the cache when the softmax comes for them
    BLOCK = 256
    # so many rows of a share are not divided between two looks for Ctrl-C: the weights are read once for all of them
    UNDIVIDED = 8


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
    cdef Affine job
    job.R, job.ld, job.softmax = out.shape[0], out.shape[1], softmax
    if job.R == 0 or w.shape[0] == 0:
        return
    set_map(&job, x, w)
    if (job.ld < job.n or b.shape[0] < job.n or (mask is not None and mask.shape[0] < job.R)
            or (work is not None and work.shape[0] < (job.k + 2) * job.ld)):
        raise ValueError("w, b, out, mask and work do not fit together")
    job.mask = &mask[0] if mask is not None else NULL
    job.b, job.out = matrix_of_vector(b), &out[0, 0]
    compute_rows(&job, sizeof(floating), NULL if work is None else &work[0])


cdef int set_map(Affine *job, const floating[:, :] x, const floating[:, :] w) except -1:
    """Set the sizes and arrays that both ways read."""
    job.w, job.n, job.k = matrix_of(w), w.shape[0], w.shape[1]
    if x.shape[0] < job.R or x.shape[1] < job.k:
        raise ValueError("x and w do not fit together")
    job.x = &x[0, 0] if job.k else NULL
    job.x_row = x.strides[0] // <Py_ssize_t> sizeof(floating) if job.k else 0
    return 0


cdef int compute_rows(Affine *affine, Py_ssize_t size, void *memory) except -1:
    """Compute the map whose sizes and arrays `affine` has; memory is scratch, or NULL to have it made."""
    cdef double operations = 2.0 * affine.n * affine.k + EXPONENTIAL * affine.n * affine.softmax
    cdef int shares = threads_for(affine.R * operations, affine.R // 8)
    cdef Scratch own = None
    cdef Work work
    if memory == NULL:
        own = scratch((affine.k + 2.0) * affine.ld * size)
        memory = own.start
    memory = line_start(memory)
    if size == sizeof(float):
        pack_map(affine, affine.R // shares, <float *> memory)
    else:
        pack_map(affine, affine.R // shares, <double *> memory)
    work = work_of(affine, affine_rows[float], affine_rows[double], size, operations, shares)
    work.grain = UNDIVIDED * shares
    return run_parts(&work, 0, affine.R)


cdef void pack_map(Affine *job, Py_ssize_t rows, floating *memory) noexcept nogil:
    """Pack the weights of a map in (k + 1) ld elements of memory, for products of so many rows."""
    cdef floating *packed = memory + job.ld
    job.bias, job.packed, job.width = memory, packed, panel_width(memory, rows)
    pack_bias(memory, <const floating *> job.b.data, job.b.over_row, 1, job.n, job.ld, False)
    if job.k:
        pack(packed, job.width, <const floating *> job.w.data, 1, job.k, job.k, job.w.over_column, 1, job.n, job.ld,
             job.w.over_row)


cdef void affine_rows(void *data, const Part *part, floating *_) noexcept nogil:
    """Some rows, in blocks whose logits are still in the cache when the softmax comes for them."""
    cdef Affine *job = <Affine *> data
    cdef Py_ssize_t first = unit_start(part), end = unit_start(part, 1), row = first, rows
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

    cdef Affine job

    cdef int share(self, Stage other) except -1:
        self.job = (<AffineStage> other).job
        return 0

    cdef void place(self, void *memory) noexcept:
        self.job.out = self.y = memory

    cdef int run(self, const void *x, Py_ssize_t x_row, Py_ssize_t steps) except -1 nogil:
        cdef Py_ssize_t R = steps * self.streams
        cdef Work work = work_of(&self.job, affine_rows[float], affine_rows[double], self.itemsize, 0, 1)
        self.job.x, self.job.x_row = x, x_row
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
    job.w, job.b = matrix_of(w), matrix_of_vector(b)  # read here alone, where they are packed
    pack_map(job, streams, <floating *> self.make(streams, steps, job.n, dtype, (job.k + 1) * job.ld,
                                                  steps * streams * job.ld))
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
    cdef double operations = 2.0 * n * k
    cdef Work rows, columns
    cdef Affine job
    cdef floating *sums
    cdef floating *packed
    dw[:, :] = 0
    db[:] = 0
    if R == 0 or n == 0:
        if dx is not None:
            dx[:, :] = 0
        return
    job.R, job.ld, job.ld_k = R, ld, ld_k
    set_map(&job, x, w)
    if (ld < n or db.shape[0] != n or dw.shape[0] != n or dw.shape[1] != k or (dx is not None and dx.shape[0] < R)
            or ld_k < (k if dx is not None else 0) or work.shape[0] < n * ld_k + (k + 2) * ld + ld_k):
        raise ValueError("dout, w, dx, dw, db and work do not fit together")
    sums = <floating *> line_start(&work[0])
    packed = sums + (k + 1) * ld
    job.dout, job.packed, job.sums, job.bias_sums = &dout[0, 0], packed, sums, sums + k * ld
    if dx is not None and k:
        rows = work_of(&job, input_rows[float], input_rows[double], size, operations,
                       threads_for(R * operations, R // 8))
        rows.grain = UNDIVIDED * rows.shares
        job.dx, job.width = &dx[0, 0], panel_width(sums, R // rows.shares)
        pack(packed, job.width, &w[0, 0], 1, n, n, job.w.over_row, 1, k, ld_k, job.w.over_column)
        run_parts(&rows, 0, R)
    memset(sums, 0, (k + 1) * ld * size)
    # parts of whole groups of rows, or shares of the columns where a group is too much: neither changes a bit
    columns = work_of(&job, weight_columns[float], weight_columns[double], size, operations,
                      threads_for(R * operations, ld // 16))
    columns.grain, columns.pieces = GRADIENT_ROWS, ld // 16
    run_parts(&columns, 0, R)
    if k:
        copy_gradient(&dw[0, 0], dw.strides[0] // size, dw.strides[1] // size, sums, k, 1, n, ld)
    copy_gradient(&db[0], db.strides[0] // size, 0, sums + k * ld, 1, 1, n, ld)


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
    cdef const floating *dout = <const floating *> job.dout + part.first * job.ld + left
    cdef const floating *x = <const floating *> job.x + part.first * job.x_row if job.k else dout
    cdef Factor factor = factor_of(x, job.x_row, job.k, <floating *> job.sums + left)
    gradient(part.end - part.first, right - left, dout, job.ld, &factor, 1, job.ld,
             <floating *> job.bias_sums + left)
