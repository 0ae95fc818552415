"""Cross entropy of rows of probabilities against labels, its gradient at the logits, and how many rows are right.

Rows are padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from fastrnn._core.kernels cimport bind_kernels, floating, int64_t
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.threads cimport Task, Work, run_parts, threads_for, work_of

cdef extern from "simd/bind.h" nogil:
    enum:
        BLOCK "FASTRNN_BLOCK_OF_LABELS"

    ctypedef struct BadLabel "fastrnn_bad_label":
        Py_ssize_t row
        int64_t label

    ctypedef struct BlockSum "fastrnn_block_sum":
        double sum
        BadLabel bad

    ctypedef struct Labels "fastrnn_labels":
        bint counts
        Py_ssize_t R, n, ld
        const void *p
        const int64_t *targets
        const void *weights
        double scale
        void *dlogits
        BlockSum *sums

    Task sum_of_blocks "fastrnn_sum_of_blocks"(Py_ssize_t size)

bind_kernels()

cdef enum:
    ROW_OF_LOSS = 800  # about how many operations a row takes


def softmax_cross_entropy(const floating[:, ::1] probabilities not None, Py_ssize_t n,
                          const long long[::1] targets not None, const floating[::1] weights, double scale,
                          floating[:, ::1] dlogits):
    """Cross entropy of probabilities that a softmax made, and its gradient at the logits.

    Parameters
    ----------
    probabilities : IN (R, ld), the first `n` of each row
    targets : IN (R,), each from 0 to n - 1 where its weight is not zero
    weights : IN (R,), or None for all one
    scale : factor of the gradient
    dlogits : OUT (R, ld) scale * weight * (p - one-hot of target), or None; it may be `probabilities` itself

    Returns
    -------
    float
        Sum over the rows of weight * -log p[target]; a p that underflowed counts as the smallest normal number.

    Raises
    ------
    ValueError
        If a target is out of its range.  Targets are checked as they are used: `dlogits` has been written by then.
    """
    cdef Labels job
    if dlogits is not None and (dlogits.shape[0] < probabilities.shape[0]
                                or dlogits.shape[1] != probabilities.shape[1]):
        raise ValueError("probabilities and dlogits do not fit together")
    job.counts, job.scale = False, scale
    job.dlogits = &dlogits[0, 0] if dlogits is not None and dlogits.shape[0] else NULL
    return sum_of_rows(&job, probabilities, n, targets, weights)


def count_correct(const floating[:, ::1] probabilities not None, Py_ssize_t n, const long long[::1] targets not None,
                  const floating[::1] weights):
    """Sum of the weights of the rows whose target has the largest of the first `n` probabilities (ties: the first).

    Parameters and errors as :func:`softmax_cross_entropy`; every target is from 0 to n - 1, whatever its weight.
    """
    cdef Labels job
    job.counts, job.dlogits = True, NULL
    return sum_of_rows(&job, probabilities, n, targets, weights)


cdef double sum_of_rows(Labels *job, const floating[:, ::1] p, Py_ssize_t n, const long long[::1] targets,
                        const floating[::1] weights) except? -1:
    """Add up the values of the rows, block after block; raise ``ValueError`` for the first label that is no class."""
    cdef Py_ssize_t R = p.shape[0], blocks = (R + BLOCK - 1) // BLOCK, block
    cdef Scratch sums
    cdef Work work
    cdef double total = 0
    if R == 0 or n == 0:
        return total
    if p.shape[1] < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R):
        raise ValueError("probabilities, targets and weights do not fit together")
    sums = scratch(blocks * sizeof(BlockSum))
    job.R, job.n, job.ld, job.p = R, n, p.shape[1], &p[0, 0]
    job.targets, job.sums = <const int64_t *> &targets[0], <BlockSum *> sums.start
    job.weights = &weights[0] if weights is not None else NULL
    work = work_of(job, sum_of_blocks(sizeof(floating)), (ROW_OF_LOSS + 4.0 * n) * BLOCK,
                   threads_for(<double> ROW_OF_LOSS * R, blocks))
    run_parts(&work, 0, blocks)
    for block in range(blocks):
        if job.sums[block].bad.row >= 0:
            raise ValueError(f"a target is {job.sums[block].bad.label}; it should be from 0 to {n - 1}")
        total += job.sums[block].sum
    return total
