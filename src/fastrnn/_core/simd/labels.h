/* Probabilities against labels. */

/* A task: some blocks of rows, each with a sum of its own */
static inline void OF(sum_of_blocks)(void *data, const fastrnn_part *part)
{
    const fastrnn_labels *job = (const fastrnn_labels *)data;
    for (ptrdiff_t block = fastrnn_unit_start(part); block < fastrnn_unit_end(part); block++) {
        const ptrdiff_t first = block * FASTRNN_BLOCK_OF_LABELS, left = job->R - first;
        const ptrdiff_t rows = left < FASTRNN_BLOCK_OF_LABELS ? left : FASTRNN_BLOCK_OF_LABELS;
        const REAL *p = (const REAL *)job->p + first * job->ld;
        const REAL *weights = job->weights ? (const REAL *)job->weights + first : NULL;
        REAL *dlogits = job->dlogits ? (REAL *)job->dlogits + first * job->ld : NULL;
        fastrnn_block_sum *made = job->sums + block;
        made->bad.row = -1;
        made->sum = job->counts
                        ? OF(table)->correct_rows(rows, job->n, p, job->ld, job->targets + first, weights, &made->bad)
                        : OF(table)->cross_entropy_rows(rows, job->n, p, job->ld, job->targets + first, weights,
                                                        (REAL)job->scale, dlogits, job->ld, &made->bad);
    }
}
