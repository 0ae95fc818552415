/* What the cells have in common: how they find their rows, and what they do with all units of a row.
 *
 * A cell's header has a step forward and a step back.  Both compute `rows` neighbouring rows (t, j), (t, j + 1), ... of
 * one step t: product() sums over the units of a row, and between products loops take one vector of units at a time.
 * Loads and stores are whole vectors: rows are padded to `ld`, and what the padding of a state or gate holds does not
 * matter.  The padding of a gradient at a pre-activation is zero, since the next product sums over it.
 *
 * A header is included twice: for tanh and sigmoid, and for any activations, which step->activation and
 * step->recurrent_activation name.  ACTIVATION(x) and GATE(x) are the function of the candidate and that of the gates,
 * ACTIVATION_SLOPE(y) and GATE_SLOPE(y) their derivatives, from what the function returned.
 */
/* row (t, j) of an array of rows that are `width` elements apart */
#define ROW(array, width) ((REAL *)(array) + (t * m + j) * (width))

static inline void NAME(clear_padding)(REAL *row, ptrdiff_t units)
{
    /* up to the next cache line, whatever the vectors of this level are */
    for (ptrdiff_t i = units; i % (ptrdiff_t)(64 / sizeof(REAL)); i++)
        row[i] = 0;
}

/* Ask for rows that the step before will read, where they are few: no processor foresees so short a way back. */
#define PREFETCHED_BYTES 4096
static inline void NAME(prefetch)(const REAL *rows, ptrdiff_t elements)
{
    const ptrdiff_t bytes = elements * (ptrdiff_t)sizeof(REAL);
    for (ptrdiff_t i = 0; i < bytes && bytes <= PREFETCHED_BYTES; i += 64)
        __builtin_prefetch((const char *)rows + i);
}
