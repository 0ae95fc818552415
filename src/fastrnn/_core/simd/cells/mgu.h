/* The minimal gated unit (Zhou et al. 2016), gates f, n:
 *     f = gate(Wx x + Ws s + bs)              on its rows
 *     h = f s
 *     n = act(Wx_n x + Ws_n h + bs_n)
 *     s' = (1 - f) s + f n
 * The recurrent product of n stands apart, since it needs h first; its weights are packed behind those of f. */

/* IN a = Wx x + bs, which the gates overwrite, and s; OUT gates, h, s' */
static void CELL(mgu_step)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 2 * ld;
    const REAL *ws_f = step->packed, *ws_n = ws_f + ld * units;
    const REAL *s_rows = ROW(step->states[0], ld), *s = s_rows; /* [rows, ld] */
    REAL *s_next = ROW(step->states[0], ld) + m * ld; /* [rows, ld] */
    REAL *h_rows = ROW(step->kept, ld), *h = h_rows; /* [rows, ld] */
    REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 2 ld] */

    /* 1. a_f += Ws_f s */
    RECURRENT(0, 1, s, ws_f, gates, columns, FASTRNN_FROM_C | order, NULL);

    /* 2. f = gate(a_f), h = f s */
    GATE(rows, units, gates, columns);
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(h + i, NAME(load)(gates + i) * DROPPED(NAME(load)(s + i), 1));
        gates += columns, s += ld, h += ld;
    }

    /* 3. a_n += Ws_n h */
    NAME(product)(rows, ld, units, h_rows, ld, ws_n, step->width, gate_rows + ld, columns, FASTRNN_FROM_C | order,
                  NULL);

    /* 4. n = act(a_n), s' = (1 - f) s + f n */
    gates = gate_rows, s = s_rows;
    ACTIVATION(rows, units, gates + ld, columns);
    FOR_ROWS {
        FOR_VECTORS {
            const vec f = NAME(load)(gates + i), n = NAME(load)(gates + ld + i);
            NAME(store)(s_next + i, (1 - f) * NAME(load)(s + i) + f * n);
        }
        gates += columns, s += ld, s_next += ld;
    }
}

/* IN ds (da_n may overwrite it), gates, s; IN/OUT carry: the gradient that the next step passes to s', then the one
 * that this step passes to s; OUT da, and dh, the gradient at h */
static void CELL(mgu_step_back)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 2 * ld, ds_row = step->ds_row;
    const REAL *ws_f = step->packed, *ws_n = ws_f + ld * ld;
    const REAL *ds = ROW(step->ds, ds_row); /* [rows, ds_row] */
    const REAL *s_rows = ROW(step->states[0], ld), *s = s_rows; /* [rows, ld] */
    const REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 2 ld] */
    REAL *carry_rows = (REAL *)step->carry[0] + j * ld, *carry = carry_rows; /* [rows, ld] */
    REAL *da_rows = ROW(step->da, columns), *da = da_rows; /* [rows, 2 ld] */
    REAL *dh_rows = ROW(step->d_kept, ld), *dh = dh_rows; /* [rows, ld] */

    /* 1. da_n, the part of df that comes from s', and the gradient that s gets through 1 - f */
    FOR_ROWS {
        FOR_VECTORS {
            const vec f = NAME(load)(gates + i), n = NAME(load)(gates + ld + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            NAME(store)(da + i, total * (n - NAME(load)(s + i)));
            NAME(store)(da + ld + i, total * f * ACTIVATION_SLOPE(n));
            NAME(store)(carry + i, total * (1 - f));
        }
        NAME(clear_padding)(da + ld, units);
        ds += ds_row, carry += ld, gates += columns, s += ld, da += columns;
    }

    /* 2. dh = Ws_n^T da_n */
    NAME(product)(rows, ld, ld, da_rows + ld, columns, ws_n, step->width, dh_rows, ld, FASTRNN_FROM_ZERO, NULL);

    /* 3. da_f, and the gradient that s gets through h */
    carry = carry_rows, gates = gate_rows, s = s_rows, da = da_rows;
    FOR_ROWS {
        FOR_VECTORS {
            const vec f = NAME(load)(gates + i), d = NAME(load)(dh + i);
            NAME(store)(da + i, (NAME(load)(da + i) + d * DROPPED(NAME(load)(s + i), 1)) * GATE_SLOPE(f));
            NAME(store)(carry + i, DROPPED(d * f, 1) + NAME(load)(carry + i));
        }
        NAME(clear_padding)(da, units);
        dh += ld, carry += ld, gates += columns, s += ld, da += columns;
    }

    /* 4. carry += Ws_f^T da_f */
    RECURRENT_BACK(0, 1, da_rows, columns, ws_f, carry_rows, FASTRNN_FROM_C);
}
