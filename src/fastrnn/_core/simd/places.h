/* Where the arrays of a pass over a sequence lie in memory.  job.h and kernels.h say what they are. */
#ifndef FASTRNN_PLACES_H
#define FASTRNN_PLACES_H

#include "arena.h"
#include "job.h"

/* Place the reserve, which a forward pass writes; return its bytes. */
static inline ptrdiff_t fastrnn_place_reserve(fastrnn_step *step, const fastrnn_cell *cell, int drops, void *memory,
                                              ptrdiff_t T, ptrdiff_t size)
{
    fastrnn_arena arena = {(char *)memory, 0};
    const ptrdiff_t row = step->m * step->ld * size;
    for (int i = 0; i < cell->states; i++)
        step->states[i] = fastrnn_take(&arena, (T + 1) * row);
    /* the one gate of a cell is its next state */
    step->gates = cell->gates > 1 ? fastrnn_take(&arena, T * cell->gates * row)
                                  : (void *)((uintptr_t)step->states[0] + (uintptr_t)row);
    step->kept = fastrnn_take(&arena, T * cell->kept * row);
    step->dropped = fastrnn_take(&arena, drops ? T * cell->gates * row : 0);
    return arena.bytes;
}

/* Place the packed weights of a forward pass; return their bytes. */
static inline ptrdiff_t fastrnn_place_weights(fastrnn_job *job, void *memory)
{
    fastrnn_arena arena = fastrnn_arena_of(memory);
    job->bias = fastrnn_take(&arena, job->columns * job->size);
    job->step.apart_bias = fastrnn_take(&arena, fastrnn_is_apart(job->cell) ? job->ld * job->size : 0);
    job->step.packed = fastrnn_take(&arena, job->columns * job->n_s * job->size);
    job->packed_wx = fastrnn_take(&arena, job->columns * job->n_x * job->size);
    return arena.bytes;
}

/* Place the scratch arrays of a backward pass that takes so many steps at a time; return their bytes.  The sums are
 * last and adjacent, so that one memset clears them. */
static inline ptrdiff_t fastrnn_place_back(fastrnn_job *job, void *memory, ptrdiff_t steps)
{
    fastrnn_arena arena = fastrnn_arena_of(memory);
    const ptrdiff_t apart = fastrnn_is_apart(job->cell), rows = steps * job->m, size = job->size;
    const ptrdiff_t state = job->m * job->ld * size;
    job->step.packed = fastrnn_take(&arena, fastrnn_depth_back(job) * job->ld * size);
    job->packed_wx = fastrnn_take(&arena, fastrnn_depth_back(job) * job->ld_x * size);
    job->step.da = fastrnn_take(&arena, rows * job->columns * size);
    job->step.d_kept = fastrnn_take(&arena, apart * rows * job->ld * size);
    for (int i = 0; i < job->cell->states; i++)
        job->saved[i] = fastrnn_take(&arena, state);
    job->step.d_dropped = fastrnn_take(&arena, job->drops ? state : 0);
    job->sums = fastrnn_take(&arena, (job->n_x + job->n_s) * job->columns * size);
    job->bias_sums = fastrnn_take(&arena, job->columns * size);
    job->apart_sums = fastrnn_take(&arena, apart * job->ld * size);
    return arena.bytes;
}

#endif
