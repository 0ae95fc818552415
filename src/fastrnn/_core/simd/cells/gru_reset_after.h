/* The GRU with the reset after the product (cuDNN, PyTorch), gates r, z, n, two biases:
 *     r, z = gate(Wx x + bx + Ws s + bs)      on their rows
 *     h = Ws_n s + bs_n
 *     n = act(Wx_n x + bx_n + r h)
 *     s' = (1 - z) n + z s
 * The recurrent product of n stands apart, with a bias of its own, since r multiplies both. */

/* IN a = Wx x + bx (+ bs of r and z), which the gates overwrite, and s; OUT gates, h, s' */
static void CELL(gru_reset_after_step)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 3 * ld;
    const REAL *ws_rz = step->packed, *ws_n = ws_rz + 2 * ld * units;
    const REAL *s = ROW(step->states[0], ld); /* [rows, ld] */
    REAL *s_next = ROW(step->states[0], ld) + m * ld; /* [rows, ld] */
    REAL *h = ROW(step->kept, ld); /* [rows, ld] */
    REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 3 ld] */

    /* 1. a_r, a_z += Ws_rz s, and h = Ws_n s + bs_n: the last weights first where `order` says so */
    if (order)
        RECURRENT(2, 1, s, ws_n, h, ld, FASTRNN_FROM_BIAS | order, step->apart_bias);
    RECURRENT(0, 2, s, ws_rz, gates, columns, FASTRNN_FROM_C | order, NULL);
    if (!order)
        RECURRENT(2, 1, s, ws_n, h, ld, FASTRNN_FROM_BIAS, step->apart_bias);

    /* 2. r, z = gate(a) */
    GATE(rows, ld + units, gates, columns);

    /* 3. n = act(a_n + r h) */
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(gates + 2 * ld + i, NAME(load)(gates + i) * NAME(load)(h + i) + NAME(load)(gates + 2 * ld + i));
        gates += columns, h += ld;
    }
    gates = gate_rows;
    ACTIVATION(rows, units, gates + 2 * ld, columns);

    /* 4. s' = (1 - z) n + z s */
    FOR_ROWS {
        FOR_VECTORS {
            const vec z = NAME(load)(gates + ld + i), n = NAME(load)(gates + 2 * ld + i);
            NAME(store)(s_next + i, (1 - z) * n + z * NAME(load)(s + i));
        }
        gates += columns, s += ld, s_next += ld;
    }
}

/* IN ds (da_n may overwrite it), gates, h, s; IN/OUT carry: the gradient that the next step passes to s', then the one
 * that this step passes to s; OUT da, the gradient at Wx x + bx, and dh = da_n r, which takes the place of da_n in the
 * gradients of Ws, bs and s */
static void CELL(gru_reset_after_step_back)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 3 * ld, ds_row = step->ds_row;
    const REAL *ws_rz = step->packed, *ws_n = ws_rz + 2 * ld * ld;
    const REAL *ds = ROW(step->ds, ds_row); /* [rows, ds_row] */
    const REAL *s = ROW(step->states[0], ld), *h = ROW(step->kept, ld); /* [rows, ld] */
    const REAL *gates = ROW(step->gates, columns); /* [rows, 3 ld] */
    REAL *carry_rows = (REAL *)step->carry[0] + j * ld, *carry = carry_rows; /* [rows, ld] */
    REAL *da_rows = ROW(step->da, columns), *da = da_rows; /* [rows, 3 ld] */
    REAL *dh_rows = ROW(step->d_kept, ld), *dh = dh_rows; /* [rows, ld] */

    /* 1. da of each gate, dh, and the gradient that s gets through z */
    FOR_ROWS {
        FOR_VECTORS {
            const vec r = NAME(load)(gates + i), z = NAME(load)(gates + ld + i);
            const vec n = NAME(load)(gates + 2 * ld + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            const vec da_n = total * (1 - z) * ACTIVATION_SLOPE(n);
            NAME(store)(da + i, da_n * NAME(load)(h + i) * GATE_SLOPE(r));
            NAME(store)(da + ld + i, total * (NAME(load)(s + i) - n) * GATE_SLOPE(z));
            NAME(store)(da + 2 * ld + i, da_n);
            NAME(store)(dh + i, da_n * r);
            NAME(store)(carry + i, total * z);
        }
        NAME(clear_padding)(da, units);
        NAME(clear_padding)(da + ld, units);
        NAME(clear_padding)(da + 2 * ld, units);
        NAME(clear_padding)(dh, units);
        ds += ds_row, carry += ld, gates += columns, h += ld, s += ld, da += columns, dh += ld;
    }

    /* 2. carry += Ws_n^T dh + Ws_rz^T da_rz */
    RECURRENT_BACK(2, 1, dh_rows, ld, ws_n, carry_rows, FASTRNN_FROM_C);
    RECURRENT_BACK(0, 2, da_rows, columns, ws_rz, carry_rows, FASTRNN_FROM_C);
}
