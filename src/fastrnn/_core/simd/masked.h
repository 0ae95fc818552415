/* What the loops over time do with rows (t, j), row t m + j of an array, where a mask says which of them count.
 *
 * A row that does not count keeps the state of the previous step, whatever was computed for it.  In the backward pass
 * the gradient at its state goes unchanged to the previous step, and the gradient at its input is zero. */

/* c[t, j] = start + a[t, j] packed for some steps and batch columns; one product where rows are neighbours */
static inline void OF(multiply_rows)(ptrdiff_t first_step, ptrdiff_t end_step, ptrdiff_t first, ptrdiff_t end,
                                     ptrdiff_t m, ptrdiff_t columns, ptrdiff_t depth, const REAL *a, ptrdiff_t a_row,
                                     const REAL *packed, ptrdiff_t width, REAL *c, ptrdiff_t c_row, int start,
                                     const REAL *bias, const unsigned char *mask)
{
    for (ptrdiff_t step = first_step, next; step < end_step; step = next) {
        next = end - first == m ? end_step : step + 1;
        ptrdiff_t row = step * m + first;
        const ptrdiff_t end_row = (next - 1) * m + end;
        while (row < end_row) {
            const ptrdiff_t rows = fastrnn_next_run(mask, &row, end_row);
            OF(table)->product(rows, columns, depth, a + row * a_row, a_row, packed, width, c + row * c_row, c_row,
                               start, bias);
            row += rows;
        }
    }
}

#define FOR_ROWS_LEFT_OUT                             \
    for (ptrdiff_t i = row; mask && i < end_row; i++) \
        if (!mask[i])

/* IN/OUT states (T + 1, m, ld): states[t + 1, j] = states[t, j] in the rows of one step that do not count */
static inline void OF(keep_states)(const unsigned char *mask, ptrdiff_t row, ptrdiff_t end_row, ptrdiff_t m,
                                   ptrdiff_t ld, REAL *states)
{
    FOR_ROWS_LEFT_OUT memcpy(states + (i + m) * ld, states + i * ld, ld * sizeof(REAL));
}

/* OUT saved (m, ld) = ds + carry in the rows of one step that do not count; ds is NULL where nothing is added, as to
 * the gradient at a cell state.  Row `row` of ds is row `j` of carry and saved. */
static inline void OF(save_carry)(const unsigned char *mask, ptrdiff_t row, ptrdiff_t end_row, ptrdiff_t j,
                                  ptrdiff_t n_s, const REAL *ds, ptrdiff_t ds_row, const REAL *carry, REAL *saved,
                                  ptrdiff_t ld)
{
    FOR_ROWS_LEFT_OUT
    {
        const ptrdiff_t place = (i - row + j) * ld;
        for (ptrdiff_t k = 0; k < n_s; k++)
            saved[place + k] = ds ? ds[i * ds_row + k] + carry[place + k] : carry[place + k];
    }
}

/* OUT carry = saved in the rows that save_carry took, in place of what was computed for them */
static inline void OF(restore_carry)(const unsigned char *mask, ptrdiff_t row, ptrdiff_t end_row, ptrdiff_t j,
                                     ptrdiff_t n_s, REAL *carry, const REAL *saved, ptrdiff_t ld)
{
    FOR_ROWS_LEFT_OUT memcpy(carry + (i - row + j) * ld, saved + (i - row + j) * ld, n_s * sizeof(REAL));
}

/* OUT rows[t, j, :width] = 0 where they do not count, for some steps and batch columns */
static inline void OF(clear_rows)(const unsigned char *mask, ptrdiff_t first_step, ptrdiff_t end_step, ptrdiff_t first,
                                  ptrdiff_t end, ptrdiff_t m, ptrdiff_t width, REAL *rows)
{
    for (ptrdiff_t t = first_step; mask && t < end_step; t++) {
        const ptrdiff_t row = t * m + first, end_row = t * m + end;
        FOR_ROWS_LEFT_OUT memset(rows + i * width, 0, width * sizeof(REAL));
    }
}
#undef FOR_ROWS_LEFT_OUT

/* OUT block: some columns of the rows of these indices, one row behind the other */
enum { OF(BLOCK) = 64 };
static inline void OF(gather_block)(ptrdiff_t rows, const ptrdiff_t *index, const REAL *source, ptrdiff_t row,
                                    ptrdiff_t width, REAL *block)
{
    for (ptrdiff_t i = 0; i < rows; i++)
        memcpy(block + i * OF(BLOCK), source + index[i] * row, width * sizeof(REAL));
}

/* As gradient below, over at most GRADIENT_ROWS rows of these indices, in blocks of rows and columns that are copied */
static inline void OF(gradient_of_rows)(ptrdiff_t rows, const ptrdiff_t *index, ptrdiff_t columns, const REAL *b,
                                        ptrdiff_t b_row, const fastrnn_factor *factors, int count, ptrdiff_t c_row,
                                        REAL *sums)
{
    REAL a_block[FASTRNN_GRADIENT_ROWS * OF(BLOCK)], b_block[FASTRNN_GRADIENT_ROWS * OF(BLOCK)];
    for (ptrdiff_t left = 0; left < columns; left += OF(BLOCK)) {
        const ptrdiff_t wide = columns - left < OF(BLOCK) ? columns - left : OF(BLOCK);
        OF(gather_block)(rows, index, b + left, b_row, wide, b_block);
        OF(table)->gradient(rows, wide, b_block, OF(BLOCK), NULL, 0, c_row, sums + left);
        for (int f = 0; f < count; f++)
            for (ptrdiff_t top = 0; top < factors[f].height; top += OF(BLOCK)) {
                const ptrdiff_t rest = factors[f].height - top;
                const fastrnn_factor part = {a_block, OF(BLOCK), rest < OF(BLOCK) ? rest : OF(BLOCK),
                                             (REAL *)factors[f].c + top * c_row + left};
                OF(gather_block)(rows, index, (const REAL *)factors[f].a + top, factors[f].a_row, part.height, a_block);
                OF(table)->gradient(rows, wide, b_block, OF(BLOCK), &part, 1, c_row, NULL);
            }
    }
}

/* c += a^T b for the a and c of each factor, at most two, and sums += b, over the rows that count of some */
static inline void OF(gradient)(ptrdiff_t first_row, ptrdiff_t end_row, ptrdiff_t columns, const REAL *b,
                                ptrdiff_t b_row, const fastrnn_factor *factors, int count, ptrdiff_t c_row, REAL *sums,
                                const unsigned char *mask)
{
    ptrdiff_t index[FASTRNN_GRADIENT_ROWS];
    for (ptrdiff_t row = first_row; row < end_row;) {
        ptrdiff_t rows = 0, first = row;
        if (!mask) {
            rows = end_row - row, row = end_row;
        } else {
            for (; row < end_row && rows < FASTRNN_GRADIENT_ROWS; row++) {
                index[rows] = row;
                rows += mask[row] != 0;
            }
            first = index[0];
        }
        if (rows == 0)
            return;
        if (mask && index[rows - 1] - first != rows - 1) {
            OF(gradient_of_rows)(rows, index, columns, b, b_row, factors, count, c_row, sums);
            continue;
        }
        fastrnn_factor moved[2];
        for (int f = 0; f < count; f++) {
            moved[f] = factors[f];
            moved[f].a = (const REAL *)factors[f].a + first * factors[f].a_row;
        }
        OF(table)->gradient(rows, columns, b + first * b_row, b_row, moved, count, c_row, sums);
    }
}

/* Return the first column of a share of the gradients of weights, or of the share after it.  A share is a whole number
 * of tiles, whatever the level. */
static inline ptrdiff_t OF(tile_start)(ptrdiff_t columns, const fastrnn_part *part, int after)
{
    const ptrdiff_t tile = OF(table)->panel_width(4), tiles = (columns + tile - 1) / tile;
    const ptrdiff_t start = (after ? fastrnn_share_end(tiles, part) : fastrnn_share_start(tiles, part)) * tile;
    return start < columns ? start : columns;
}
