/* Activations of rows, in place.  Loads and stores are whole vectors: rows are padded. */
#define FOR_ROWS for (ptrdiff_t row = 0; row < rows; row++)
#define FOR_VECTORS for (ptrdiff_t i = 0; i < units; i += LANES)

/* IN/OUT x: tanh in place */
static void NAME(tanh_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(x + i, NAME(tanh)(NAME(load)(x + i)));
        x += x_row;
    }
}

static void NAME(sigmoid_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(x + i, NAME(sigmoid)(NAME(load)(x + i)));
        x += x_row;
    }
}

static void NAME(exp_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(x + i, NAME(exp)(NAME(load)(x + i)));
        x += x_row;
    }
}
