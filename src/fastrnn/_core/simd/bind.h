/* The chosen tables as an extension module sees them, and one name a kernel for both element types. */
#ifndef FASTRNN_BIND_H
#define FASTRNN_BIND_H

#include "kernels.h"

/* a copy of the pointers in each extension module, set once when it is imported */
static const fastrnn_kernels_f32 *fastrnn_f32;
static const fastrnn_kernels_f64 *fastrnn_f64;

static inline void fastrnn_bind(const void *f32, const void *f64)
{
    fastrnn_f32 = (const fastrnn_kernels_f32 *)f32;
    fastrnn_f64 = (const fastrnn_kernels_f64 *)f64;
}

/* what `pointer` points to says which table */
#define FASTRNN_TABLE(pointer) (_Generic(*(pointer), float: fastrnn_f32, double: fastrnn_f64))

#define fastrnn_panel_width(type, rows) (FASTRNN_TABLE(type)->panel_width(rows))
#define fastrnn_pack(packed, ...) (FASTRNN_TABLE(packed)->pack(packed, __VA_ARGS__))
#define fastrnn_product(rows, columns, depth, a, ...) (FASTRNN_TABLE(a)->product(rows, columns, depth, a, __VA_ARGS__))
#define fastrnn_gradient(rows, columns, b, ...) (FASTRNN_TABLE(b)->gradient(rows, columns, b, __VA_ARGS__))
#define fastrnn_tanh_rows(rows, units, x, x_row) (FASTRNN_TABLE(x)->tanh_rows(rows, units, x, x_row))
#define fastrnn_sigmoid_rows(rows, units, x, x_row) (FASTRNN_TABLE(x)->sigmoid_rows(rows, units, x, x_row))
#define fastrnn_exp_rows(rows, units, x, x_row) (FASTRNN_TABLE(x)->exp_rows(rows, units, x, x_row))
#define fastrnn_activation_rows(rows, units, x, x_row, kind) \
    (FASTRNN_TABLE(x)->activation_rows(rows, units, x, x_row, kind))
#define fastrnn_cells(type) (FASTRNN_TABLE(type)->cells)
#define fastrnn_softmax_rows(rows, n, x, x_row) (FASTRNN_TABLE(x)->softmax_rows(rows, n, x, x_row))
#define fastrnn_cross_entropy_rows(rows, n, p, p_row, target, ...) \
    (FASTRNN_TABLE(p)->cross_entropy_rows(rows, n, p, p_row, (const int64_t *)(target), __VA_ARGS__))
#define fastrnn_correct_rows(rows, n, p, p_row, target, ...) \
    (FASTRNN_TABLE(p)->correct_rows(rows, n, p, p_row, (const int64_t *)(target), __VA_ARGS__))
#define fastrnn_adam(n, p, ...) (FASTRNN_TABLE(p)->adam(n, p, __VA_ARGS__))
#define fastrnn_sgd(n, p, ...) (FASTRNN_TABLE(p)->sgd(n, p, __VA_ARGS__))
#define fastrnn_rmsprop(n, p, ...) (FASTRNN_TABLE(p)->rmsprop(n, p, __VA_ARGS__))
#define fastrnn_finite(n, x) (FASTRNN_TABLE(x)->finite(n, x))
#define fastrnn_clip_norm(n, x, longest) (FASTRNN_TABLE(x)->clip_norm(n, x, longest))
#define fastrnn_clip_value(n, x, furthest) (FASTRNN_TABLE(x)->clip_value(n, x, furthest))
#define fastrnn_transpose(rows, columns, source, ...) \
    (FASTRNN_TABLE(source)->transpose(rows, columns, source, __VA_ARGS__))

#endif
