/* What a task computes: a share of a part of the work of a call. */
#ifndef FASTRNN_PART_H
#define FASTRNN_PART_H

#include <stddef.h>

typedef struct {
    ptrdiff_t first, end; /* the units that are computed now: steps of a sequence, or rows */
    int share, shares;    /* which share of them */
} fastrnn_part;

typedef void (*fastrnn_part_task)(void *job, const fastrnn_part *part);

/* Return the first of n things of a share, and the first of the share after it; shares are as equal as possible. */
static inline ptrdiff_t fastrnn_share_start(ptrdiff_t n, const fastrnn_part *part)
{
    return n * part->share / part->shares;
}
static inline ptrdiff_t fastrnn_share_end(ptrdiff_t n, const fastrnn_part *part)
{
    return n * (part->share + 1) / part->shares;
}

/* Return the first unit of a share where units are independent of each other, and the first of the share after it. */
static inline ptrdiff_t fastrnn_unit_start(const fastrnn_part *part)
{
    return part->first + fastrnn_share_start(part->end - part->first, part);
}
static inline ptrdiff_t fastrnn_unit_end(const fastrnn_part *part)
{
    return part->first + fastrnn_share_end(part->end - part->first, part);
}

#endif
