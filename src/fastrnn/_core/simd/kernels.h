/* What the compiled core sees of the kernels: one table of functions a type, chosen once, when fastrnn is imported. */
#ifndef FASTRNN_KERNELS_H
#define FASTRNN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* A matrix, and where its products with the columns of another are added to: c[i, :] += sum over rows of
 * a[row * a_row + i] * b[row, :] for i < height.  Both are of the type of the kernel that takes it. */
typedef struct {
    const void *a;
    ptrdiff_t a_row, height;
    void *c;
} fastrnn_factor;

/* The first label of some rows that is none of the n classes, and its row; a negative row where all are. */
typedef struct {
    ptrdiff_t row;
    int64_t label;
} fastrnn_bad_label;

#define REAL float
#define TABLE fastrnn_kernels_f32
#include "table.h"
#undef REAL
#undef TABLE
#define REAL double
#define TABLE fastrnn_kernels_f64
#include "table.h"
#undef REAL
#undef TABLE

/* Where the sums of a product start, or that they are added to C in the end: then a very long sum made in parts loses
 * to rounding what a part does and not what all of it would.  And beside it, that the last panel of weights goes first.
 * A recurrence that turns the order round at every other step finds in the first-level cache what it used last, where
 * all of its weights are somewhat larger than that: for a single row, whose time is that of reading them. */
enum {
    FASTRNN_FROM_ZERO,
    FASTRNN_FROM_BIAS,
    FASTRNN_FROM_C,
    FASTRNN_ONTO_C,
    FASTRNN_STARTS = 3,
    FASTRNN_LAST_FIRST = 4
};

/* Rows whose products the gradient of weights adds up before it adds them to the sums of those before: who hands them
 * on so many at a time gets the bits of one call for all. */
enum { FASTRNN_GRADIENT_ROWS = 96 };

typedef struct {
    const char *name;
    int vector_bytes;
    int (*supported)(void); /* by the processor and the operating system that run now */
    const fastrnn_kernels_f32 *f32;
    const fastrnn_kernels_f64 *f64;
} fastrnn_level;

/* The levels compiled in, the plainest first; the last supported one is the best. */
extern const fastrnn_level fastrnn_levels[];
extern const int fastrnn_level_count;

#endif
