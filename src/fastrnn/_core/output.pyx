"""The output layer over all rows of a sequence: affine map, its softmax, and the gradients of the map.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (layout.pxd).  Every array
argument says IN or OUT.  The caller is responsible for shapes: they are checked only as far as memory safety needs.
"""

from libc.string cimport memset

from fastrnn._core.kernels cimport GRADIENT_ROWS, bind_kernels, floating
from fastrnn._core.layout cimport padded_to_line
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.signals cimport EXPONENTIAL
from fastrnn._core.stage cimport Stage
from fastrnn._core.views cimport matrix_of, vector_of
from fastrnn._core.threads cimport LEAST_COLUMNS, LEAST_ROWS, Work, run_parts, threads_for, work_of

bind_kernels()


cdef int set_map(Affine *job, Py_ssize_t R, Py_ssize_t ld, const floating[:, :] x, const floating[:, :] w,
                 const floating[:] b) except -1:
    """Set the sizes and arrays of both passes; `b` is the bias, or its gradient."""
    job.size, job.R, job.ld, job.w, job.n, job.k = sizeof(floating), R, ld, matrix_of(w), w.shape[0], w.shape[1]
    if R and job.n and (x.shape[0] < R or x.shape[1] < job.k or ld < job.n or b.shape[0] < job.n):
        raise ValueError("x, w, the bias and the rows of the result do not fit together")
    job.io.x, job.io.x_row = NULL, 0
    if R and job.k:
        job.io.x, job.io.x_row = &x[0, 0], x.strides[0] // <Py_ssize_t> sizeof(floating)
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
    job.b, job.io.y = vector_of(b), &out[0, 0]
    compute_rows(&job)


cdef int compute_rows(Affine *affine) except -1:
    """Compute the map whose sizes and arrays `affine` has."""
    cdef double operations = 2.0 * affine.n * affine.k + EXPONENTIAL * affine.n * affine.softmax
    cdef int shares = threads_for(affine.R * operations, affine.R // LEAST_ROWS)
    cdef Scratch memory = scratch((affine.k + 1.0) * affine.ld * affine.size)
    cdef Work work = work_of(affine, affine_rows(affine.size), operations, shares)
    work.grain = LEAST_ROWS * shares
    pack_map(affine, affine.R // shares, memory.start)
    return run_parts(&work, 0, affine.R)


def stage(const floating[:, :] w not None, const floating[:] b not None, Py_ssize_t streams, Py_ssize_t steps, dtype):
    """Return the stage of a stream (stage.pyx); weights as :func:`affine` takes them, of this dtype."""
    cdef Py_ssize_t n = w.shape[0], k = w.shape[1], ld = padded_to_line(n, sizeof(floating))
    cdef Stage self = Stage.__new__(Stage)
    cdef Affine *job
    cdef void *packed
    if n < 1 or b.shape[0] != n or dtype.itemsize != sizeof(floating):
        raise ValueError("w, b and dtype do not fit together")
    self.y_row, self.operations, self.task = ld, 2.0 * streams * n * k, affine_rows(sizeof(floating))
    packed = self.make(streams, steps, n, dtype, steps * streams * ld, (k + 1) * ld, sizeof(Affine))
    job = <Affine *> self.job
    job.size, job.n, job.k, job.ld = sizeof(floating), n, k, ld
    job.w, job.b = matrix_of(w), vector_of(b)  # only read here, to be packed
    pack_map(job, streams, packed)
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
    job.bias_sums, job.packed = <floating *> job.sums + job.k * ld, <floating *> job.sums + (job.k + 1) * ld
    if dx is not None and job.k:
        rows = work_of(&job, input_rows(size), operations, threads_for(R * operations, R // LEAST_ROWS))
        rows.grain, job.dx = LEAST_ROWS * rows.shares, &dx[0, 0]
        pack_map_back(&job, R // rows.shares)
        run_parts(&rows, 0, R)
    memset(job.sums, 0, (job.k + 1) * ld * size)
    # parts of whole groups of rows, or shares of the columns if a group is too large: neither changes any bit
    columns = work_of(&job, weight_columns(size), operations, threads_for(R * operations, ld // LEAST_COLUMNS))
    columns.grain, columns.pieces = GRADIENT_ROWS, ld // LEAST_COLUMNS
    run_parts(&columns, 0, R)
    copy_map_gradients(&job)
