/* The kernels as the extension modules call them: one name for both element types, over the tables of the chosen
 * level. */
#ifndef FASTRNN_BIND_H
#define FASTRNN_BIND_H

#include <string.h>

#include "../pool/part.h"
#include "gelu.h"
#include "places.h"
#include "row_jobs.h"
#include "sequence.h"

/* a copy of the pointers in each extension module, set once when it is imported */
static const fastrnn_kernels_f32 *fastrnn_f32;
static const fastrnn_kernels_f64 *fastrnn_f64;

static inline void fastrnn_bind(const void *f32, const void *f64)
{
    fastrnn_f32 = (const fastrnn_kernels_f32 *)f32;
    fastrnn_f64 = (const fastrnn_kernels_f64 *)f64;
}

/* What modules compute around the kernels, once for each type.  The names are in kernels.pxd. */
#define REAL float
#define OF(x) x##_f32
#define table_f32 fastrnn_f32
#include "of_type.h"
#undef REAL
#undef OF
#define REAL double
#define OF(x) x##_f64
#define table_f64 fastrnn_f64
#include "of_type.h"
#undef REAL
#undef OF

/* The first of some tokens that is not from 0 to n - 1, or -1 where there is none */
static inline ptrdiff_t fastrnn_bad_token_of(ptrdiff_t count, const int64_t *tokens, int64_t n)
{
    uint64_t signs = 0;
    /* one of the two is negative if the token is out of range; without branches, the compiler vectorizes the loop */
    for (ptrdiff_t i = 0; i < count; i++)
        signs |= (uint64_t)tokens[i] | ((uint64_t)n - 1 - (uint64_t)tokens[i]);
    for (ptrdiff_t i = 0; i < count && signs >> 63; i++)
        if (tokens[i] < 0 || tokens[i] >= n)
            return i;
    return -1;
}

/* what `pointer` points to says which table */
#define FASTRNN_TABLE(pointer) (_Generic(*(pointer), float: fastrnn_f32, double: fastrnn_f64))

/* the function of the type whose elements have `size` bytes: for callers with pointers to void */
#define FASTRNN_SIZED(name, size, ...) ((size) == sizeof(float) ? name##_f32(__VA_ARGS__) : name##_f64(__VA_ARGS__))

#define fastrnn_set_widths(job, ...) FASTRNN_SIZED(set_widths, (job)->size, job, __VA_ARGS__)
#define fastrnn_pack_weights(job) FASTRNN_SIZED(pack_weights, (job)->size, job)
#define fastrnn_pack_weights_back(job) FASTRNN_SIZED(pack_weights_back, (job)->size, job)
#define fastrnn_copy_sums(job) FASTRNN_SIZED(copy_sums, (job)->size, job)
#define fastrnn_copy_states(job, ...) FASTRNN_SIZED(copy_states, (job)->size, job, __VA_ARGS__)
#define fastrnn_pack_map(job, ...) FASTRNN_SIZED(pack_map, (job)->size, job, __VA_ARGS__)
#define fastrnn_pack_map_back(job, ...) FASTRNN_SIZED(pack_map_back, (job)->size, job, __VA_ARGS__)
#define fastrnn_copy_map_gradients(job) FASTRNN_SIZED(copy_map_gradients, (job)->size, job)
#define fastrnn_copy_steps(size, ...) FASTRNN_SIZED(copy_steps, size, __VA_ARGS__)
#define fastrnn_activation_rows(size, ...) FASTRNN_SIZED(activation_rows, size, __VA_ARGS__)
#define fastrnn_multiply_gate(size, ...) FASTRNN_SIZED(multiply_gate, size, __VA_ARGS__)

/* the task of the type whose elements have `size` bytes */
#define FASTRNN_TASK(name, size) ((size) == sizeof(float) ? name##_f32 : name##_f64)

#define fastrnn_weights_part(size) FASTRNN_TASK(weights_part, size)
#define fastrnn_affine_rows(size) FASTRNN_TASK(affine_rows, size)
#define fastrnn_input_rows(size) FASTRNN_TASK(input_rows, size)
#define fastrnn_weight_columns(size) FASTRNN_TASK(weight_columns, size)
#define fastrnn_take_rows(size) FASTRNN_TASK(take_rows, size)
#define fastrnn_add_rows(size) FASTRNN_TASK(add_rows, size)
#define fastrnn_activate_rows(size) FASTRNN_TASK(activate_rows, size)
#define fastrnn_sum_of_blocks(size) FASTRNN_TASK(sum_of_blocks, size)
#define fastrnn_copy_columns(size) FASTRNN_TASK(copy_columns, size)

/* the function of the type that `pointer` points to */
#define FASTRNN_OF(name, pointer) (_Generic(*(pointer), float: name##_f32, double: name##_f64))

#define fastrnn_copy_until(source, copied, step, end_step, first, end, m, rows, ld, row_length)       \
    FASTRNN_OF(copy_until, rows)(source, copied, step, end_step, first, end, m, rows, ld, row_length)
#define fastrnn_copy_back_to(source, copied, step, first_step, first, end, m, rows, ld, row_length)       \
    FASTRNN_OF(copy_back_to, rows)(source, copied, step, first_step, first, end, m, rows, ld, row_length)
#define fastrnn_first_bad_token(count, tokens, n) fastrnn_bad_token_of(count, (const int64_t *)(tokens), n)
#define fastrnn_gather_rows(first_step, end_step, first, end, m, gates, units, ld, tokens, w, bias, c)    \
    FASTRNN_OF(gather_rows, c)(first_step, end_step, first, end, m, gates, units, ld, tokens, w, bias, c)
#define fastrnn_multiply_rows(first_step, end_step, first, end, m, columns, depth, a, ...)            \
    FASTRNN_OF(multiply_rows, a)(first_step, end_step, first, end, m, columns, depth, a, __VA_ARGS__)
#define fastrnn_keep_states(mask, row, end_row, m, ld, states)         \
    FASTRNN_OF(keep_states, states)(mask, row, end_row, m, ld, states)
#define fastrnn_save_carry(mask, row, end_row, j, n_s, ds, ds_row, carry, saved, ld)        \
    FASTRNN_OF(save_carry, saved)(mask, row, end_row, j, n_s, ds, ds_row, carry, saved, ld)
#define fastrnn_restore_carry(mask, row, end_row, j, n_s, carry, saved, ld)        \
    FASTRNN_OF(restore_carry, saved)(mask, row, end_row, j, n_s, carry, saved, ld)
#define fastrnn_clear_rows(mask, first_step, end_step, first, end, m, width, rows)       \
    FASTRNN_OF(clear_rows, rows)(mask, first_step, end_step, first, end, m, width, rows)

#define fastrnn_cells(type) (FASTRNN_TABLE(type)->cells)
#define fastrnn_adam(n, p, ...) (FASTRNN_TABLE(p)->adam(n, p, __VA_ARGS__))
#define fastrnn_sgd(n, p, ...) (FASTRNN_TABLE(p)->sgd(n, p, __VA_ARGS__))
#define fastrnn_rmsprop(n, p, ...) (FASTRNN_TABLE(p)->rmsprop(n, p, __VA_ARGS__))
#define fastrnn_finite(n, x) (FASTRNN_TABLE(x)->finite(n, x))
#define fastrnn_clip_norm(n, x, longest) (FASTRNN_TABLE(x)->clip_norm(n, x, longest))
#define fastrnn_clip_value(n, x, furthest) (FASTRNN_TABLE(x)->clip_value(n, x, furthest))
#endif
