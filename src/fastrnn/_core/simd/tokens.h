/* Rows picked by integers, in place of products with one-hot rows.
 *
 * A token is a column of the input weights w (gates * units, n_x); a row of what the products make is padded gate by
 * gate, `ld` elements each. */

/* OUT c[t, j] = bias + the column of w that tokens[t, j] names, zeros in the padding, for some steps and batch
 * columns */
static inline void OF(gather_rows)(ptrdiff_t first_step, ptrdiff_t end_step, ptrdiff_t first, ptrdiff_t end,
                                   ptrdiff_t m, ptrdiff_t gates, ptrdiff_t units, ptrdiff_t ld, const int64_t *tokens,
                                   const fastrnn_array *w, const REAL *bias, REAL *c)
{
    const ptrdiff_t over_unit = w->stride[0];
    for (ptrdiff_t t = first_step; t < end_step; t++)
        for (ptrdiff_t row = t * m + first; row < t * m + end; row++)
            for (ptrdiff_t g = 0; g < gates; g++) {
                const REAL *from = (const REAL *)w->data + tokens[row] * w->stride[1] + g * units * over_unit;
                const REAL *b = bias + g * ld;
                REAL *to = c + (row * gates + g) * ld;
                /* the compiler vectorizes the first loop; the second is for any strides */
                if (over_unit == 1)
                    for (ptrdiff_t i = 0; i < units; i++)
                        to[i] = from[i] + b[i];
                else
                    for (ptrdiff_t i = 0; i < units; i++)
                        to[i] = from[i * over_unit] + b[i];
                for (ptrdiff_t i = units; i < ld; i++)
                    to[i] = 0;
            }
}

/* Add the padded columns `left` to `right` of each row of da that counts to its token's column of dw, row after row:
 * IN da (rows, gates * ld); IN/OUT dw (gates * units, n_x) */
static inline void OF(scatter_rows)(ptrdiff_t first_row, ptrdiff_t end_row, ptrdiff_t left, ptrdiff_t right,
                                    ptrdiff_t gates, ptrdiff_t units, ptrdiff_t ld, const int64_t *tokens,
                                    const unsigned char *mask, const REAL *da, const fastrnn_array *dw)
{
    const ptrdiff_t over_unit = dw->stride[0];
    for (ptrdiff_t row = first_row; row < end_row; row++)
        for (ptrdiff_t g = left / ld; g < gates && (!mask || mask[row]); g++) {
            const ptrdiff_t low = left > g * ld ? left - g * ld : 0;
            const ptrdiff_t high = right - g * ld < units ? right - g * ld : units;
            const REAL *from = da + (row * gates + g) * ld;
            REAL *to = (REAL *)dw->data + tokens[row] * dw->stride[1] + g * units * over_unit;
            if (over_unit == 1)
                for (ptrdiff_t i = low; i < high; i++)
                    to[i] += from[i];
            else
                for (ptrdiff_t i = low; i < high; i++)
                    to[i * over_unit] += from[i];
        }
}

/* A task: y = the rows of a table that the tokens name */
static inline void OF(take_rows)(void *data, const fastrnn_part *part)
{
    const fastrnn_lookup *job = (const fastrnn_lookup *)data;
    const int64_t *tokens = (const int64_t *)job->io.x;
    for (ptrdiff_t row = fastrnn_unit_start(part); row < fastrnn_unit_end(part); row++)
        memcpy((REAL *)job->io.y + row * job->io.y_row,
               (const REAL *)job->table.data + tokens[row] * job->table.stride[0], job->width * sizeof(REAL));
}

/* A task: add rows to those of a table that the tokens name; all in one share, so that the order is that of the rows */
static inline void OF(add_rows)(void *data, const fastrnn_part *part)
{
    const fastrnn_lookup *job = (const fastrnn_lookup *)data;
    OF(scatter_rows)(part->first, part->end, 0, job->io.y_row, 1, job->width, job->io.y_row, (const int64_t *)job->io.x,
                     job->mask, (const REAL *)job->io.y, &job->table);
}
