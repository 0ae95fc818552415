/* The element-wise half of a step of the LSTM, as cell.h has that of the other cells.
 *
 * A row holds its gates i, f, g, o one after the other, each gate_width wide.  States, cells and tanh_c have rows of
 * the same width.
 */

/* IN/OUT gates: i, f, g, o activated in place; IN c_prev; OUT c_next = f c_prev + i g, tanh_c = tanh(c_next),
 * s_next = o tanh_c */
static void NAME(lstm_update)(ptrdiff_t rows, ptrdiff_t units, REAL *gates, ptrdiff_t gates_row, ptrdiff_t gate_width,
                              const REAL *c_prev, REAL *c_next, REAL *tanh_c, REAL *s_next, ptrdiff_t s_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec in = NAME(sigmoid)(NAME(load)(gates + i));
            const vec forget = NAME(sigmoid)(NAME(load)(gates + gate_width + i));
            const vec new = NAME(tanh)(NAME(load)(gates + 2 * gate_width + i));
            const vec out = NAME(sigmoid)(NAME(load)(gates + 3 * gate_width + i));
            const vec c = forget * NAME(load)(c_prev + i) + in * new;
            const vec squashed = NAME(tanh)(c);
            NAME(store)(gates + i, in);
            NAME(store)(gates + gate_width + i, forget);
            NAME(store)(gates + 2 * gate_width + i, new);
            NAME(store)(gates + 3 * gate_width + i, out);
            NAME(store)(c_next + i, c);
            NAME(store)(tanh_c + i, squashed);
            NAME(store)(s_next + i, out * squashed);
        }
        gates += gates_row, c_prev += s_row, c_next += s_row, tanh_c += s_row, s_next += s_row;
    }
}

/* IN ds (of this step's output), carry (from the step after), gates, c_prev, tanh_c; IN/OUT c_carry: the gradient at
 * c_next from the step after, then that at c_prev; OUT da of all gates.  ds may stand where da_o will: it is loaded
 * before da_o is stored there. */
static void NAME(lstm_backward)(ptrdiff_t rows, ptrdiff_t units, const REAL *ds, ptrdiff_t ds_row,
                                const REAL *carry, ptrdiff_t carry_row, REAL *c_carry, ptrdiff_t c_carry_row,
                                const REAL *gates, ptrdiff_t gates_row, ptrdiff_t gate_width,
                                const REAL *c_prev, const REAL *tanh_c, ptrdiff_t c_row, REAL *da, ptrdiff_t da_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec in = NAME(load)(gates + i), forget = NAME(load)(gates + gate_width + i);
            const vec new = NAME(load)(gates + 2 * gate_width + i), out = NAME(load)(gates + 3 * gate_width + i);
            const vec squashed = NAME(load)(tanh_c + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            const vec dc = NAME(load)(c_carry + i) + total * out * (1 - squashed * squashed);
            NAME(store)(da + i, dc * new * (in * (1 - in)));
            NAME(store)(da + gate_width + i, dc * NAME(load)(c_prev + i) * (forget * (1 - forget)));
            NAME(store)(da + 2 * gate_width + i, dc * in * (1 - new * new));
            NAME(store)(da + 3 * gate_width + i, total * squashed * (out * (1 - out)));
            NAME(store)(c_carry + i, dc * forget);
        }
        for (int gate = 0; gate < 4; gate++)
            NAME(clear_padding)(da + gate * gate_width, units);
        ds += ds_row, carry += carry_row, c_carry += c_carry_row, gates += gates_row, c_prev += c_row;
        tanh_c += c_row, da += da_row;
    }
}
