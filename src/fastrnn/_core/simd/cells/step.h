/* What the cells have in common: the rows of a step, and operations on all units of a row.
 *
 * A cell's header has a step forward and a step back.  Both compute `rows` neighbouring rows (t, j), (t, j + 1), ... of
 * one step t: product() sums over the units of a row, ACTIVATION and GATE compute the functions of rows, and loops take
 * one vector of units at a time for the rest.  Loads and stores are whole vectors: rows are padded to `ld`, and what the
 * padding of a state or gate holds does not matter.  The padding of a gradient at a pre-activation is zero, since the
 * next product sums over it.
 *
 * A header is included twice: with ANY 0 for tanh and sigmoid, and with ANY 1 for any activations, which
 * step->activation and step->recurrent_activation name, and for a recurrent dropout.  A header says
 *     ACTIVATION(rows, units, a, a_row)     the function of the candidate, of rows in place; GATE is that of the gates
 *     ACTIVATION_SLOPE(y), GATE_SLOPE(y)    their derivatives, from what the function returned
 *     RECURRENT(...)                        the product of the state with the weights of some gates
 *     RECURRENT_BACK(...)                   the gradient at the state, from those at the products of some gates
 *     DROPPED(x, gate)                      x times what the recurrent product of a gate multiplies the state by
 */
/* row (t, j) of an array of rows that are `width` elements apart */
#define ROW(array, width) ((REAL *)(array) + (t * m + j) * (width))

static inline void NAME(clear_padding)(REAL *row, ptrdiff_t units)
{
    /* up to the next cache line, whatever the vectors of this level are */
    for (ptrdiff_t i = units; i % (ptrdiff_t)(64 / sizeof(REAL)); i++)
        row[i] = 0;
}

/* Prefetch rows that the previous step will read, if they are few: processors do not predict such a short step back. */
#define PREFETCHED_BYTES 4096
static inline void NAME(prefetch)(const REAL *rows, ptrdiff_t elements)
{
    const ptrdiff_t bytes = elements * (ptrdiff_t)sizeof(REAL);
    for (ptrdiff_t i = 0; i < bytes && bytes <= PREFETCHED_BYTES; i += 64)
        PREFETCH((const char *)rows + i);
}

/* c = start + s times the weights of `gates` gates from `gate` on: IN s [rows, ld], weights, bias; IN/OUT c */
static ALWAYS_INLINE void NAME(recurrent)(const int any, const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j,
                                          ptrdiff_t rows, int gate, int gates, const REAL *s, const REAL *weights,
                                          REAL *c, ptrdiff_t c_row, int start, const REAL *bias)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, all = step->gate_count * ld;
    if (!any || !step->drop) {
        NAME(product)(rows, gates * ld, units, s, ld, weights, step->width, c, c_row, start, bias);
        return;
    }
    for (int g = gate; g < gate + gates; g++) {
        REAL *dropped = ROW(step->dropped, all) + g * ld;
        const REAL *drop = (const REAL *)step->drop + (g * m + j) * ld;
        FOR_ROWS
            FOR_VECTORS
                NAME(store)(dropped + row * all + i, NAME(load)(s + row * ld + i) * NAME(load)(drop + row * ld + i));
        NAME(product)(rows, ld, units, dropped, all, weights + (g - gate) * units * ld, step->width,
                      c + (g - gate) * ld, c_row, start, bias);
    }
}

/* carry = start + da times the transposed weights of `gates` gates from `gate` on: IN da [rows, da_row], weights;
 * IN/OUT carry [rows, ld] */
static ALWAYS_INLINE void NAME(recurrent_back)(const int any, const fastrnn_step *step, ptrdiff_t j, ptrdiff_t rows,
                                               int gate, int gates, const REAL *da, ptrdiff_t da_row,
                                               const REAL *weights, REAL *carry, int start)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, depth = step->gate_count == 1 ? units : ld;
    if (!any || !step->drop) {
        NAME(product)(rows, ld, gates * depth, da, da_row, weights, step->width, carry, ld, start, NULL);
        return;
    }
    REAL *d_dropped = (REAL *)step->d_dropped + j * ld;
    for (int g = gate; g < gate + gates; g++) {
        const REAL *drop = (const REAL *)step->drop + (g * m + j) * ld;
        NAME(product)(rows, ld, depth, da + (g - gate) * ld, da_row, weights + (g - gate) * depth * ld, step->width,
                      d_dropped, ld, FASTRNN_FROM_ZERO, NULL);
        FOR_ROWS
            FOR_VECTORS {
                const vec before = start == FASTRNN_FROM_ZERO && g == gate ? (vec){0}
                                                                           : NAME(load)(carry + row * ld + i);
                NAME(store)(carry + row * ld + i,
                            before + NAME(load)(drop + row * ld + i) * NAME(load)(d_dropped + row * ld + i));
            }
    }
}
#define RECURRENT(...) NAME(recurrent)(ANY, step, t, j, rows, __VA_ARGS__)
#define RECURRENT_BACK(...) NAME(recurrent_back)(ANY, step, j, rows, __VA_ARGS__)
#define DROPPED(x, gate)                                                                                     \
    (ANY && step->drop ? (x) * NAME(load)((const REAL *)step->drop + ((gate) * m + j + row) * ld + i) : (x))
