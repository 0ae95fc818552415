/* Weights as products read them: panels of neighbouring vectors, padded with zeros. */

/* Columns of a panel for a product of `rows` rows: as wide as the tile that those rows take. */
static ptrdiff_t NAME(panel_width)(ptrdiff_t rows) { return (rows == 1 ? 8 : rows <= 3 ? 4 : 2) * LANES; }

/* The weights of a product that sums over k.  There are gates * gate_width columns; column g * gate_width + i is
 * w[k * w_k + (g * units + i) * w_column] for i < units, and zeros beyond.  The values of k are in k_gates blocks of
 * k_width, of which the first units_k are real and the others zeros: k = h * k_width + j is at (h * units_k + j) * w_k
 * in w. */
typedef struct {
    const REAL *w;
    ptrdiff_t k_gates, units_k, k_width, w_k, gates, units, gate_width, w_column;
} NAME(weights);

/* OUT packed[k][wide]: the columns of one panel from `first` on, wherever gates and padding end */
static void NAME(pack_panel)(REAL *packed, ptrdiff_t first, ptrdiff_t wide, const NAME(weights) *from)
{
    for (ptrdiff_t h = 0; h < from->k_gates; h++)
        for (ptrdiff_t j = 0; j < from->k_width; j++, packed += wide) {
            const REAL *row = from->w + (h * from->units_k + j) * from->w_k;
            for (ptrdiff_t i = 0; i < wide;) {
                /* the part of this panel that one gate fills */
                const ptrdiff_t gate = (first + i) / from->gate_width, unit = (first + i) % from->gate_width;
                const ptrdiff_t end = i + (from->gate_width - unit) < wide ? i + (from->gate_width - unit) : wide;
                ptrdiff_t real = j < from->units_k ? i + (from->units - unit) : i;
                real = real < i ? i : real > end ? end : real;
                const REAL *source = row + (gate * from->units + unit) * from->w_column;
                for (; i < real; i++, source += from->w_column)
                    packed[i] = *source;
                for (; i < end; i++)
                    packed[i] = 0;
            }
        }
}

/* OUT packed[k][wide]: as pack_panel, of columns of one gate that are neighbours in memory */
static void NAME(pack_neighbours)(REAL *packed, ptrdiff_t wide, const REAL *corner, const NAME(weights) *from)
{
    for (ptrdiff_t h = 0; h < from->k_gates; h++)
        for (ptrdiff_t j = 0; j < from->k_width; j++, packed += wide) {
            const REAL *source = corner + (h * from->units_k + j) * from->w_k;
            for (ptrdiff_t i = 0; i < wide; i += LANES)
                NAME(store)(packed + i, j < from->units_k ? NAME(load)(source + i) : (vec){0});
        }
}

/* OUT packed[panel][k][width] */
static void NAME(pack)(REAL *packed, ptrdiff_t width, const REAL *w, ptrdiff_t k_gates, ptrdiff_t units_k,
                       ptrdiff_t k_width, ptrdiff_t w_k, ptrdiff_t gates, ptrdiff_t units, ptrdiff_t gate_width,
                       ptrdiff_t w_column)
{
    const NAME(weights) from = {w, k_gates, units_k, k_width, w_k, gates, units, gate_width, w_column};
    const ptrdiff_t columns = gates * gate_width, depth = k_gates * k_width;
    for (ptrdiff_t first = 0; first < columns; first += width) {
        const ptrdiff_t wide = columns - first < width ? columns - first : width;
        const ptrdiff_t unit = first % gate_width;
        const REAL *corner = w + (first / gate_width * units + unit) * w_column;
        /* gates without padding are packed as one gate */
        const int in_one_gate = unit + wide <= units || units == gate_width;
        if (in_one_gate && w_k == 1 && k_gates == 1 && units_k == k_width)
            NAME(transpose)(wide, depth, corner, w_column, packed, wide);
        else if (in_one_gate && w_column == 1)
            NAME(pack_neighbours)(packed, wide, corner, &from);
        else
            NAME(pack_panel)(packed, first, wide, &from);
        packed += wide * depth;
    }
}
