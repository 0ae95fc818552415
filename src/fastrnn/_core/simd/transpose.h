/* OUT target[column * target_row + row] = source[row * source_row + column], in blocks that keep whole cache lines of
 * both sides in the first-level cache. */
#define BLOCK_SIDE ((ptrdiff_t)(64 / sizeof(REAL)))
static void NAME(transpose)(ptrdiff_t rows, ptrdiff_t columns, const REAL *source, ptrdiff_t source_row,
                            REAL *target, ptrdiff_t target_row)
{
    for (ptrdiff_t first = 0; first < columns; first += BLOCK_SIDE) {
        const ptrdiff_t wide = columns - first < BLOCK_SIDE ? columns - first : BLOCK_SIDE;
        for (ptrdiff_t top = 0; top < rows; top += BLOCK_SIDE) {
            const ptrdiff_t tall = rows - top < BLOCK_SIDE ? rows - top : BLOCK_SIDE;
            const REAL *from = source + top * source_row + first;
            REAL *to = target + first * target_row + top;
            if (wide == BLOCK_SIDE && tall == BLOCK_SIDE) {
                REAL block[64 / sizeof(REAL)][64 / sizeof(REAL)] __attribute__((aligned(64)));
                for (ptrdiff_t i = 0; i < BLOCK_SIDE; i++)
                    for (ptrdiff_t k = 0; k < BLOCK_SIDE; k++)
                        block[i][k] = from[i * source_row + k];
                for (ptrdiff_t k = 0; k < BLOCK_SIDE; k++)
                    for (ptrdiff_t i = 0; i < BLOCK_SIDE; i++)
                        to[k * target_row + i] = block[i][k];
            } else
                for (ptrdiff_t k = 0; k < wide; k++)
                    for (ptrdiff_t i = 0; i < tall; i++)
                        to[k * target_row + i] = from[i * source_row + k];
        }
    }
}
#undef BLOCK_SIDE
