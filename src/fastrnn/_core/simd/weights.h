/* The weights of a cell, packed for a pass over a sequence, and their gradients. */

/* Choose how wide the panels of packed weights are, by how many rows a recurrent product and a product of the input
 * have. */
static inline void OF(set_widths)(fastrnn_job *job, ptrdiff_t rows, ptrdiff_t x_rows)
{
    job->step.width = OF(table)->panel_width(rows);
    job->x_width = OF(table)->panel_width(x_rows);
}

/* OUT what a forward pass reads of the weights, in the places that the job has for it */
static inline void OF(pack_weights)(fastrnn_job *job)
{
    const ptrdiff_t units = job->n_s, ld = job->ld, apart = job->cell->apart, gates = job->cell->gates;
    const fastrnn_array *w = job->weights;
    REAL *bias = (REAL *)job->bias;
    for (int gate = 0, end; gate < gates; gate = end) {
        end = fastrnn_next_group(job, gate);
        OF(pack)((REAL *)job->step.packed + gate * units * ld, job->step.width, &w[FASTRNN_WS], gate, end - gate, units,
                 ld);
    }
    if (job->n_x)
        OF(pack)((REAL *)job->packed_wx, job->x_width, &w[FASTRNN_WX], 0, gates, units, ld);
    if (job->cell->kept_is_product) {
        /* the bias of the product that stands apart is added to that product, all others are added together */
        OF(pack_bias)(bias, &w[FASTRNN_BX], 0, gates, units, ld, 0);
        OF(pack_bias)(bias, &w[FASTRNN_BS], 0, apart, units, ld, 1);
        OF(pack_bias)((REAL *)job->step.apart_bias, &w[FASTRNN_BS], apart, gates - apart, units, ld, 0);
    } else {
        OF(pack_bias)(bias, &w[FASTRNN_BS], 0, gates, units, ld, 0);
    }
}

/* OUT what a backward pass reads of the weights.  Rows of da are padded gate by gate, so the panels have rows of zeros
 * there. */
static inline void OF(pack_weights_back)(fastrnn_job *job)
{
    const ptrdiff_t units = job->n_s, ld = job->ld, gates = job->cell->gates;
    const ptrdiff_t gate_depth = fastrnn_depth_back(job) / gates;
    for (int gate = 0, end; gate < gates; gate = end) {
        end = fastrnn_next_group(job, gate);
        OF(pack_back)((REAL *)job->step.packed + gate * ld * ld, job->step.width, &job->weights[FASTRNN_WS], gate,
                      end - gate, units, gate_depth, ld);
    }
    if (job->dx)
        OF(pack_back)((REAL *)job->packed_wx, job->x_width, &job->weights[FASTRNN_WX], 0, gates, units, gate_depth,
                      job->ld_x);
}

/* OUT the gradients of the weights in the caller's layout, from the sums that a backward pass has made */
static inline void OF(copy_sums)(fastrnn_job *job)
{
    const ptrdiff_t units = job->n_s, ld = job->ld, apart = job->cell->apart, gates = job->cell->gates;
    const fastrnn_array *dw = job->gradients;
    const REAL *sums = (const REAL *)job->sums, *bias_sums = (const REAL *)job->bias_sums;
    if (job->n_x)
        OF(copy_gradient)(&dw[FASTRNN_WX], 0, gates, units, ld, sums);
    OF(copy_gradient)(&dw[FASTRNN_WS], 0, gates, units, ld, sums + job->n_x * job->columns);
    OF(copy_gradient)(&dw[FASTRNN_BS], 0, gates, units, ld, bias_sums);
    if (job->cell->kept_is_product) {
        OF(copy_gradient)(&dw[FASTRNN_BX], 0, gates, units, ld, bias_sums);
        OF(copy_gradient)(&dw[FASTRNN_BS], apart, gates - apart, units, ld, (const REAL *)job->apart_sums);
    }
}
