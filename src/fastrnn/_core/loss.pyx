"""Cross entropy of rows of probabilities against labels, its gradient at the logits, and how many rows are right.

Rows are padded to `ld` elements (layout.pxd).  Every array argument says IN or OUT.
"""

from fastrnn._core.kernels cimport BadLabel, bind_kernels, correct_rows, cross_entropy_rows, floating
from fastrnn._core.sequence cimport share_start
from fastrnn._core.signals cimport look, turns_for
from fastrnn._core.threads cimport MOST_THREADS, run_shares, share_task, threads_for

bind_kernels()

cdef enum:
    # rows of a block: what is handed to a thread, and the partial sums, in an order that never changes
    BLOCK = 256
    # operations that a row is worth
    ROW_OF_LOSS = 800

cdef struct LossJob:
    int shares       # all of them; a call runs some at a time, from first_share on (signals.pxd)
    int first_share
    Py_ssize_t R, n, ld, blocks
    const void *p
    const long long *targets
    const void *weights
    double scale
    void *dlogits
    double *partial_sums
    BadLabel bad[MOST_THREADS]  # of each share


def loss_blocks(R):
    """Length of the scratch that :func:`softmax_cross_entropy` needs for `R` rows."""
    return (R + BLOCK - 1) // BLOCK


def softmax_cross_entropy(const floating[:, ::1] probabilities not None, Py_ssize_t n,
                          const long long[::1] targets not None, const floating[::1] weights, double scale,
                          floating[:, ::1] dlogits, double[::1] partial_sums not None):
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
    job.R, job.n, job.ld, job.blocks, job.scale = R, n, ld, blocks, scale
    job.p, job.targets, job.partial_sums = &probabilities[0, 0], &targets[0], &partial_sums[0]
    job.weights = &weights[0] if weights is not None else NULL
    job.dlogits = &dlogits[0, 0] if dlogits is not None else NULL
    run_in_turns(&job, loss_float if floating is float else loss_double)
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
    cdef int place = job.first_share + share
    for block in range(share_start(job.blocks, place, job.shares), share_start(job.blocks, place + 1, job.shares)):
        first = block * BLOCK
        weights = <const floating *> job.weights + first if job.weights != NULL else NULL
        dlogits = <floating *> job.dlogits + first * job.ld if job.dlogits != NULL else NULL
        job.partial_sums[block] = cross_entropy_rows(
            min(job.R - first, <Py_ssize_t> BLOCK), job.n, <const floating *> job.p + first * job.ld, job.ld,
            job.targets + first, weights, job.scale, dlogits, job.ld, &bad)
    job.bad[share] = bad


cdef int run_in_turns(LossJob *job, share_task task) except -1:
    """Run a task in some shares at a time; raise ``ValueError`` for the first label that is found to be no class."""
    cdef double operations = (ROW_OF_LOSS + 4.0 * job.n) * job.R
    cdef int shares = threads_for(<double> ROW_OF_LOSS * job.R, job.blocks), share, turn
    cdef int turns = turns_for(operations, shares, job.blocks)
    job.shares = shares * turns
    for turn in range(turns):
        job.first_share = turn * shares
        with nogil:
            run_shares(shares, task, job)
        for share in range(shares):
            if job.bad[share].row >= 0:
                raise ValueError(f"a target is {job.bad[share].label}; it should be from 0 to {job.n - 1}")
        look(operations / turns)
    return 0


def count_correct(const floating[:, ::1] probabilities not None, Py_ssize_t n, const long long[::1] targets not None,
                  const floating[::1] weights, double[::1] partial_sums not None):
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
    job.R, job.n, job.ld, job.blocks = R, n, ld, blocks
    job.p, job.targets, job.partial_sums = &probabilities[0, 0], &targets[0], &partial_sums[0]
    job.weights = &weights[0] if weights is not None else NULL
    run_in_turns(&job, correct_float if floating is float else correct_double)
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
    cdef int place = job.first_share + share
    for block in range(share_start(job.blocks, place, job.shares), share_start(job.blocks, place + 1, job.shares)):
        first = block * BLOCK
        weights = <const floating *> job.weights + first if job.weights != NULL else NULL
        job.partial_sums[block] = correct_rows(min(job.R - first, <Py_ssize_t> BLOCK), job.n,
                                               <const floating *> job.p + first * job.ld, job.ld, job.targets + first,
                                               weights, &bad)
    job.bad[share] = bad
