"""The output layer over all rows of a sequence: affine map, softmax, cross entropy, and their gradients.

A row is one (t, j) of a time-major array (T, m, n); rows are padded to `ld` elements (memory.py).  Every array argument
says IN or OUT.  Shapes are the caller's duty, and are checked only as far as safety wants it.
"""

from cython.parallel cimport prange
from libc.string cimport memset

from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, bind_kernels, correct_rows, cross_entropy_rows, floating,
                                    gradient, pack, panel_width, product, sigmoid_rows, softmax_rows, tanh_rows)
from fastrnn._core.sequence cimport PyErr_CheckSignals, copy_gradient, line_start, pack_bias, share_start
from fastrnn._core.threads cimport threads_for

from fastrnn._core.memory import padded

bind_kernels()

cdef enum:
    # rows of a block: what is handed to a thread, and the partial sums of a loss, in an order that never changes
    BLOCK = 256
    # operations that an exponential or a logarithm is worth when threads are counted
    EXPONENTIAL = 20


def affine_work(R, k, n, dtype):
    """Elements of scratch memory that :func:`affine` and :func:`affine_backward` need."""
    return (max(k * padded(n, dtype), n * padded(k, dtype)) + k * padded(n, dtype) + 2 * padded(n, dtype)
            + padded(k, dtype))


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
    affine_of_rows(x, w, b, out, work, False)


def affine_softmax(const floating[:, :] x, const floating[:, :] w, const floating[:] b, floating[:, ::1] out,
                   floating[::1] work):
    """out = softmax(x w^T + b) of each row; parameters as :func:`affine`."""
    affine_of_rows(x, w, b, out, work, True)


cdef int affine_of_rows(const floating[:, :] x, const floating[:, :] w, const floating[:] b, floating[:, ::1] out,
                        floating[::1] work, bint softmax) except -1:
    cdef Py_ssize_t R = out.shape[0], ld = out.shape[1], n = w.shape[0], k = w.shape[1], size = sizeof(floating)
    cdef Py_ssize_t x_row = x.strides[0] // size if k else 0
    cdef int shares = threads_for(R * (2.0 * n * k + EXPONENTIAL * n * softmax), R // 8), share
    if R == 0 or n == 0:
        return 0
    if ld < n or x.shape[0] < R or x.shape[1] < k or b.shape[0] < n or work.shape[0] < (k + 2) * ld:
        raise ValueError("x, w, b, out and work do not fit together")
    cdef const floating *x_data = &x[0, 0] if k else NULL
    cdef floating *y = &out[0, 0]
    cdef floating *bias = line_start(&work[0])
    cdef floating *packed = bias + ld
    cdef Py_ssize_t width = panel_width(y, R // shares)
    pack_bias(bias, &b[0], b.strides[0] // size, 1, n, ld, False)
    if k:
        pack(packed, width, &w[0, 0], 1, k, k, w.strides[1] // size, 1, n, ld, w.strides[0] // size)
    for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
        affine_share(share_start(R, share, shares), share_start(R, share + 1, shares), ld, n, k, x_data, x_row, packed,
                     width, bias, y, softmax)
    return 0


cdef void affine_share(Py_ssize_t first, Py_ssize_t end, Py_ssize_t ld, Py_ssize_t n, Py_ssize_t k, const floating *x,
                       Py_ssize_t x_row, const floating *packed, Py_ssize_t width, const floating *bias, floating *y,
                       bint softmax) noexcept nogil:
    """Some rows, in blocks whose logits are still in the cache when the softmax comes for them."""
    cdef Py_ssize_t rows
    while first < end:
        rows = min(end - first, <Py_ssize_t> BLOCK)
        product(rows, ld, k, x + first * x_row, x_row, packed, width, y + first * ld, ld, FROM_BIAS, bias)
        if softmax:
            softmax_rows(rows, n, y + first * ld, ld)
        first += rows


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
    cdef Py_ssize_t ld_k = dx.shape[1] if dx is not None else 0, x_row = x.strides[0] // size if k else 0
    cdef Py_ssize_t first, end
    cdef int shares = threads_for(2.0 * R * n * k, R // 8), share
    dw[:, :] = 0
    db[:] = 0
    if R == 0 or n == 0:
        if dx is not None:
            dx[:, :] = 0
        return
    if (ld < n or x.shape[0] < R or x.shape[1] < k or db.shape[0] < n or (dx is not None and dx.shape[0] < R)
            or ld_k < (k if dx is not None else 0) or work.shape[0] < n * ld_k + (k + 2) * ld + ld_k):
        raise ValueError("dout, x, w, dx and work do not fit together")
    cdef const floating *x_data = &x[0, 0] if k else NULL
    cdef const floating *d = &dout[0, 0]
    cdef floating *dx_data = &dx[0, 0] if dx is not None else NULL
    cdef floating *sums = line_start(&work[0])
    cdef floating *bias_sums = sums + k * ld
    cdef floating *packed = bias_sums + ld
    cdef Py_ssize_t width = panel_width(d, R // shares)
    if dx_data != NULL and k:
        pack(packed, width, &w[0, 0], 1, n, n, w.strides[0] // size, 1, k, ld_k, w.strides[1] // size)
        for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
            first, end = share_start(R, share, shares), share_start(R, share + 1, shares)
            product(end - first, ld_k, n, d + first * ld, ld, packed, width, dx_data + first * ld_k, ld_k, FROM_ZERO,
                    <floating *> NULL)
        PyErr_CheckSignals()
    cdef Py_ssize_t lanes = panel_width(d, 4), panels = (ld + lanes - 1) // lanes, left, right
    memset(sums, 0, (k + 1) * ld * size)
    shares = threads_for(2.0 * R * n * k, panels)
    for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
        left = share_start(panels, share, shares) * lanes
        right = min(share_start(panels, share + 1, shares) * lanes, ld)
        gradient(R, k, right - left, x_data, x_row, d + left, ld, sums + left, ld, bias_sums + left)
    if k:
        copy_gradient(&dw[0, 0], dw.strides[0] // size, dw.strides[1] // size, sums, k, 1, n, ld)
    copy_gradient(&db[0], db.strides[0] // size, 0, bias_sums, 1, 1, n, ld)


def softmax(floating[:, ::1] x, Py_ssize_t n):
    """IN/OUT x (R, ld): softmax over the first `n` of each row, in place; the padding becomes zero."""
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1], first, end
    cdef int shares = threads_for(<double> EXPONENTIAL * R * n, R // 8), share
    if R == 0 or n == 0:
        return
    if ld < n:
        raise ValueError("n is more than x has columns")
    cdef floating *data = &x[0, 0]
    for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
        first, end = share_start(R, share, shares), share_start(R, share + 1, shares)
        softmax_rows(end - first, n, data + first * ld, ld)


def tanh(floating[:, ::1] x, Py_ssize_t n):
    """IN/OUT x (R, ld): hyperbolic tangent of the first `n` of each row, in place."""
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1], first, end
    cdef int shares = threads_for(<double> EXPONENTIAL * R * n, R // 8), share
    if R == 0 or n == 0:
        return
    if ld < n:
        raise ValueError("n is more than x has columns")
    cdef floating *data = &x[0, 0]
    for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
        first, end = share_start(R, share, shares), share_start(R, share + 1, shares)
        tanh_rows(end - first, n, data + first * ld, ld)


def sigmoid(floating[:, ::1] x, Py_ssize_t n):
    """IN/OUT x (R, ld): logistic function of the first `n` of each row, in place."""
    cdef Py_ssize_t R = x.shape[0], ld = x.shape[1], first, end
    cdef int shares = threads_for(<double> EXPONENTIAL * R * n, R // 8), share
    if R == 0 or n == 0:
        return
    if ld < n:
        raise ValueError("n is more than x has columns")
    cdef floating *data = &x[0, 0]
    for share in prange(shares, nogil=True, schedule="static", num_threads=shares):
        first, end = share_start(R, share, shares), share_start(R, share + 1, shares)
        sigmoid_rows(end - first, n, data + first * ld, ld)


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
    targets : IN (R,), each from 0 to n - 1 (the caller checks) where its weight is not zero
    weights : IN (R,), or None for all one
    scale : factor of the gradient
    dlogits : OUT (R, ld) scale * weight * (p - one-hot of target), or None; it may be `probabilities` itself
    partial_sums : scratch, `loss_blocks` elements

    Returns
    -------
    float
        Sum over the rows of weight * -log p[target]; a p that underflowed counts as the smallest normal number.
    """
    cdef Py_ssize_t R = probabilities.shape[0], ld = probabilities.shape[1], blocks = (R + BLOCK - 1) // BLOCK
    cdef Py_ssize_t block, first, rows
    cdef int shares = threads_for(<double> EXPONENTIAL * R * (1 + n // 8), blocks)
    cdef double total = 0
    if R == 0 or n == 0:
        return total
    if (ld < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R)
            or partial_sums.shape[0] < blocks
            or (dlogits is not None and (dlogits.shape[0] < R or dlogits.shape[1] != ld))):
        raise ValueError("probabilities, targets, weights and dlogits do not fit together")
    cdef const floating *p = &probabilities[0, 0]
    cdef const floating *w = &weights[0] if weights is not None else NULL
    cdef floating *d = &dlogits[0, 0] if dlogits is not None else NULL
    for block in prange(blocks, nogil=True, schedule="static", num_threads=shares):
        first = block * BLOCK
        rows = min(R - first, <Py_ssize_t> BLOCK)
        partial_sums[block] = cross_entropy_rows(
            rows, n, p + first * ld, ld, &targets[first], w + first if w != NULL else <const floating *> NULL, scale,
            d + first * ld if d != NULL else <floating *> NULL, ld)
    for block in range(blocks):
        total += partial_sums[block]
    return total


def count_correct(const floating[:, ::1] probabilities, Py_ssize_t n, const long long[::1] targets,
                  const floating[::1] weights):
    """Weight of the rows whose largest of the first `n` probabilities is the target's (ties: the first).

    Parameters as :func:`softmax_cross_entropy`; every target is from 0 to n - 1.
    """
    cdef Py_ssize_t R = probabilities.shape[0], ld = probabilities.shape[1]
    cdef double correct
    if R == 0 or n == 0:
        return 0.0
    if ld < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R):
        raise ValueError("probabilities, targets and weights do not fit together")
    cdef const floating *w = &weights[0] if weights is not None else NULL
    with nogil:
        correct = correct_rows(R, n, &probabilities[0, 0], ld, &targets[0], w)
    return correct
