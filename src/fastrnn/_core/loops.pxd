# cython: language_level=3
"""The loops over time, and the gradients of the weights: the share of one thread in a pass.

:func:`forward_part` is the loop forward, for all cells: it projects the input of some steps, then calls the step of
the cell for each of them, while the projection is in the cache.  :func:`backward_part` is the loop of backpropagation
through time.  :func:`weights_part` adds up the gradients of the weights, some steps at a time, as long products.
"""

from libc.string cimport memcpy

from fastrnn._core.job cimport WX, Job, depth_back, next_group
from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, LAST_FIRST, Factor, clear_rows, column_start, copy_back_to,
                                    copy_until, floating, gather_rows, gradient, keep_states, multiply_rows, next_run,
                                    restore_carry, save_carry, scatter_rows)
from fastrnn._core.sequence cimport chunk_length, tile_start
from fastrnn._core.threads cimport Part


cdef inline void forward_part(void *data, const Part *part, floating *_) noexcept nogil:
    """Compute some steps of some batch columns.  The gates overwrite their pre-activations."""
    cdef Job *job = <Job *> data
    cdef const unsigned char *mask = job.mask
    cdef Py_ssize_t first = column_start(mask, part.first, part.end, job.m, part.share, part.shares)
    cdef Py_ssize_t end = column_start(mask, part.first, part.end, job.m, part.share + 1, part.shares)
    cdef Py_ssize_t m = job.m, ld = job.ld, columns = job.columns, rows = end - first, row, end_row, t, t_end
    cdef Py_ssize_t step = part.first, copied = step
    cdef Py_ssize_t arrays = (job.cell.gates if job.cell.gates > 1 else 0) + job.cell.states + job.cell.kept
    cdef Py_ssize_t chunk = chunk_length(rows, (job.n_x + arrays * ld) * sizeof(floating))
    cdef floating *gates = <floating *> job.step.gates
    cdef int i
    while step < part.end:
        t_end = min(step + chunk, part.end)
        if job.tokens != NULL:
            gather_rows(step, t_end, first, end, m, job.cell.gates, job.n_s, ld, job.tokens, &job.weights[WX],
                        <const floating *> job.bias, gates)
        else:
            copied = copy_until(&job.source, copied, t_end, part.end, first, end, m, <floating *> job.x, job.x_row,
                                job.x_row)
            multiply_rows(step, t_end, first, end, m, columns, job.n_x, <const floating *> job.x, job.x_row,
                          <const floating *> job.packed_wx, job.x_width, gates, columns, FROM_BIAS,
                          <const floating *> job.bias, mask)
        for t in range(step, t_end):
            row, end_row = t * m + first, t * m + end
            while row < end_row:
                rows = next_run(mask, &row, end_row)
                job.cell.step[job.any](&job.step, t, row - t * m, rows, LAST_FIRST if (t + job.turn) & 1 else 0)
                row += rows
            for i in range(job.cell.states if mask != NULL else 0):
                keep_states(mask, t * m + first, end_row, m, ld, <floating *> job.step.states[i])
        for i in range(job.cell.states):
            if job.copies[i] != NULL:
                copy_states(job, i, step, t_end, first, end, _)
        step = t_end


cdef inline void copy_states(Job *job, int i, Py_ssize_t step, Py_ssize_t t_end, Py_ssize_t first, Py_ssize_t end,
                             floating *_) noexcept nogil:
    """Copy the states after some steps, while they are in the cache, into arrays that the caller gets."""
    cdef Py_ssize_t m = job.m, ld = job.ld, t, rows = (end - first) * (1 if end - first < m else t_end - step)
    for t in range(step, t_end if end - first < m else step + 1):
        memcpy(<floating *> job.copies[i] + (t * m + first) * ld,
               <floating *> job.step.states[i] + ((t + 1) * m + first) * ld, rows * ld * sizeof(floating))


cdef inline void backward_part(void *data, const Part *part, floating *_) noexcept nogil:
    """Backpropagate through some steps of some batch columns.  The carries pass gradients to the previous step."""
    cdef Job *job = <Job *> data
    cdef const unsigned char *mask = job.mask
    cdef Py_ssize_t first = column_start(mask, part.first, part.end, job.m, part.share, part.shares)
    cdef Py_ssize_t end = column_start(mask, part.first, part.end, job.m, part.share + 1, part.shares)
    cdef Py_ssize_t m = job.m, n_s = job.n_s, ld = job.ld, columns = job.columns, rows = end - first
    # da, gates where they are not states, ds, states, and what is kept
    cdef Py_ssize_t arrays = job.cell.gates * (1 + (job.cell.gates > 1)) + 2 + job.cell.kept
    cdef Py_ssize_t chunk = chunk_length(rows, (job.ld_x + arrays * ld) * sizeof(floating))
    cdef Py_ssize_t row, first_row, end_row, t, t_first, step = part.end, copied = step
    cdef floating *da = <floating *> job.step.da
    cdef int i, masked_states = job.cell.states if mask != NULL else 0
    while step > part.first:
        t_first = max(step - chunk, part.first)
        for t in range(step - 1, t_first - 1, -1):
            first_row, end_row = t * m + first, t * m + end
            copied = copy_back_to(&job.source, copied, t, part.first, first, end, m, da + columns - ld, ld, columns)
            for i in range(masked_states):
                save_carry(mask, first_row, end_row, first, n_s, <const floating *> job.step.ds if i == 0 else NULL,
                           job.step.ds_row, <const floating *> job.step.carry[i], <floating *> job.saved[i], ld)
            row = first_row
            while row < end_row:
                rows = next_run(mask, &row, end_row)
                job.cell.step_back[job.any](&job.step, t, row - t * m, rows)
                row += rows
            for i in range(masked_states):
                restore_carry(mask, first_row, end_row, first, n_s, <floating *> job.step.carry[i],
                              <const floating *> job.saved[i], ld)
        if job.dx != NULL:
            multiply_rows(t_first, step, first, end, m, job.ld_x, depth_back(job), da, columns,
                          <const floating *> job.packed_wx, job.x_width, <floating *> job.dx, job.ld_x, FROM_ZERO,
                          <floating *> NULL, mask)
            clear_rows(mask, t_first, step, first, end, m, job.ld_x, <floating *> job.dx)
        step = t_first


cdef inline void weights_part(void *data, const Part *part, floating *_) noexcept nogil:
    """Add the rows of some steps to some columns of the gradients of the weights, for each group of gates.

    The Ws of a group multiplied the state, the state times its recurrent dropout, or the kept array.  Where the kept
    array is the product itself, the gradient at the product is d_kept and not da.
    """
    cdef Job *job = <Job *> data
    cdef Py_ssize_t ld = job.ld, n_x = job.n_x, columns = job.columns, low, high
    cdef Py_ssize_t left = tile_start(columns, part, 0, _), right = tile_start(columns, part, 1, _)
    cdef Py_ssize_t first = part.first * job.m, end = part.end * job.m
    cdef const floating *da = <const floating *> job.step.da
    cdef floating *x_sums = <floating *> job.sums
    cdef floating *s_sums = x_sums + n_x * columns
    cdef floating *bias_sums = <floating *> job.bias_sums
    cdef Factor factors[2]
    cdef int gate = 0, group_end, count = 2 if n_x else 1
    if job.tokens != NULL:
        scatter_rows(first, end, left, right, job.cell.gates, job.n_s, ld, job.tokens, job.mask, da,
                     &job.gradients[WX])
    while gate < job.cell.gates:
        group_end = next_group(job, gate)
        low, high = max(left, gate * ld), min(right, group_end * ld)
        if low < high:
            factors[0] = Factor(job.step.states[0], ld, job.n_s, s_sums + low)
            factors[1] = Factor(job.x, job.x_row, n_x, x_sums + low)
            if gate >= job.cell.apart and not job.cell.kept_is_product:
                factors[0].a = job.step.kept
            elif job.drops:
                factors[0].a, factors[0].a_row = <const floating *> job.step.dropped + gate * ld, columns
            if gate >= job.cell.apart and job.cell.kept_is_product:
                # of da without the first factor, the states
                gradient(first, end, high - low, da + low, columns, factors + 1, count - 1, columns, bias_sums + low,
                         job.mask)
                low, high = low - job.cell.apart * ld, high - job.cell.apart * ld
                gradient(first, end, high - low, <const floating *> job.step.d_kept + low, ld, factors, 1, columns,
                         <floating *> job.apart_sums + low, job.mask)
            else:
                gradient(first, end, high - low, da + low, columns, factors, count, columns, bias_sums + low, job.mask)
        gate = group_end
