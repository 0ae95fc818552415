/* How many steps are computed at a time, so that data is still in the cache when it is read again.
 *
 * Legend: x (T, m, n_x) is the input, time-major and features last; a "row" is one (t, j) of it, row t m + j of all;
 * `ld` the padded width of a row of states, `gates` the G gates of the cell, each `ld` wide in a packed row of gates.
 *
 * A mask (T, m), or NULL, is not zero in the rows that count.  A row that does not count keeps the state of the
 * previous step.  In the backward pass the gradient at its state goes unchanged to the previous step, and the gradients
 * of the weights leave the row out: its x has no effect, and its gates and its `da` are not read.  Rows that count and
 * rows that do not may be in any order.  Neighbouring rows that count are computed together, with short gaps between
 * them; longer gaps are skipped.  So short sequences save time, most of all if neighbours in the batch have similar
 * lengths. */
#ifndef FASTRNN_SEQUENCE_H
#define FASTRNN_SEQUENCE_H

#include "job.h"

enum {
    /* bytes of a share's rows that are projected before the recurrence reads them: they should still be in the
     * second-level cache then */
    FASTRNN_CHUNK_BYTES = 131072,
    /* bytes of gradients at the pre-activations that BPTT writes before the gradients of the weights read them: they
     * should still be in the second-level cache, and memory should not grow with the length of a sequence */
    FASTRNN_SEGMENT_BYTES = 524288
};

/* Return how many steps of so many rows go through projection and recurrence together. */
static inline ptrdiff_t fastrnn_chunk_length(ptrdiff_t rows, ptrdiff_t row_bytes)
{
    const ptrdiff_t steps = FASTRNN_CHUNK_BYTES / (rows * row_bytes + 1);
    return steps > 1 ? steps : 1;
}

/* Return after how many of T steps BPTT adds to the gradients of the weights; T is divided evenly.  Each time, all of
 * these gradients are read and written, so there should be many rows. */
static inline ptrdiff_t fastrnn_segment_length(const fastrnn_job *job, ptrdiff_t T)
{
    const ptrdiff_t step_bytes = job->m * (job->columns + job->ld * fastrnn_is_apart(job->cell)) * job->size;
    const ptrdiff_t of_memory = FASTRNN_SEGMENT_BYTES / (step_bytes + 1);
    const ptrdiff_t of_rows = 2 * FASTRNN_GRADIENT_ROWS / (job->m + 1);
    ptrdiff_t most = of_memory > of_rows ? of_memory : of_rows;
    most = most > 1 ? most : 1;
    const ptrdiff_t parts = (T + most - 1) / most;
    return T > 0 ? (T + parts - 1) / parts : 1;
}

#endif
