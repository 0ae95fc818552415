/* Gradients of weights: C[columns of A, columns of B] += sum over rows of A[row, :]^T * B[row, :]. */

/* OUT panels: some rows of b as panels of two vectors, [panel][row][width] */
static void NAME(pack_rows)(ptrdiff_t rows, ptrdiff_t columns, const REAL *b, ptrdiff_t b_row, REAL *panels)
{
    const ptrdiff_t whole = columns & -(2 * LANES);
    /* in the order of memory, so that the processor can prefetch */
    for (ptrdiff_t k = 0; k < rows; k++, b += b_row) {
        for (ptrdiff_t first = 0; first < whole; first += 2 * LANES) {
            REAL *target = panels + first * rows + k * 2 * LANES;
            NAME(store)(target, NAME(load)(b + first));
            NAME(store)(target + LANES, NAME(load)(b + first + LANES));
        }
        if (whole < columns)
            NAME(store)(panels + whole * rows + k * LANES, NAME(load)(b + whole));
    }
}

/* sums += the rows of some neighbouring panels; where x is not NULL, also c += x[row * x_row] * these rows.  Several
 * panels are computed at once, because each addition to a sum waits for the one before it. */
static ALWAYS_INLINE void NAME(sums_of_some)(const int count, const int vectors, ptrdiff_t rows, const REAL *panels,
                                             const REAL *x, ptrdiff_t x_row, REAL *c, REAL *sums)
{
    const ptrdiff_t width = vectors * LANES;
    vec sum[2][2] = {{(vec){0}}}, product[2][2] = {{(vec){0}}};
    for (ptrdiff_t k = 0; k < rows; k++) {
        const vec left = x ? NAME(broadcast)(x[k * x_row]) : (vec){0};
#pragma GCC unroll 2
        for (int p = 0; p < count; p++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                const vec right = NAME(load)(panels + (p * rows + k) * width + v * LANES);
                sum[p][v] += right;
                product[p][v] = left * right + product[p][v];
            }
    }
#pragma GCC unroll 2
    for (int p = 0; p < count; p++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            const ptrdiff_t place = p * width + v * LANES;
            NAME(store)(sums + place, NAME(load)(sums + place) + sum[p][v]);
            if (x)
                NAME(store)(c + place, product[p][v] + NAME(load)(c + place));
        }
}

/* As sums_of_some, for all panels that pack_rows has written */
static void NAME(sums_of_panels)(ptrdiff_t rows, ptrdiff_t columns, const REAL *panels, const REAL *x, ptrdiff_t x_row,
                                 REAL *c, REAL *sums)
{
    ptrdiff_t first = 0;
#define SUMS_OF(count, vectors)                                                                        \
    NAME(sums_of_some)(count, vectors, rows, panels + first * rows, x, x_row, c + first, sums + first)
    for (; columns - first >= 4 * LANES; first += 4 * LANES)
        SUMS_OF(2, 2);
    if (columns - first >= 2 * LANES) {
        SUMS_OF(1, 2);
        first += 2 * LANES;
    }
    if (first < columns)
        SUMS_OF(1, 1);
#undef SUMS_OF
}

/* c[i, :] += sum over rows of a[row * a_row + i] * panels[row] for i < height; panels as pack_rows writes them */
static void NAME(gradient_of_panels)(ptrdiff_t rows, ptrdiff_t height, ptrdiff_t columns, const REAL *a,
                                     ptrdiff_t a_row, const REAL *panels, REAL *c, ptrdiff_t c_row)
{
    const NAME(right) right = {panels, columns, 2 * LANES, rows, 0, rows, 0};
    const ptrdiff_t blocks = (height + TILE_ROWS - 1) / TILE_ROWS;
    for (ptrdiff_t block = 0, i = 0; block < blocks; block++) {
        const ptrdiff_t tall = height / blocks + (block < height % blocks);
        NAME(strip_of_columns)((int)tall, &right, a + i, a_row, c + i * c_row, c_row);
        i += tall;
    }
}

/* For each factor: IN a[row * a_row + i] for i < height, b[row * b_row + column]; IN/OUT c[i * c_row + column], which
 * the sum over rows is added to.  IN/OUT sums[column], the sums of b alone, where not NULL.  `columns` is a whole
 * number of vectors.
 *
 * Some rows and columns of b at a time are packed, and stay in the second-level cache while all columns of a are read.
 * A factor of one column, as the input of one feature is, is computed together with the sums.  Where the rows of a are
 * a multiple of 1024 bytes apart, the elements of one of its columns fall into a few sets of the first-level cache, and
 * evict each other: then CONFLICT_COLUMNS of a at a time are copied to rows of another distance. */
#define GRADIENT_COLUMNS 128
#define CONFLICT_COLUMNS 66
static void NAME(gradient)(ptrdiff_t rows, ptrdiff_t columns, const REAL *b, ptrdiff_t b_row,
                           const fastrnn_factor *factors, int count, ptrdiff_t c_row, REAL *sums)
{
    enum { COPY_ROW = 64 + 64 / sizeof(REAL) };
    _Alignas(64) REAL panels[FASTRNN_GRADIENT_ROWS * GRADIENT_COLUMNS];
    _Alignas(64) REAL copy[FASTRNN_GRADIENT_ROWS * COPY_ROW];
    const fastrnn_factor *thin = NULL;
    for (int f = 0; f < count && sums; f++)
        if (factors[f].height == 1)
            thin = &factors[f];

    for (ptrdiff_t row = 0, now; row < rows; row += now) {
        now = rows - row < FASTRNN_GRADIENT_ROWS ? rows - row : FASTRNN_GRADIENT_ROWS;
        for (ptrdiff_t left = 0; left < columns; left += GRADIENT_COLUMNS) {
            const ptrdiff_t wide = columns - left < GRADIENT_COLUMNS ? columns - left : GRADIENT_COLUMNS;
            NAME(pack_rows)(now, wide, b + row * b_row + left, b_row, panels);
            if (thin)
                NAME(sums_of_panels)(now, wide, panels, (const REAL *)thin->a + row * thin->a_row, thin->a_row,
                                     (REAL *)thin->c + left, sums + left);
            else if (sums)
                NAME(sums_of_panels)(now, wide, panels, NULL, 0, NULL, sums + left);
            for (const fastrnn_factor *factor = factors; factor < factors + count; factor++) {
                const ptrdiff_t height = factor == thin ? 0 : factor->height, a_row = factor->a_row;
                const REAL *a = (const REAL *)factor->a + row * a_row;
                REAL *c = (REAL *)factor->c + left;
                const int copied = a_row * sizeof(REAL) % 1024 == 0 && columns >= 16 * LANES;
                const ptrdiff_t parts = copied ? (height + CONFLICT_COLUMNS - 1) / CONFLICT_COLUMNS : 1;
                for (ptrdiff_t part = 0, top = 0; part < parts; part++) {
                    const ptrdiff_t tall = height / parts + (part < height % parts);
                    for (ptrdiff_t k = 0; copied && k < now; k++)
                        memcpy(copy + k * COPY_ROW, a + k * a_row + top, tall * sizeof(REAL));
                    NAME(gradient_of_panels)(now, tall, wide, copied ? copy : a, copied ? COPY_ROW : a_row, panels,
                                             c + top * c_row, c_row);
                    top += tall;
                }
            }
        }
    }
}
