/* Computations on each element of some rows. */

/* An activation of rows, in place: IN/OUT x, the first `units` of each row */
static inline void OF(activation_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row, int kind)
{
    if (kind == FASTRNN_SOFTMAX)
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

/* A task: the activation of some rows */
static inline void OF(activate_rows)(void *data, const fastrnn_part *part)
{
    const fastrnn_activation *job = (const fastrnn_activation *)data;
    const ptrdiff_t first = fastrnn_unit_start(part), rows = fastrnn_unit_end(part) - first;
    const ptrdiff_t x_row = job->io.x_row, y_row = job->io.y_row;
    const REAL *x = (const REAL *)job->io.x + first * x_row;
    REAL *y = (REAL *)job->io.y + first * y_row;
    for (ptrdiff_t row = 0; row < rows && job->io.x != job->io.y; row++)
        memcpy(y + row * y_row, x + row * x_row, job->n * sizeof(REAL));
    if (job->activation < FASTRNN_GELU)
        OF(activation_rows)(rows, job->n, y, y_row, job->activation);
    else if (job->activation == FASTRNN_GELU)
        OF(fastrnn_gelu_rows)(rows, job->n, y, y_row);
    else
        OF(fastrnn_gelu_rows_back)(rows, job->n, (const REAL *)job->before + first * job->n, y, y_row);
}
