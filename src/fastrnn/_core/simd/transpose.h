/* OUT target[column * target_row + row] = source[row * source_row + column], in blocks of whole cache lines on both
 * sides.  A block is divided into squares of vectors of 16 bytes, at every level: wider vectors need as many shuffles,
 * and with few instructions the processor runs far enough ahead to request the next lines from memory. */
#define BLOCK_SIDE ((ptrdiff_t)(64 / sizeof(REAL)))
#define SQUARE_SIDE ((ptrdiff_t)(16 / sizeof(REAL)))

#if defined(ONE_LANE)
static inline void NAME(transpose_square)(const REAL *source, ptrdiff_t source_row, REAL *target, ptrdiff_t target_row)
{
    for (ptrdiff_t k = 0; k < SQUARE_SIDE; k++)
        for (ptrdiff_t i = 0; i < SQUARE_SIDE; i++)
            target[k * target_row + i] = source[i * source_row + k];
}
#else
typedef REAL NAME(quad) __attribute__((vector_size(16)));
typedef REAL NAME(quad_memory) __attribute__((vector_size(16), aligned(sizeof(REAL)), may_alias));

#if REAL_BITS == 64
#define LOW_OF(a, b) SHUFFLE(int64_t, a, b, 0, 2)
#define HIGH_OF(a, b) SHUFFLE(int64_t, a, b, 1, 3)
#else
#define LOW_OF(a, b) SHUFFLE(int32_t, a, b, 0, 4, 1, 5)
#define HIGH_OF(a, b) SHUFFLE(int32_t, a, b, 2, 6, 3, 7)
#endif

static inline void NAME(transpose_square)(const REAL *source, ptrdiff_t source_row, REAL *target, ptrdiff_t target_row)
{
    NAME(quad) row[16 / sizeof(REAL)];
    for (ptrdiff_t i = 0; i < SQUARE_SIDE; i++)
        row[i] = *(const NAME(quad_memory) *)(source + i * source_row);
#if REAL_BITS == 32
    /* the loop below interleaves two rows at a time: four rows need two rounds, and this is the first */
    const NAME(quad) a = LOW_OF(row[0], row[2]), b = HIGH_OF(row[0], row[2]);
    const NAME(quad) c = LOW_OF(row[1], row[3]), d = HIGH_OF(row[1], row[3]);
    row[0] = a, row[1] = c, row[2] = b, row[3] = d;
#endif
    for (ptrdiff_t i = 0; i < SQUARE_SIDE; i += 2) {
        *(NAME(quad_memory) *)(target + i * target_row) = LOW_OF(row[i], row[i + 1]);
        *(NAME(quad_memory) *)(target + (i + 1) * target_row) = HIGH_OF(row[i], row[i + 1]);
    }
}
#endif

static void NAME(transpose)(ptrdiff_t rows, ptrdiff_t columns, const REAL *source, ptrdiff_t source_row, REAL *target,
                            ptrdiff_t target_row)
{
    if (rows < SQUARE_SIDE || columns < SQUARE_SIDE) {
        for (ptrdiff_t k = 0; k < columns; k++)
            for (ptrdiff_t i = 0; i < rows; i++)
                target[k * target_row + i] = source[i * source_row + k];
        return;
    }
    for (ptrdiff_t first = 0; first < columns; first += BLOCK_SIDE) {
        const ptrdiff_t right = columns - first < BLOCK_SIDE ? columns : first + BLOCK_SIDE;
        for (ptrdiff_t top = 0; top < rows; top += BLOCK_SIDE) {
            const ptrdiff_t bottom = rows - top < BLOCK_SIDE ? rows : top + BLOCK_SIDE;
            for (ptrdiff_t column = first; column < right; column += SQUARE_SIDE) {
                /* the last squares overlap the ones before them, so as not to reach past the end */
                const ptrdiff_t k = column + SQUARE_SIDE <= columns ? column : columns - SQUARE_SIDE;
                for (ptrdiff_t row = top; row < bottom; row += SQUARE_SIDE) {
                    const ptrdiff_t i = row + SQUARE_SIDE <= rows ? row : rows - SQUARE_SIDE;
                    NAME(transpose_square)(source + i * source_row + k, source_row, target + k * target_row + i,
                                           target_row);
                }
            }
        }
    }
}
#undef BLOCK_SIDE
#undef SQUARE_SIDE
#undef LOW_OF
#undef HIGH_OF
