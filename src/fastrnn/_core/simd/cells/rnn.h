/* The simple RNN (Elman 1990):
 *     s' = act(Wx x + Ws s + bs)
 * Its one gate is its next state, so it needs no memory for gates. */

/* IN a = Wx x + bs, which s' overwrites, and s; OUT s' */
static void CELL(rnn_step)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld;
    const REAL *s = ROW(step->states[0], ld); /* [rows, ld] */
    REAL *s_next = ROW(step->states[0], ld) + m * ld; /* [rows, ld] */

    /* 1. a += Ws s */
    RECURRENT(0, 1, s, step->packed, s_next, ld, FASTRNN_FROM_C | order, NULL);

    /* 2. s' = act(a) */
    ACTIVATION(rows, units, s_next, ld);
}

/* IN ds (da may overwrite it), s'; IN/OUT carry: the gradient that the next step passes to s', then the one that this
 * step passes to s; OUT da */
static void CELL(rnn_step_back)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, ds_row = step->ds_row;
    const REAL *ds_rows = ROW(step->ds, ds_row), *ds = ds_rows; /* [rows, ds_row] */
    const REAL *s_rows = ROW(step->states[0], ld), *s_next = s_rows + m * ld; /* [rows, ld] */
    REAL *carry_rows = (REAL *)step->carry[0] + j * ld, *carry = carry_rows; /* [rows, ld] */
    REAL *da_rows = ROW(step->da, ld), *da = da_rows; /* [rows, ld] */

    /* 1. da = (ds + carry) act'(a) */
    FOR_ROWS {
        FOR_VECTORS {
            const vec state = NAME(load)(s_next + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            NAME(store)(da + i, total * ACTIVATION_SLOPE(state));
        }
        NAME(clear_padding)(da, units);
        ds += ds_row, carry += ld, s_next += ld, da += ld;
    }
    if (t > step->first_step) {
        NAME(prefetch)(ds_rows - m * ds_row, rows * ds_row);
        NAME(prefetch)(s_rows, rows * ld);
    }

    /* 2. carry = Ws^T da */
    RECURRENT_BACK(0, 1, da_rows, ld, step->packed, carry_rows, FASTRNN_FROM_ZERO);
}
