/* What the compiled core sees of the kernels: one table of functions a type, chosen once, when fastrnn is imported. */
#ifndef FASTRNN_KERNELS_H
#define FASTRNN_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "mask.h"

/* GCC, Clang and clang-cl have vector extensions.  With other C11 compilers there is only the level `baseline`, which
 * computes one element at a time; -DFASTRNN_PLAIN makes GCC and Clang build the same. */
#if (defined(__GNUC__) || defined(__clang__)) && !defined(FASTRNN_PLAIN)
#define FASTRNN_VECTORS
#if defined(__x86_64__)
#define FASTRNN_X86 /* the levels avx2 and avx512 */
#elif defined(__aarch64__)
#define FASTRNN_ARM64 /* the level neon */
#endif
#endif

/* Bytes of the vectors of `baseline`: SSE2 on x86-64.  On arm64 it is plain C, since NEON has a level of its own.  In
 * plain C a vector is one element, of at most 8 bytes. */
#if defined(FASTRNN_VECTORS) && !defined(FASTRNN_ARM64)
#define FASTRNN_BASELINE_BYTES 16
#else
#define FASTRNN_BASELINE_BYTES 8
#endif

/* An array of one to three axes as the caller has it, of float or double; data is NULL where there is none.  Strides
 * count elements. */
typedef struct {
    void *data;
    ptrdiff_t extent[3], stride[3];
} fastrnn_array;

/* The rows that a job reads and writes, each so many elements from the one before.  It comes first in the struct of a
 * job, so that a stream can set it without knowing the job. */
typedef struct {
    const void *x;
    void *y;
    ptrdiff_t x_row, y_row;
} fastrnn_io;

/* A matrix, and where its products with the columns of another are added to: c[i, :] += sum over rows of
 * a[row * a_row + i] * b[row, :] for i < height.  Both are of the type of the kernel that takes it. */
typedef struct {
    const void *a;
    ptrdiff_t a_row, height;
    void *c;
} fastrnn_factor;

/* The first label of some rows that is not a class, and its row; the row is negative where all labels are classes. */
typedef struct {
    ptrdiff_t row;
    int64_t label;
} fastrnn_bad_label;

/* The sequence that a step of a cell computes a part of.  Pointers are to the type of the kernel that takes it; row
 * (t, j) of an array is row t m + j.  Rows of states, kept arrays and carries have `ld` elements, rows of gates `gates`
 * times as many.  cells/ has the cells. */
typedef struct {
    ptrdiff_t m, n_s, ld; /* batch, units, padded units */
    int gate_count;
    int activation, recurrent_activation; /* of FASTRNN_EACH_ACTIVATION */
    /* forward: Ws as [n_s, gates ld]; back: its transpose as [gates ld, ld].  In panels of `width` columns; the gates
     * from `apart` on behind the others, with `drop` each gate behind the one before */
    const void *packed;
    ptrdiff_t width;
    const void *apart_bias; /* (ld,), of the recurrent product that stands apart */
    void *states[2]; /* (T + 1, m, ld); the first step is IN, step t writes row t + 1 */
    void *gates; /* (T, m, gates, ld); of a cell of one gate the states from row 1 on */
    void *kept; /* (T, m, ld) */
    const void *drop; /* (gates, m, ld), what each gate's recurrent product multiplies the state by; or NULL */
    void *dropped; /* (T, m, gates, ld), the states so multiplied */
    /* back */
    ptrdiff_t first_step; /* of the segment that is computed now: da and d_kept have no memory for earlier steps */
    const void *ds; /* (T, m, ds_row) */
    ptrdiff_t ds_row;
    void *carry[2]; /* (m, ld): gradients that a step passes to the states before it */
    void *da; /* (T, m, gates, ld), at the pre-activations */
    void *d_kept; /* (T, m, ld), of cells with a product that stands apart */
    void *d_dropped; /* (m, ld), scratch where there is `drop` */
} fastrnn_step;

/* A cell: a row of FASTRNN_EACH_CELL. */
typedef struct {
    const char *name;
    int gates; /* how many blocks of n_s rows its weights have */
    int states; /* how many it carries: 2 with a cell state */
    int kept; /* arrays (T, m, ld) that it keeps for the backward pass, beside states and gates */
    /* The gates from `apart` on have a recurrent product of their own (apart = gates: none has).  It multiplies the
     * kept array.  With `kept_is_product` it multiplies the state, has a bias of its own, and its result is the kept
     * array, whose gradient is d_kept in place of da. */
    int apart, kept_is_product;
    /* [0] is for tanh and sigmoid without recurrent dropout, [1] for any activations, with it or not */
    void (*step[2])(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order);
    void (*step_back[2])(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows);
} fastrnn_cell;

/* name, gates, states, kept, apart, kept_is_product; cells/NAME.h has the rest of a cell */
#define FASTRNN_EACH_CELL(ROW)          \
    ROW(rnn, 1, 1, 0, 1, 0)             \
    ROW(gru, 3, 1, 1, 2, 0)             \
    ROW(gru_reset_after, 3, 1, 1, 2, 1) \
    ROW(lstm, 4, 2, 1, 4, 0)            \
    ROW(mgu, 2, 1, 1, 1, 0)
#define FASTRNN_ONE(...) +1
enum { FASTRNN_CELLS = 0 FASTRNN_EACH_CELL(FASTRNN_ONE) };

/* The activations, of which cells may have those before the softmax: number, name.  gelu.h has the last two, and each
 * level has the others. */
#define FASTRNN_EACH_ACTIVATION(ROW)                   \
    ROW(FASTRNN_TANH, tanh)                            \
    ROW(FASTRNN_SIGMOID, sigmoid)                      \
    ROW(FASTRNN_LINEAR, linear)                        \
    ROW(FASTRNN_RELU, relu)                            \
    ROW(FASTRNN_HARD_SIGMOID, hard_sigmoid)            \
    ROW(FASTRNN_HARD_SIGMOID_OLD, hard_sigmoid_keras2) \
    ROW(FASTRNN_SOFTSIGN, softsign)                    \
    ROW(FASTRNN_ELU, elu)                              \
    ROW(FASTRNN_SELU, selu)                            \
    ROW(FASTRNN_SOFTPLUS, softplus)                    \
    ROW(FASTRNN_EXPONENTIAL, exponential)              \
    ROW(FASTRNN_SOFTMAX, softmax)                      \
    ROW(FASTRNN_GELU, gelu)                            \
    ROW(FASTRNN_GELU_BACK, gelu_backward)
#define FASTRNN_NUMBER(number, name) number,
enum { FASTRNN_EACH_ACTIVATION(FASTRNN_NUMBER) FASTRNN_ACTIVATIONS };

static inline const char *fastrnn_activation_name(int number)
{
#define FASTRNN_NAME(number, name) #name,
    static const char *const names[] = {FASTRNN_EACH_ACTIVATION(FASTRNN_NAME)};
    return names[number];
}

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

/* How a product begins its sums, in the lowest bits, and the order of its panels. */
enum {
    FASTRNN_FROM_ZERO,
    FASTRNN_FROM_BIAS,
    FASTRNN_FROM_C, /* the sums continue what C holds */
    FASTRNN_ONTO_C, /* the sums start from zero and are added to C at the end; a long sum in parts has smaller errors */
    FASTRNN_STARTS = 3,
    /* The last panel of weights is read first.  The time of a product of one row is that of reading the weights.  Where
     * they are somewhat larger than the first-level cache, a recurrence that reverses the order at every other step
     * finds the panels of the last step there. */
    FASTRNN_LAST_FIRST = 4
};

/* The gradient of weights adds up blocks of this many rows, and then adds the sum of each block to C.  So the rows can
 * be divided among several calls: if each call but the last has a multiple of this number, the bits are those of one
 * call for all rows. */
enum { FASTRNN_GRADIENT_ROWS = 96 };

typedef struct {
    const char *name;
    int vector_bytes;
    int (*supported)(void); /* by the processor and the operating system that run now */
    const fastrnn_kernels_f32 *f32;
    const fastrnn_kernels_f64 *f64;
} fastrnn_level;

/* The levels of this build, the simplest first; the last supported one is the best. */
extern const fastrnn_level fastrnn_levels[];
extern const int fastrnn_level_count;

#endif
