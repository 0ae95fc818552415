/* The element-wise half of a recurrent step: gates and states of a few rows, between two products.
 *
 * Each function walks `rows` rows of `units` units.  Loads and stores are whole vectors: rows are padded, and what the
 * padding of a state or gate holds does not matter.  The padding of a gradient at the pre-activation is zero, since
 * the next product sums over it.  A gate g of a row stands at gate_width * g.
 */
#define FOR_ROWS for (ptrdiff_t row = 0; row < rows; row++)
#define FOR_VECTORS for (ptrdiff_t i = 0; i < units; i += LANES)

static inline void NAME(clear_padding)(REAL *row, ptrdiff_t units)
{
    /* up to the next cache line, whatever the vectors of this level are */
    for (ptrdiff_t i = units; i % (ptrdiff_t)(64 / sizeof(REAL)); i++)
        row[i] = 0;
}

/* IN/OUT x: tanh in place */
static void NAME(tanh_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS NAME(store)(x + i, NAME(tanh)(NAME(load)(x + i)));
        x += x_row;
    }
}

static void NAME(sigmoid_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS NAME(store)(x + i, NAME(sigmoid)(NAME(load)(x + i)));
        x += x_row;
    }
}

static void NAME(exp_rows)(ptrdiff_t rows, ptrdiff_t units, REAL *x, ptrdiff_t x_row)
{
    FOR_ROWS {
        FOR_VECTORS NAME(store)(x + i, NAME(exp)(NAME(load)(x + i)));
        x += x_row;
    }
}

/* RNN.  IN ds (of this step's output), carry (from the step after), s; OUT da = (ds + carry) (1 - s^2).  ds may stand
 * where da will: it is loaded before da is stored there. */
static void NAME(rnn_backward)(ptrdiff_t rows, ptrdiff_t units, const REAL *ds, ptrdiff_t ds_row,
                               const REAL *carry, ptrdiff_t carry_row, const REAL *s, ptrdiff_t s_row,
                               REAL *da, ptrdiff_t da_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec state = NAME(load)(s + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            NAME(store)(da + i, total * (1 - state * state));
        }
        NAME(clear_padding)(da, units);
        ds += ds_row, carry += carry_row, s += s_row, da += da_row;
    }
}

/* GRU, reset before the product.  IN/OUT gates: r, z activated in place; OUT hidden = r * s_prev */
static void NAME(gru_reset)(ptrdiff_t rows, ptrdiff_t units, REAL *gates, ptrdiff_t gates_row, ptrdiff_t gate_width,
                            const REAL *s_prev, ptrdiff_t s_row, REAL *hidden, ptrdiff_t hidden_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec r = NAME(sigmoid)(NAME(load)(gates + i));
            NAME(store)(gates + i, r);
            NAME(store)(gates + gate_width + i, NAME(sigmoid)(NAME(load)(gates + gate_width + i)));
            NAME(store)(hidden + i, r * NAME(load)(s_prev + i));
        }
        gates += gates_row, s_prev += s_row, hidden += hidden_row;
    }
}

/* IN/OUT gates: n activated in place; OUT s_next = (1 - z) n + z s_prev */
static void NAME(gru_update)(ptrdiff_t rows, ptrdiff_t units, REAL *gates, ptrdiff_t gates_row, ptrdiff_t gate_width,
                             const REAL *s_prev, REAL *s_next, ptrdiff_t s_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec z = NAME(load)(gates + gate_width + i);
            const vec n = NAME(tanh)(NAME(load)(gates + 2 * gate_width + i));
            NAME(store)(gates + 2 * gate_width + i, n);
            NAME(store)(s_next + i, (1 - z) * n + z * NAME(load)(s_prev + i));
        }
        gates += gates_row, s_prev += s_row, s_next += s_row;
    }
}

/* GRU, reset after the product.  IN hidden = Ws_n s + bs_n; IN/OUT gates: r, z, n activated in place; OUT s_next */
static void NAME(gru_reset_after)(ptrdiff_t rows, ptrdiff_t units, REAL *gates, ptrdiff_t gates_row,
                                  ptrdiff_t gate_width, const REAL *hidden, ptrdiff_t hidden_row,
                                  const REAL *s_prev, REAL *s_next, ptrdiff_t s_row)
{
    FOR_ROWS {
        /* n waits for r: the gates of all units first, so that the processor has many of them under way at once */
        FOR_VECTORS {
            NAME(store)(gates + i, NAME(sigmoid)(NAME(load)(gates + i)));
            NAME(store)(gates + gate_width + i, NAME(sigmoid)(NAME(load)(gates + gate_width + i)));
        }
        FOR_VECTORS {
            const vec r = NAME(load)(gates + i), z = NAME(load)(gates + gate_width + i);
            const vec n = NAME(tanh)(r * NAME(load)(hidden + i) + NAME(load)(gates + 2 * gate_width + i));
            NAME(store)(gates + 2 * gate_width + i, n);
            NAME(store)(s_next + i, (1 - z) * n + z * NAME(load)(s_prev + i));
        }
        gates += gates_row, hidden += hidden_row, s_prev += s_row, s_next += s_row;
    }
}

/* IN ds, gates, s_prev; IN/OUT carry: from the step after, then z * (ds + carry); OUT da_z, da_n.  ds may stand where
 * da_n will: it is loaded before da_n is stored there. */
static void NAME(gru_update_backward)(ptrdiff_t rows, ptrdiff_t units, const REAL *ds, ptrdiff_t ds_row,
                                      REAL *carry, ptrdiff_t carry_row, const REAL *gates, ptrdiff_t gates_row,
                                      ptrdiff_t gate_width, const REAL *s_prev, ptrdiff_t s_row,
                                      REAL *da, ptrdiff_t da_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec z = NAME(load)(gates + gate_width + i), n = NAME(load)(gates + 2 * gate_width + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            NAME(store)(da + gate_width + i, total * (NAME(load)(s_prev + i) - n) * (z * (1 - z)));
            NAME(store)(da + 2 * gate_width + i, total * (1 - z) * (1 - n * n));
            NAME(store)(carry + i, total * z);
        }
        NAME(clear_padding)(da + gate_width, units);
        NAME(clear_padding)(da + 2 * gate_width, units);
        ds += ds_row, carry += carry_row, gates += gates_row, s_prev += s_row, da += da_row;
    }
}

/* IN d_hidden (gradient at r * s_prev), gates, s_prev; IN/OUT carry += d_hidden * r; OUT da_r */
static void NAME(gru_reset_backward)(ptrdiff_t rows, ptrdiff_t units, const REAL *d_hidden, ptrdiff_t d_hidden_row,
                                     REAL *carry, ptrdiff_t carry_row, const REAL *gates, ptrdiff_t gates_row,
                                     const REAL *s_prev, ptrdiff_t s_row, REAL *da, ptrdiff_t da_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec r = NAME(load)(gates + i), d = NAME(load)(d_hidden + i);
            NAME(store)(da + i, d * NAME(load)(s_prev + i) * (r * (1 - r)));
            NAME(store)(carry + i, d * r + NAME(load)(carry + i));
        }
        NAME(clear_padding)(da, units);
        d_hidden += d_hidden_row, carry += carry_row, gates += gates_row, s_prev += s_row, da += da_row;
    }
}

/* as gru_update_backward, for the reset after the product.  IN hidden; OUT da (r, z, n) on the side of the input and
 * d_hidden = da_n * r on the side of the state.  ds may stand where da_n will, as there. */
static void NAME(gru_reset_after_backward)(ptrdiff_t rows, ptrdiff_t units, const REAL *ds, ptrdiff_t ds_row,
                                           REAL *carry, ptrdiff_t carry_row, const REAL *gates, ptrdiff_t gates_row,
                                           ptrdiff_t gate_width, const REAL *hidden, ptrdiff_t hidden_row,
                                           const REAL *s_prev, ptrdiff_t s_row, REAL *da, ptrdiff_t da_row,
                                           REAL *d_hidden, ptrdiff_t d_hidden_row)
{
    FOR_ROWS {
        FOR_VECTORS {
            const vec r = NAME(load)(gates + i), z = NAME(load)(gates + gate_width + i);
            const vec n = NAME(load)(gates + 2 * gate_width + i);
            const vec total = NAME(load)(ds + i) + NAME(load)(carry + i);
            const vec da_n = total * (1 - z) * (1 - n * n);
            NAME(store)(da + i, da_n * NAME(load)(hidden + i) * (r * (1 - r)));
            NAME(store)(da + gate_width + i, total * (NAME(load)(s_prev + i) - n) * (z * (1 - z)));
            NAME(store)(da + 2 * gate_width + i, da_n);
            NAME(store)(d_hidden + i, da_n * r);
            NAME(store)(carry + i, total * z);
        }
        NAME(clear_padding)(da, units);
        NAME(clear_padding)(da + gate_width, units);
        NAME(clear_padding)(da + 2 * gate_width, units);
        NAME(clear_padding)(d_hidden, units);
        ds += ds_row, carry += carry_row, gates += gates_row, hidden += hidden_row, s_prev += s_row, da += da_row;
        d_hidden += d_hidden_row;
    }
}
