/* What the threads of a pass over a sequence share: sizes, arrays, and weights packed for the kernels. */
#ifndef FASTRNN_JOB_H
#define FASTRNN_JOB_H

#include "kernels.h"

/* The weights of a cell: (gates n_s, n_x), (gates n_s, n_s), and one or two biases (gates n_s, 1). */
enum { FASTRNN_WX, FASTRNN_WS, FASTRNN_BS, FASTRNN_BX, FASTRNN_MATRICES };

/* Pointers are to float or to double.  Row (t, j) of an array is row t m + j. */
typedef struct {
    fastrnn_io io; /* x (T, m, >= n_x); y is not used: the states are what a pass writes */
    fastrnn_step step;
    ptrdiff_t size;                            /* of an element, in bytes */
    fastrnn_array weights[FASTRNN_MATRICES];   /* as the caller has them */
    fastrnn_array gradients[FASTRNN_MATRICES]; /* as the caller wants them */
    fastrnn_array source; /* (n, m, T), which forward copies into x, and backward into ds; or none */
    void *copies[2];      /* (T, m, ld), where forward also writes the states after each step; or NULL */
    const fastrnn_cell *cell;
    int any;   /* 0 for tanh and sigmoid without recurrent dropout, 1 for any activations */
    int drops; /* whether there is a recurrent dropout */
    int turn;  /* 0 or 1: a step t reads the last weights first if t + turn is odd (FASTRNN_LAST_FIRST) */
    ptrdiff_t m, n_x, n_s, ld, ld_x, columns; /* columns = gates ld */
    const unsigned char *mask;                /* (T, m) */
    const void *packed_wx; /* forward (n_x, columns), back (depth, ld_x), in panels of x_width columns */
    ptrdiff_t x_width;
    const void *bias;      /* (columns,) */
    const int64_t *tokens; /* (T, m), where the rows of x are one-hot: the positions of their ones */
    /* of the backward pass */
    void *saved[2];   /* (m, ld) */
    void *dx;         /* (T, m, ld_x) */
    void *sums;       /* (n_x + n_s, columns): the gradients of Wx and Ws, transposed */
    void *bias_sums;  /* (columns,) */
    void *apart_sums; /* (ld,) */
} fastrnn_job;

/* Whether some gates have a recurrent product of their own. */
static inline int fastrnn_is_apart(const fastrnn_cell *cell) { return cell->apart < cell->gates; }

/* Return over how many elements of a row of da a product sums: gate by gate with the padding, if there are several. */
static inline ptrdiff_t fastrnn_depth_back(const fastrnn_job *job)
{
    return job->cell->gates == 1 ? job->n_s : job->columns;
}

/* Return the end of the group that begins with a gate: the gates that share a recurrent product. */
static inline int fastrnn_next_group(const fastrnn_job *job, int gate)
{
    if (job->drops)
        return gate + 1;
    return gate < job->cell->apart ? job->cell->apart : job->cell->gates;
}

#endif
