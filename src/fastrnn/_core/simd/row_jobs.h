/* The jobs of the tasks that compute rows independent of each other: what the threads of such a call share.  Pointers
 * to void are to float or to double.  Distances count elements. */
#ifndef FASTRNN_ROW_JOBS_H
#define FASTRNN_ROW_JOBS_H

#include "kernels.h"

/* Activations of the first n of each row */
typedef struct {
    fastrnn_io io; /* x (R, >= n), which is copied into y first, or y itself; y (R, >= n) */
    int activation;
    ptrdiff_t n;
    const void *before; /* (R, n), of GELU_BACK: what went in */
} fastrnn_activation;

/* Rows of a table that tokens name, or the gradient of the table */
typedef struct {
    fastrnn_io io; /* x: the tokens (R,), int64; y (R, >= width): rows, for the gradient those that are added up */
    const unsigned char *mask; /* (R,), or NULL */
    fastrnn_array table;       /* (n, width); for the gradient its transpose */
    ptrdiff_t width;
} fastrnn_lookup;

/* An affine map, with its softmax or not, and its gradients */
typedef struct {
    fastrnn_io io; /* x (R, >= k), y (R, ld) */
    ptrdiff_t size, R, k, n, ld;
    int softmax;
    const unsigned char *mask;  /* (R,), or NULL */
    fastrnn_array w, b, dw, db; /* (n, k), (n,), as the caller has them */
    void *packed;               /* forward (k, ld), back (n, ld_k), in panels of `width` columns */
    ptrdiff_t width;
    const void *bias; /* (ld,) */
    /* of the backward pass */
    ptrdiff_t ld_k;
    const void *dout; /* (R, ld) */
    void *dx;         /* (R, ld_k) */
    void *sums;       /* (k, ld), the gradient of w, transposed */
    void *bias_sums;  /* (ld,) */
} fastrnn_affine;

/* A copy from the caller's layout (n, m, T) to rows (T, m, ld) */
typedef struct {
    fastrnn_array source;
    void *rows;
    ptrdiff_t m, ld;
} fastrnn_copy;

/* Threads take whole blocks of this many rows, and each block has a sum of its own, so that the order of the additions
 * never changes. */
enum { FASTRNN_BLOCK_OF_LABELS = 256 };

/* The sum of the rows of a block, and its first label that is no class */
typedef struct {
    double sum;
    fastrnn_bad_label bad;
} fastrnn_block_sum;

/* Probabilities against labels */
typedef struct {
    int counts; /* how many rows are right, and not their cross entropy */
    ptrdiff_t R, n, ld;
    const void *p;          /* (R, ld) */
    const int64_t *targets; /* (R,) */
    const void *weights;    /* (R,), or NULL */
    double scale;
    void *dlogits;           /* (R, ld), or NULL */
    fastrnn_block_sum *sums; /* of each block */
} fastrnn_labels;

#endif
