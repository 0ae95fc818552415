/* An affine map of rows, with its softmax or not, and the gradients of the map. */

/* Pack the weights of a map in (k + 1) ld elements of memory, for products of so many rows. */
static inline void OF(pack_map)(fastrnn_affine *job, ptrdiff_t rows, REAL *memory)
{
    job->bias = memory, job->packed = memory + job->ld, job->width = OF(table)->panel_width(rows);
    OF(pack_bias)(memory, &job->b, 0, 1, job->n, job->ld, 0);
    OF(pack)((REAL *)job->packed, job->width, &job->w, 0, 1, job->n, job->ld);
}

/* A task: some rows, in blocks whose logits are still in the cache when the softmax reads them */
static inline void OF(affine_rows)(void *data, const fastrnn_part *part)
{
    enum { BLOCK = 256 };
    const fastrnn_affine *job = (const fastrnn_affine *)data;
    const ptrdiff_t first = fastrnn_unit_start(part), end = fastrnn_unit_end(part), ld = job->ld;
    const REAL *x = (const REAL *)job->io.x;
    REAL *y = (REAL *)job->io.y;
    for (ptrdiff_t row = first, rows; row < end; row += rows) {
        rows = fastrnn_next_run(job->mask, &row, end);
        rows = rows < BLOCK ? rows : BLOCK;
        OF(table)->product(rows, ld, job->k, x + row * job->io.x_row, job->io.x_row, (const REAL *)job->packed,
                           job->width, y + row * ld, ld, FASTRNN_FROM_BIAS, (const REAL *)job->bias);
        if (job->softmax)
            OF(table)->softmax_rows(rows, job->n, y + row * ld, ld);
    }
    OF(clear_rows)(job->mask, 0, 1, first, end, 0, ld, y);
}

/* Pack the weights of a map for the gradient of its input, for products of so many rows. */
static inline void OF(pack_map_back)(fastrnn_affine *job, ptrdiff_t rows)
{
    job->width = OF(table)->panel_width(rows);
    OF(pack_back)((REAL *)job->packed, job->width, &job->w, 0, 1, job->n, job->n, job->ld_k);
}

/* A task: some rows of the gradient of the input */
static inline void OF(input_rows)(void *data, const fastrnn_part *part)
{
    const fastrnn_affine *job = (const fastrnn_affine *)data;
    const ptrdiff_t first = fastrnn_unit_start(part), rows = fastrnn_unit_end(part) - first;
    OF(table)->product(rows, job->ld_k, job->n, (const REAL *)job->dout + first * job->ld, job->ld,
                       (const REAL *)job->packed, job->width, (REAL *)job->dx + first * job->ld_k, job->ld_k,
                       FASTRNN_FROM_ZERO, NULL);
}

/* A task: some columns of the gradients of weights and bias, over the rows of a part */
static inline void OF(weight_columns)(void *data, const fastrnn_part *part)
{
    const fastrnn_affine *job = (const fastrnn_affine *)data;
    const ptrdiff_t left = OF(tile_start)(job->ld, part, 0), right = OF(tile_start)(job->ld, part, 1);
    const fastrnn_factor factor = {job->io.x, job->io.x_row, job->k, (REAL *)job->sums + left};
    OF(gradient)(part->first, part->end, right - left, (const REAL *)job->dout + left, job->ld, &factor, job->k > 0,
                 job->ld, (REAL *)job->bias_sums + left, NULL);
}

/* OUT the gradients of weights and bias in the caller's layout, from their sums */
static inline void OF(copy_map_gradients)(const fastrnn_affine *job)
{
    OF(copy_gradient)(&job->dw, 0, 1, job->n, job->ld, (const REAL *)job->sums);
    OF(copy_gradient)(&job->db, 0, 1, job->n, job->ld, (const REAL *)job->bias_sums);
}
