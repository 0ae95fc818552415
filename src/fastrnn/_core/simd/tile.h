/* The register tile: C[row, :] += sum over k of a[row, k] * b[k, :], for a few rows and a few vectors.
 *
 * Everything in fastrnn that multiplies matrices comes down to this loop.  For each k it broadcasts one element of
 * `a` for each row and multiplies it with the vectors of `b`; the sums stay in registers.  Every sum is one chain of
 * multiply-adds in the order of k, whatever the tile's height and width are: a row has the same bits in a batch of 1
 * and in a batch of 100, on one thread and on eight.
 *
 * a[row, k] stands at a[row * a_row + k * a_k]; b[k, :] at b + k * b_k.
 */
static ALWAYS_INLINE void NAME(tile)(const int rows, const int vectors, ptrdiff_t depth, const REAL *a, ptrdiff_t a_row,
                                     ptrdiff_t a_k, const REAL *b, ptrdiff_t b_k, REAL *c, ptrdiff_t c_row, int start,
                                     const REAL *bias)
{
    vec sum[TILE_ROWS][8];
    if (start == FASTRNN_FROM_C) {
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[i][v] = NAME(load)(c + i * c_row + v * LANES);
    } else {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            vec first = start == FASTRNN_FROM_BIAS ? NAME(load)(bias + v * LANES) : (vec){0};
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++)
                sum[i][v] = first;
        }
    }
    for (ptrdiff_t k = 0; k < depth; k++) {
        vec right[8];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            right[v] = NAME(load)(b + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++) {
            vec left = NAME(broadcast)(a[i * a_row]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[i][v] = left * right[v] + sum[i][v];
        }
        a += a_k;
        b += b_k;
    }
    if (start == FASTRNN_ONTO_C)
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[i][v] += NAME(load)(c + i * c_row + v * LANES);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            NAME(store)(c + i * c_row + v * LANES, sum[i][v]);
}

/* The tiles of one panel.  They are two vectors wide, or wider for a few rows: with few sums, each multiply-add would
 * wait for the one before it. */
static ALWAYS_INLINE void NAME(panel)(const int rows, int vectors, ptrdiff_t depth, const REAL *a, ptrdiff_t a_row,
                                      ptrdiff_t a_k, const REAL *b, ptrdiff_t b_k, REAL *c, ptrdiff_t c_row, int start,
                                      const REAL *bias)
{
    int v = 0;
#define TILE(width)                                                                                                  \
    NAME(tile)(rows, width, depth, a, a_row, a_k, b + v * LANES, b_k, c + v * LANES, c_row, start, bias + v * LANES)
    if (rows == 1)
        for (; v + 8 <= vectors; v += 8)
            TILE(8);
    if (rows <= 3)
        for (; v + 4 <= vectors; v += 4)
            TILE(4);
    for (; v + 2 <= vectors; v += 2)
        TILE(2);
    if (v < vectors)
        TILE(1);
#undef TILE
}

/* The matrix that a few rows are multiplied by: panels of `width` columns (the last may have fewer), one behind the
 * other.  A panel has `whole` values of k, of which `depth` are used, from `first_k` on. */
typedef struct {
    const REAL *panels;
    ptrdiff_t columns, width, whole, first_k, depth;
    int last_first; /* the order of the panels */
} NAME(right);

/* A strip of the result: the tiles of a few rows, panel by panel. */
static ALWAYS_INLINE void NAME(strip)(const int rows, const NAME(right) *right, const REAL *a, ptrdiff_t a_row,
                                      ptrdiff_t a_k, REAL *c, ptrdiff_t c_row, int start, const REAL *bias)
{
    /* no division: a width is a power of two, and the product of a single row takes as long as a few divisions */
    const ptrdiff_t columns = right->columns, width = right->width, last = (columns - 1) & -width;
    for (ptrdiff_t done = 0; done < columns; done += width) {
        const ptrdiff_t first = right->last_first ? last - done : done;
        const ptrdiff_t wide = columns - first < width ? columns - first : width;
        NAME(panel)(rows, (int)(wide / LANES), right->depth, a, a_row, a_k,
                    right->panels + first * right->whole + right->first_k * wide, wide, c + first, c_row, start,
                    start == FASTRNN_FROM_BIAS ? bias + first : right->panels);
    }
}

#define STRIP(rows)                                                     \
    case rows:                                                          \
        NAME(strip)(rows, right, a, a_row, a_k, c, c_row, start, bias); \
        break;
#if TILE_ROWS > 6
#define STRIPS_ABOVE_6 STRIP(7) STRIP(8) STRIP(9) STRIP(10) STRIP(11) STRIP(12)
#else
#define STRIPS_ABOVE_6
#endif
#define STRIPS STRIP(1) STRIP(2) STRIP(3) STRIP(4) STRIP(5) STRIP(6) STRIPS_ABOVE_6

/* a holds rows, its k are neighbours: states times weights */
static void NAME(strip_of_rows)(int rows, const NAME(right) *right, const REAL *a, ptrdiff_t a_row, REAL *c,
                                ptrdiff_t c_row, int start, const REAL *bias)
{
    const ptrdiff_t a_k = 1;
    switch (rows) {
        STRIPS
    }
}

/* a holds columns, the tile's rows are neighbours: activations times gradients, summed over batch and time */
static void NAME(strip_of_columns)(int rows, const NAME(right) *right, const REAL *a, ptrdiff_t a_k, REAL *c,
                                   ptrdiff_t c_row)
{
    const ptrdiff_t a_row = 1;
    const int start = FASTRNN_ONTO_C;
    const REAL *bias = NULL;
    switch (rows) {
        STRIPS
    }
}
