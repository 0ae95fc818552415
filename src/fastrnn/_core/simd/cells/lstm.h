/* The LSTM (Hochreiter and Schmidhuber 1997; Gers et al. 2000), gates i, f, g, o:
 *     i, f, o = gate(Wx x + Ws s + bs), g = act(Wx x + Ws s + bs)     on their rows
 *     c' = f c + i g
 *     s' = o act(c') */

/* IN a = Wx x + bs, which the gates overwrite, s, c; OUT gates, c', act(c'), s' */
static void CELL(lstm_step)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows, int order)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 4 * ld;
    const REAL *s = ROW(step->states[0], ld), *c = ROW(step->states[1], ld); /* [rows, ld] */
    REAL *s_next = ROW(step->states[0], ld) + m * ld, *c_next = ROW(step->states[1], ld) + m * ld; /* [rows, ld] */
    REAL *act_rows = ROW(step->kept, ld), *act_c = act_rows; /* [rows, ld] */
    REAL *gate_rows = ROW(step->gates, columns), *gates = gate_rows; /* [rows, 4 ld] */

    /* 1. a += Ws s */
    RECURRENT(0, 4, s, step->packed, gates, columns, FASTRNN_FROM_C | order, NULL);

    /* 2. the gates */
    GATE(rows, ld + units, gates, columns);
    ACTIVATION(rows, units, gates + 2 * ld, columns);
    GATE(rows, units, gates + 3 * ld, columns);

    /* 3. c' = f c + i g */
    FOR_ROWS {
        FOR_VECTORS {
            const vec in = NAME(load)(gates + i), forget = NAME(load)(gates + ld + i);
            const vec cell = forget * NAME(load)(c + i) + in * NAME(load)(gates + 2 * ld + i);
            NAME(store)(c_next + i, cell);
            NAME(store)(act_c + i, cell);
        }
        gates += columns, c += ld, c_next += ld, act_c += ld;
    }

    /* 4. s' = o act(c') */
    gates = gate_rows, act_c = act_rows;
    ACTIVATION(rows, units, act_c, ld);
    FOR_ROWS {
        FOR_VECTORS
            NAME(store)(s_next + i, NAME(load)(gates + 3 * ld + i) * NAME(load)(act_c + i));
        gates += columns, act_c += ld, s_next += ld;
    }
}

/* IN ds (da_o may overwrite it), gates, c, act(c'); IN/OUT carry and c_carry: the gradients that the next step passes
 * to s' and c', then those that this step passes to s and c; OUT da */
static void CELL(lstm_step_back)(const fastrnn_step *step, ptrdiff_t t, ptrdiff_t j, ptrdiff_t rows)
{
    const ptrdiff_t m = step->m, units = step->n_s, ld = step->ld, columns = 4 * ld, ds_row = step->ds_row;
    const REAL *ds = ROW(step->ds, ds_row); /* [rows, ds_row] */
    const REAL *c = ROW(step->states[1], ld), *act_c = ROW(step->kept, ld); /* [rows, ld] */
    const REAL *gates = ROW(step->gates, columns); /* [rows, 4 ld] */
    REAL *carry_rows = (REAL *)step->carry[0] + j * ld, *carry = carry_rows; /* [rows, ld] */
    REAL *c_carry = (REAL *)step->carry[1] + j * ld; /* [rows, ld] */
    REAL *da_rows = ROW(step->da, columns), *da = da_rows; /* [rows, 4 ld] */

    FOR_ROWS {
        FOR_VECTORS {
            const vec in = NAME(load)(gates + i), forget = NAME(load)(gates + ld + i);
            const vec new = NAME(load)(gates + 2 * ld + i), out = NAME(load)(gates + 3 * ld + i);
            const vec squashed = NAME(load)(act_c + i);
            /* 1. the gradients at s' and c' */
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            const vec dc = NAME(load)(c_carry + i) + total * out * ACTIVATION_SLOPE(squashed);
            /* 2. da of each gate */
            NAME(store)(da + i, dc * new * GATE_SLOPE(in));
            NAME(store)(da + ld + i, dc * NAME(load)(c + i) * GATE_SLOPE(forget));
            NAME(store)(da + 2 * ld + i, dc * in * ACTIVATION_SLOPE(new));
            NAME(store)(da + 3 * ld + i, total * squashed * GATE_SLOPE(out));
            /* 3. c_carry = f dc */
            NAME(store)(c_carry + i, dc * forget);
        }
        for (int gate = 0; gate < 4; gate++)
            NAME(clear_padding)(da + gate * ld, units);
        ds += ds_row, carry += ld, c_carry += ld, gates += columns, c += ld, act_c += ld, da += columns;
    }

    /* 4. carry = Ws^T da */
    RECURRENT_BACK(0, 4, da_rows, columns, step->packed, carry_rows, FASTRNN_FROM_ZERO);
}
