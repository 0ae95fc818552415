/* Between the layouts of the caller and of the kernels: sequences, biases, and gradients of weights. */

/* OUT rows[t, j, :ld] = source[:, j, t] of a source (n, m, T), zeros in the padding, for some steps and batch columns.
 * Row (t, j) stands at rows + (t m + j) row_length. */
static inline void OF(copy_steps)(const fastrnn_array *source, ptrdiff_t first_step, ptrdiff_t end_step,
                                  ptrdiff_t first, ptrdiff_t end, ptrdiff_t m, REAL *rows, ptrdiff_t ld,
                                  ptrdiff_t row_length)
{
    const ptrdiff_t n = source->extent[0], steps = end_step - first_step, line = 64 / sizeof(REAL);
    const ptrdiff_t over_feature = source->stride[0], over_column = source->stride[1], over_step = source->stride[2];
    const REAL *from = (const REAL *)source->data + first_step * over_step;
    REAL *to = rows + first_step * m * row_length;
    if (n && over_step == 1 && steps > 1) {
        /* a few steps are one cache line of the source: then as many features at a time as fill a line of the target */
        const ptrdiff_t tall = steps > line ? n : line;
        for (ptrdiff_t top = 0; top < n; top += tall)
            for (ptrdiff_t j = first; j < end; j++)
                OF(table)->transpose(tall < n - top ? tall : n - top, steps,
                                     from + top * over_feature + j * over_column, over_feature,
                                     to + j * row_length + top, m * row_length);
    } else if (n && over_feature == 1) {
        for (ptrdiff_t t = 0; t < steps; t++)
            for (ptrdiff_t j = first; j < end; j++)
                memcpy(to + (t * m + j) * row_length, from + j * over_column + t * over_step, n * sizeof(REAL));
    } else if (n && over_column == 1 && end - first > 1) {
        for (ptrdiff_t t = 0; t < steps; t++)
            OF(table)->transpose(n, end - first, from + first + t * over_step, over_feature,
                                 to + (t * m + first) * row_length, row_length);
    } else {
        for (ptrdiff_t t = 0; t < steps; t++)
            for (ptrdiff_t j = first; j < end; j++)
                for (ptrdiff_t i = 0; i < n; i++)
                    to[(t * m + j) * row_length + i] = from[i * over_feature + j * over_column + t * over_step];
    }
    for (ptrdiff_t t = 0; t < steps && n < ld; t++)
        for (ptrdiff_t j = first; j < end; j++)
            for (ptrdiff_t i = n; i < ld; i++)
                to[(t * m + j) * row_length + i] = 0;
}

/* Copy the steps from `copied` on until all before `step` are there, in whole lines of the source; return the first
 * step that is not.  A loop over time copies some steps just before it reads them, while they are in the cache. */
static inline ptrdiff_t OF(copy_until)(const fastrnn_array *source, ptrdiff_t copied, ptrdiff_t step,
                                       ptrdiff_t end_step, ptrdiff_t first, ptrdiff_t end, ptrdiff_t m, REAL *rows,
                                       ptrdiff_t ld, ptrdiff_t row_length)
{
    const ptrdiff_t line = 64 / sizeof(REAL);
    while (source->data && copied < step) {
        const ptrdiff_t next = copied + line < end_step ? copied + line : end_step;
        OF(copy_steps)(source, copied, next, first, end, m, rows, ld, row_length);
        copied = next;
    }
    return copied;
}

/* Copy the steps before `copied` until `step` is there, the last steps first; return the first step that is there. */
static inline ptrdiff_t OF(copy_back_to)(const fastrnn_array *source, ptrdiff_t copied, ptrdiff_t step,
                                         ptrdiff_t first_step, ptrdiff_t first, ptrdiff_t end, ptrdiff_t m, REAL *rows,
                                         ptrdiff_t ld, ptrdiff_t row_length)
{
    const ptrdiff_t line = 64 / sizeof(REAL);
    while (source->data && copied > step) {
        const ptrdiff_t next = copied - line > first_step ? copied - line : first_step;
        OF(copy_steps)(source, next, copied, first, end, m, rows, ld, row_length);
        copied = next;
    }
    return copied;
}

/* A task: copy some steps of some batch columns. */
static inline void OF(copy_columns)(void *data, const fastrnn_part *part)
{
    const fastrnn_copy *job = (const fastrnn_copy *)data;
    OF(copy_steps)(&job->source, part->first, part->end, fastrnn_share_start(job->m, part),
                   fastrnn_share_end(job->m, part), job->m, (REAL *)job->rows, job->ld, job->ld);
}

/* Copy the states after some steps, while they are in the cache, into arrays that the caller gets, if there are any. */
static inline void OF(copy_states)(const fastrnn_job *job, ptrdiff_t step, ptrdiff_t end_step, ptrdiff_t first,
                                   ptrdiff_t end)
{
    const ptrdiff_t m = job->m, ld = job->ld;
    /* all columns of several steps are one block of memory */
    const ptrdiff_t steps = end - first < m ? 1 : end_step - step, rows = (end - first) * steps;
    for (int i = 0; i < job->cell->states; i++)
        for (ptrdiff_t t = step; t < end_step && job->copies[i]; t += steps)
            memcpy((REAL *)job->copies[i] + (t * m + first) * ld,
                   (const REAL *)job->step.states[i] + ((t + 1) * m + first) * ld, rows * ld * sizeof(REAL));
}

/* OUT packed (gates * ld) = the bias of some gates from `gate` on, zeros in the padding; with `add` it is added to what
 * stands there.  IN bias (all gates * units, 1) */
static inline void OF(pack_bias)(REAL *packed, const fastrnn_array *bias, ptrdiff_t gate, ptrdiff_t gates,
                                 ptrdiff_t units, ptrdiff_t ld, int add)
{
    const REAL *b = (const REAL *)bias->data + gate * units * bias->stride[0];
    for (ptrdiff_t g = 0; g < gates; g++, packed += ld) {
        for (ptrdiff_t i = 0; i < units; i++, b += bias->stride[0])
            packed[i] = *b + (add ? packed[i] : 0);
        for (ptrdiff_t i = units; i < ld; i++)
            packed[i] = 0;
    }
}

/* OUT gradient[(gate + g) * units + i, k] = sums[k, g * ld + i] for some gates from `gate` on.  OUT gradient (all
 * gates * units, inputs), any strides; IN sums (inputs, gates * ld) */
static inline void OF(copy_gradient)(const fastrnn_array *gradient, ptrdiff_t gate, ptrdiff_t gates, ptrdiff_t units,
                                     ptrdiff_t ld, const REAL *sums)
{
    const ptrdiff_t inputs = gradient->extent[1], over_unit = gradient->stride[0], over_input = gradient->stride[1];
    REAL *to = (REAL *)gradient->data + gate * units * over_unit;
    for (ptrdiff_t g = 0; g < gates && inputs; g++, to += units * over_unit) {
        if (over_input == 1) {
            OF(table)->transpose(inputs, units, sums + g * ld, gates * ld, to, over_unit);
            continue;
        }
        for (ptrdiff_t k = 0; k < inputs; k++)
            for (ptrdiff_t i = 0; i < units; i++)
                to[i * over_unit + k * over_input] = sums[(k * gates + g) * ld + i];
    }
}

/* OUT packed: some gates from `gate` on of the weights w (all gates * units, inputs), for products that sum over the
 * inputs; the result has gates of `ld` columns */
static inline void OF(pack)(REAL *packed, ptrdiff_t width, const fastrnn_array *w, ptrdiff_t gate, ptrdiff_t gates,
                            ptrdiff_t units, ptrdiff_t ld)
{
    const ptrdiff_t inputs = w->extent[1];
    if (inputs)
        OF(table)->pack(packed, width, (const REAL *)w->data + gate * units * w->stride[0], 1, inputs, inputs,
                        w->stride[1], gates, units, ld, w->stride[0]);
}

/* OUT packed: the same weights for products that sum over the gates, each padded to `gate_depth` units; the result has
 * `ld` columns, those of the inputs */
static inline void OF(pack_back)(REAL *packed, ptrdiff_t width, const fastrnn_array *w, ptrdiff_t gate, ptrdiff_t gates,
                                 ptrdiff_t units, ptrdiff_t gate_depth, ptrdiff_t ld)
{
    OF(table)->pack(packed, width, (const REAL *)w->data + gate * units * w->stride[0], gates, units, gate_depth,
                    w->stride[0], 1, w->extent[1], ld, w->stride[1]);
}
