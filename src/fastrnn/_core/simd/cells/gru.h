/* The GRU with the reset before the product (Cho et al. 2014), gates r, z, n, one bias:
 *     r, z = gate(Wx x + Ws s + bs)           on their rows
 *     h = r s
 *     n = act(Wx_n x + Ws_n h + bs_n)
 *     s' = (1 - z) n + z s
 * The recurrent product of n stands apart, since it needs h first; its weights are packed behind those of r and z. */

/* IN a = Wx x + bs, which the gates overwrite, and s; OUT gates, h, s' */
static void CELL(gru_step)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 3 * ld;
    const REAL *ws_rz = step->packed, *ws_n = ws_rz + 2 * ld * units;
    const REAL *s_rows = ROW(step->states[0], ld), *s = s_rows; /* [rows, ld] */
    REAL *s_next = ROW(step->states[0], ld) + m * ld; /* [rows, ld] */
    REAL *h_rows = ROW(step->kept, ld), *h = h_rows; /* [rows, ld] */
    REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 3 ld] */

    /* 1. a_r, a_z += Ws_rz s */
    RECURRENT(0, 2, s, ws_rz, gates, columns, FASTRNN_FROM_C | order, NULL);

    /* 2. r, z = gate(a), h = r s */
    GATE(rows, ld + units, gates, columns);
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(h + i, NAME(load)(gates + i) * DROPPED(NAME(load)(s + i), 2));
        gates += columns, s += ld, h += ld;
    }

    /* 3. a_n += Ws_n h */
    NAME(product)(rows, ld, units, h_rows, ld, ws_n, step->width, gate_rows + 2 * ld, columns, FASTRNN_FROM_C | order,
                  NULL);

    /* 4. n = act(a_n), s' = (1 - z) n + z s */
    gates = gate_rows, s = s_rows;
    ACTIVATION(rows, units, gates + 2 * ld, columns);
    FOR_ROWS {
        FOR_VECTORS {
            const vec z = NAME(load)(gates + ld + i), n = NAME(load)(gates + 2 * ld + i);
            NAME(store)(s_next + i, (1 - z) * n + z * NAME(load)(s + i));
        }
        gates += columns, s += ld, s_next += ld;
    }
}

/* IN ds (da_n may overwrite it), gates, s; IN/OUT carry: the gradient that the next step passes to s', then the one
 * that this step passes to s; OUT da, and dh, the gradient at h */
static void CELL(gru_step_back)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 3 * ld, ds_row = step->ds_row;
    const REAL *ws_rz = step->packed, *ws_n = ws_rz + 2 * ld * ld;
    const REAL *ds = ROW(step->ds, ds_row); /* [rows, ds_row] */
    const REAL *s_rows = ROW(step->states[0], ld), *s = s_rows; /* [rows, ld] */
    const REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 3 ld] */
    REAL *carry_rows = (REAL *)step->carry[0] + j * ld, *carry = carry_rows; /* [rows, ld] */
    REAL *da_rows = ROW(step->da, columns), *da = da_rows; /* [rows, 3 ld] */
    REAL *dh_rows = ROW(step->d_kept, ld), *dh = dh_rows; /* [rows, ld] */

    /* 1. da_z, da_n, and the gradient that s gets through z */
    FOR_ROWS {
        FOR_VECTORS {
            const vec z = NAME(load)(gates + ld + i), n = NAME(load)(gates + 2 * ld + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            NAME(store)(da + ld + i, total * (NAME(load)(s + i) - n) * GATE_SLOPE(z));
            NAME(store)(da + 2 * ld + i, total * (1 - z) * ACTIVATION_SLOPE(n));
            NAME(store)(carry + i, total * z);
        }
        NAME(clear_padding)(da + ld, units);
        NAME(clear_padding)(da + 2 * ld, units);
        ds += ds_row, carry += ld, gates += columns, s += ld, da += columns;
    }

    /* 2. dh = Ws_n^T da_n */
    NAME(product)(rows, ld, ld, da_rows + 2 * ld, columns, ws_n, step->width, dh_rows, ld, FASTRNN_FROM_ZERO, NULL);

    /* 3. da_r, and the gradient that s gets through h */
    carry = carry_rows, gates = gate_rows, s = s_rows, da = da_rows;
    FOR_ROWS {
        FOR_VECTORS {
            const vec r = NAME(load)(gates + i), d = NAME(load)(dh + i);
            NAME(store)(da + i, d * DROPPED(NAME(load)(s + i), 2) * GATE_SLOPE(r));
            NAME(store)(carry + i, DROPPED(d * r, 2) + NAME(load)(carry + i));
        }
        NAME(clear_padding)(da, units);
        dh += ld, carry += ld, gates += columns, s += ld, da += columns;
    }

    /* 4. carry += Ws_rz^T da_rz */
    RECURRENT_BACK(0, 2, da_rows, columns, ws_rz, carry_rows, FASTRNN_FROM_C);
}
