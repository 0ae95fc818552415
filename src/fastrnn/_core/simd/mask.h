/* Masks (T, m): zero in the rows (t, j) that do not count.  Both functions take NULL for "all rows count". */
#ifndef FASTRNN_MASK_H
#define FASTRNN_MASK_H

#include <stddef.h>

/* A gap of at least this many rows that do not count ends a run.  Where a gap is shorter, one product that includes it
 * takes less time than two. */
enum { FASTRNN_LONG_GAP = 8 };

/* Move `row` to the first row that counts; return how many rows from there are computed together, 0 at the end. */
static inline ptrdiff_t fastrnn_next_run(const unsigned char *mask, ptrdiff_t *row, ptrdiff_t end)
{
    if (!mask)
        return end - *row;
    while (*row < end && !mask[*row])
        ++*row;
    ptrdiff_t run_end = *row;
    for (ptrdiff_t i = run_end; i < end && i - run_end < FASTRNN_LONG_GAP; i++)
        if (mask[i])
            run_end = i + 1;
    return run_end - *row;
}

/* Return the first batch column of a share.  With a mask the shares have about the same work, not the same number of
 * columns: a row that counts costs LONG_GAP + 1, and one that does not costs 1, since its state is copied. */
static inline ptrdiff_t fastrnn_column_start(const unsigned char *mask, ptrdiff_t first_step, ptrdiff_t end_step,
                                             ptrdiff_t m, ptrdiff_t share, ptrdiff_t shares)
{
    const ptrdiff_t steps = end_step - first_step;
    ptrdiff_t total = m * steps, work = 0;
    if (!mask || share == 0 || share == shares)
        return m * share / shares;
    for (ptrdiff_t i = first_step * m; i < end_step * m; i++)
        total += FASTRNN_LONG_GAP * (mask[i] != 0);
    for (ptrdiff_t j = 0; j < m; j++) {
        if (work * shares >= total * share)
            return j;
        work += steps;
        for (ptrdiff_t t = first_step; t < end_step; t++)
            work += FASTRNN_LONG_GAP * (mask[t * m + j] != 0);
    }
    return m;
}

#endif
