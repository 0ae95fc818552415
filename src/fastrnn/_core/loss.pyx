"""Cross entropy of rows of probabilities against labels, its gradient at the logits, and how many rows are right.

Rows are padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from fastrnn._core.kernels cimport BadLabel, bind_kernels, correct_rows, cross_entropy_rows, floating
from fastrnn._core.recycled cimport Scratch, scratch
from fastrnn._core.threads cimport MOST_THREADS, Part, Work, run_parts, threads_for, unit_start, work_of

bind_kernels()

cdef enum:
    # Threads take whole blocks of this many rows, and each block has a partial sum, so that the order of the
    # additions never changes.
    BLOCK = 256
    # about how many operations a row takes
    ROW_OF_LOSS = 800

cdef struct Job:
    bint counts  # how many rows are right, and not their cross entropy
    Py_ssize_t R, n, ld
    const void *p
    const long long *targets
    const void *weights
    double scale
    void *dlogits
    double *partial_sums
    BadLabel bad[MOST_THREADS]  # the first of each share


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
    cdef Job job
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
    cdef Job job
    job.counts = True
    return sum_of_rows(&job, probabilities, n, targets, weights)


cdef double sum_of_rows(Job *job, const floating[:, ::1] p, Py_ssize_t n, const long long[::1] targets,
                        const floating[::1] weights) except? -1:
    """Add up the values of the rows, block after block; raise ``ValueError`` for the first label that is no class."""
    cdef Py_ssize_t R = p.shape[0], blocks = (R + BLOCK - 1) // BLOCK, block
    cdef int shares = threads_for(<double> ROW_OF_LOSS * R, blocks), share
    cdef Scratch partial_sums
    cdef BadLabel bad
    cdef Work work
    cdef double total = 0
    if R == 0 or n == 0:
        return total
    if p.shape[1] < n or targets.shape[0] < R or (weights is not None and weights.shape[0] < R):
        raise ValueError("probabilities, targets and weights do not fit together")
    partial_sums = scratch(blocks * sizeof(double))
    job.R, job.n, job.ld, job.p = R, n, p.shape[1], &p[0, 0]
    job.targets, job.partial_sums = &targets[0], <double *> partial_sums.start
    job.weights = &weights[0] if weights is not None else NULL
    for share in range(shares):
        job.bad[share].row = -1
    work = work_of(job, sum_of_blocks[float], sum_of_blocks[double], sizeof(floating),
                   (ROW_OF_LOSS + 4.0 * n) * BLOCK, shares)
    run_parts(&work, 0, blocks)
    bad = job.bad[0]
    for share in range(1, shares):
        if job.bad[share].row >= 0 and (bad.row < 0 or job.bad[share].row < bad.row):
            bad = job.bad[share]
    if bad.row >= 0:
        raise ValueError(f"a target is {bad.label}; it should be from 0 to {n - 1}")
    for block in range(blocks):
        total += job.partial_sums[block]
    return total


cdef void sum_of_blocks(void *data, const Part *part, floating *_) noexcept nogil:
    """Some blocks of rows, each with a sum of its own."""
    cdef Job *job = <Job *> data
    cdef Py_ssize_t block, first, rows
    cdef const floating *p
    cdef const floating *weights
    cdef floating *dlogits
    cdef BadLabel bad
    for block in range(unit_start(part), unit_start(part, 1)):
        first, bad.row = block * BLOCK, -1
        rows = min(job.R - first, <Py_ssize_t> BLOCK)
        p = <const floating *> job.p + first * job.ld
        weights = <const floating *> job.weights + first if job.weights != NULL else NULL
        if job.counts:
            job.partial_sums[block] = correct_rows(rows, job.n, p, job.ld, job.targets + first, weights, &bad)
        else:
            dlogits = <floating *> job.dlogits + first * job.ld if job.dlogits != NULL else NULL
            job.partial_sums[block] = cross_entropy_rows(rows, job.n, p, job.ld, job.targets + first, weights,
                                                         job.scale, dlogits, job.ld, &bad)
        if bad.row >= 0 and job.bad[part.share].row < 0:
            bad.row += first
            job.bad[part.share] = bad
