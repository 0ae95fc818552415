/* Computations on each element of some rows. */

/* An activation of rows, in place: IN/OUT x, the first `units` of each row */
static inline void OF(activation_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row, int kind)
{
    if (kind == FASTRNN_TANH)
        OF(table)->tanh_rows(rows, units, x, x_row);
    else if (kind == FASTRNN_SIGMOID)
        OF(table)->sigmoid_rows(rows, units, x, x_row);
    else if (kind == FASTRNN_EXPONENTIAL)
        OF(table)->exp_rows(rows, units, x, x_row);
    else if (kind == FASTRNN_SOFTMAX)
        OF(table)->softmax_rows(rows, units, x, x_row);
    else
        OF(table)->activation_rows(rows, units, x, x_row, kind);
}

/* OUT products (m, ld) = gates * states, of which IN gates has rows of `columns` elements, and IN states of `ld` */
static inline void OF(multiply_gate)(ptrdiff_t m, ptrdiff_t ld, const REAL *gates, ptrdiff_t columns,
                                     const REAL *states, REAL *products)
{
    for (ptrdiff_t j = 0; j < m; j++)
        for (ptrdiff_t i = 0; i < ld; i++)
            products[j * ld + i] = gates[j * columns + i] * states[j * ld + i];
}
