/* The gradients of a cell's weights. */

/* A task: add the rows of some steps to some columns of the gradients of the weights, for each group of gates.
 *
 * The Ws of a group multiplied the state, the state times its recurrent dropout, or the kept array.  Where the kept
 * array is the product itself, the gradient at the product is d_kept and not da. */
static inline void OF(weights_part)(void *data, const fastrnn_part *part)
{
    const fastrnn_job *job = (const fastrnn_job *)data;
    const fastrnn_cell *cell = job->cell;
    const ptrdiff_t ld = job->ld, n_x = job->n_x, columns = job->columns;
    const ptrdiff_t left = OF(tile_start)(columns, part, 0), right = OF(tile_start)(columns, part, 1);
    const ptrdiff_t first = part->first * job->m, end = part->end * job->m;
    const REAL *da = (const REAL *)job->step.da;
    REAL *x_sums = (REAL *)job->sums, *s_sums = x_sums + n_x * columns, *bias_sums = (REAL *)job->bias_sums;
    const int count = n_x ? 2 : 1;
    if (job->tokens)
        OF(scatter_rows)(first, end, left, right, cell->gates, job->n_s, ld, job->tokens, job->mask, da,
                         &job->gradients[FASTRNN_WX]);
    for (int gate = 0, group_end; gate < cell->gates; gate = group_end) {
        group_end = fastrnn_next_group(job, gate);
        const ptrdiff_t low = left > gate * ld ? left : gate * ld, limit = group_end * ld;
        const ptrdiff_t wide = (right < limit ? right : limit) - low;
        if (wide <= 0)
            continue;
        fastrnn_factor factors[2] = {{job->step.states[0], ld, job->n_s, s_sums + low},
                                     {job->io.x, job->io.x_row, n_x, x_sums + low}};
        if (gate >= cell->apart && !cell->kept_is_product)
            factors[0].a = job->step.kept;
        else if (job->drops)
            factors[0].a = (const REAL *)job->step.dropped + gate * ld, factors[0].a_row = columns;
        if (gate >= cell->apart && cell->kept_is_product) {
            /* of da without the first factor, the states */
            OF(gradient)(first, end, wide, da + low, columns, factors + 1, count - 1, columns, bias_sums + low,
                         job->mask);
            const ptrdiff_t of_product = low - cell->apart * ld;
            OF(gradient)(first, end, wide, (const REAL *)job->step.d_kept + of_product, ld, factors, 1, columns,
                         (REAL *)job->apart_sums + of_product, job->mask);
        } else {
            OF(gradient)(first, end, wide, da + low, columns, factors, count, columns, bias_sums + low, job->mask);
        }
    }
}
