/* Activations of rows, in place.  Loads and stores are whole vectors: rows are padded. */
#define FOR_ROWS for (ptrdiff_t row = 0; row < rows; row++)
#define FOR_VECTORS for (ptrdiff_t i = 0; i < units; i += LANES)

/* IN/OUT x: some groups of `count` vectors, of one row or of several.  The next vector stands at x + i: OUT its place
 * after the groups. */
static ALWAYS_INLINE void NAME(groups)(const int kind, const int count, ptrdiff_t groups, ptrdiff_t units, REAL **x,
                                       ptrdiff_t *i, ptrdiff_t x_row)
{
    for (; groups > 0; groups--) {
        REAL *place[GROUP];
        vec group[GROUP];
        EACH {
            place[q] = *x + *i;
            *i += LANES;
            if (*i >= units)
                *i = 0, *x += x_row;
        }
        EACH group[q] = NAME(load)(place[q]);
        if (kind == FASTRNN_TANH)
            NAME(tanh_together)(count, group);
        else if (kind == FASTRNN_SIGMOID)
            NAME(sigmoid_together)(count, group);
        else
            NAME(exp_together)(count, group);
        EACH NAME(store)(place[q], group[q]);
    }
}

static ALWAYS_INLINE void NAME(rows_of)(const int kind, ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    const ptrdiff_t vectors = rows * ((units + LANES - 1) / LANES);
    ptrdiff_t i = 0;
    NAME(groups)(kind, GROUP, vectors / GROUP, units, &x, &i, x_row);
    NAME(groups)(kind, 1, vectors % GROUP, units, &x, &i, x_row);
}

static void NAME(tanh_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    NAME(rows_of)(FASTRNN_TANH, rows, units, x, x_row);
}

static void NAME(sigmoid_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    NAME(rows_of)(FASTRNN_SIGMOID, rows, units, x, x_row);
}

static void NAME(exp_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    NAME(rows_of)(FASTRNN_EXPONENTIAL, rows, units, x, x_row);
}
