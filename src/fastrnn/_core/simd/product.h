/* States and inputs times packed weights: C[rows, columns] = start + A[rows, depth] * weights. */

/* As product for a depth of 1, an input of one feature: there are no sums, and the panels are one row of weights */
static void NAME(outer_product)(ptrdiff_t rows, ptrdiff_t columns, const REAL *a, ptrdiff_t a_row, const REAL *weights,
                                REAL *c, ptrdiff_t c_row, const REAL *bias)
{
    for (ptrdiff_t row = 0; row < rows; row++, a += a_row, c += c_row) {
        const vec left = NAME(broadcast)(*a);
        for (ptrdiff_t i = 0; i < columns; i += LANES)
            NAME(store)(c + i, left * NAME(load)(weights + i) + NAME(load)(bias + i));
    }
}

/* IN a[row * a_row + k], packed by pack() with that width; OUT c[row * c_row + column].  Where `start` says so c
 * starts from bias[column] or from what it holds.
 *
 * If the weights fit into the second-level cache, a few rows, which stay in the first-level cache, are multiplied by
 * all of them.  If not, all rows are multiplied by one panel, which stays in the cache; a deep product is divided into
 * slices of k for that.  A slice may be larger than the first-level cache: a tile reads it as fast from the second
 * level, and each further slice reads and writes all of c again.  bench/tiles.py measures all three sizes.  Nearly all
 * processors with AVX-512 have a second-level cache of a megabyte. */
#ifndef SLICE_BYTES
#define SLICE_BYTES (64 * 1024)
#endif
#ifndef STAYING_BYTES
#define STAYING_BYTES ((VBYTES == 64 ? 512 : 256) * 1024)
#endif
static void NAME(product)(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t depth, const REAL *a, ptrdiff_t a_row,
                          const REAL *packed, ptrdiff_t width, REAL *c, ptrdiff_t c_row, int start, const REAL *bias)
{
    if (depth == 1 && (start & FASTRNN_STARTS) == FASTRNN_FROM_BIAS) {
        NAME(outer_product)(rows, columns, a, a_row, packed, c, c_row, bias);
        return;
    }
    const ptrdiff_t blocks = (rows + TILE_ROWS - 1) / TILE_ROWS;
    NAME(right) right = {packed, columns, width, depth, 0, depth, start & FASTRNN_LAST_FIRST};
    start &= FASTRNN_STARTS;
    if (rows <= TILE_ROWS) {
        /* each weight is read only once, so nothing needs to stay in a cache */
        NAME(strip_of_rows)((int)rows, &right, a, a_row, c, c_row, start, bias);
        return;
    }
    right.last_first = 0;
    const ptrdiff_t slice = SLICE_BYTES / (ptrdiff_t)(width * sizeof(REAL));
    const ptrdiff_t group = columns * depth * (ptrdiff_t)sizeof(REAL) <= STAYING_BYTES ? columns : width;
    for (ptrdiff_t k = 0; k < depth || k == 0; k += slice) {
        right.first_k = k, right.depth = depth - k < slice ? depth - k : slice;
        for (ptrdiff_t left = 0; left < columns; left += group) {
            right.panels = packed + left * depth, right.columns = columns - left < group ? columns - left : group;
            for (ptrdiff_t block = 0, row = 0; block < blocks; block++) {
                /* blocks of nearly equal height: 16 rows are 6 + 5 + 5, not 6 + 6 + 4 */
                const ptrdiff_t height = rows / blocks + (block < rows % blocks);
                NAME(strip_of_rows)((int)height, &right, a + row * a_row + k, a_row, c + row * c_row + left, c_row,
                                    k ? FASTRNN_FROM_C : start, bias ? bias + left : NULL);
                row += height;
            }
        }
    }
}
