# cython: language_level=3
"""The loops over time: the share of one thread in a pass.

:func:`forward_part` is the loop forward, for all cells: it projects the input of some steps, then calls the step of
the cell for each of them, while the projection is in the cache.  :func:`backward_part` is the loop of backpropagation
through time.  simd/sequence.h says how many steps are taken together, and what a mask means.
"""

from fastrnn._core.job cimport WX, Job, chunk_length, copy_states, depth_back
from fastrnn._core.kernels cimport (FROM_BIAS, FROM_ZERO, LAST_FIRST, clear_rows, column_start, copy_back_to,
                                    copy_until, floating, gather_rows, keep_states, multiply_rows, next_run,
                                    restore_carry, save_carry)
from fastrnn._core.threads cimport Part


cdef inline void forward_part(Job *job, const Part *part, floating *_) noexcept nogil:
    """Compute some steps of some batch columns.  The gates overwrite their pre-activations."""
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
            copied = copy_until(&job.source, copied, t_end, part.end, first, end, m, <floating *> job.io.x,
                                job.io.x_row, job.io.x_row)
            multiply_rows(step, t_end, first, end, m, columns, job.n_x, <const floating *> job.io.x,
                          job.io.x_row, <const floating *> job.packed_wx, job.x_width, gates, columns, FROM_BIAS,
                          <const floating *> job.bias, mask)
        for t in range(step, t_end):
            row, end_row = t * m + first, t * m + end
            while row < end_row:
                rows = next_run(mask, &row, end_row)
                job.cell.step[job.any](&job.step, t, row - t * m, rows, LAST_FIRST if (t + job.turn) & 1 else 0)
                row += rows
            for i in range(job.cell.states if mask != NULL else 0):
                keep_states(mask, t * m + first, end_row, m, ld, <floating *> job.step.states[i])
        copy_states(job, step, t_end, first, end)
        step = t_end


cdef inline void backward_part(Job *job, const Part *part, floating *_) noexcept nogil:
    """Backpropagate through some steps of some batch columns.  The carries pass gradients to the previous step."""
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
