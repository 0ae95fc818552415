/* The cells, in the order of the equations.  Each takes one step: IN x, weights; IN/OUT the states s (and c); work is
 * scratch memory.  net_ACTIVATION, net_GATE and net_affine_INPUT become the functions of the layer. */

//: rnn
/* The simple RNN: s' = act(Wx x + Ws s + b) */
static void net_rnn$VARIANT(net_matrix wx, net_matrix ws, const net_real *b, const net_real *x, net_real *s,
                    net_real *work, int inputs, int units)
{
    net_real *a = work; /* [units] */
    int i;

    /* 1. a = Wx x + Ws s + b */
    net_affine_INPUT(wx, b, x, a, inputs, units);
    net_add_product(ws, s, a, units, units);

    /* 2. s' = act(a) */
    for (i = 0; i < units; i++)
        s[i] = net_ACTIVATION(a[i]);
}

//: gru
/* The GRU with the reset before the product:
 *     r, z = gate(Wx x + Ws s + b)
 *     n = act(Wxn x + Wsn (r s) + bn)
 *     s' = (1 - z) n + z s */
static void net_gru$VARIANT(net_matrix wx, net_matrix ws_rz, net_matrix ws_n, const net_real *b, const net_real *x,
                    net_real *s, net_real *work, int inputs, int units)
{
    net_real *r = work, *z = r + units, *n = z + units, *h = n + units; /* [units] each */
    int i;

    /* 1. all gates begin with Wx x + b; r and z have Ws s too */
    net_affine_INPUT(wx, b, x, r, inputs, 3 * units);
    net_add_product(ws_rz, s, r, units, 2 * units);

    /* 2. r, z = gate(a), h = r s */
    for (i = 0; i < 2 * units; i++)
        r[i] = net_GATE(r[i]);
    for (i = 0; i < units; i++)
        h[i] = r[i] * s[i];

    /* 3. n = act(a + Wsn h), s' = (1 - z) n + z s */
    net_add_product(ws_n, h, n, units, units);
    for (i = 0; i < units; i++)
        s[i] = (REAL(1.0) - z[i]) * net_ACTIVATION(n[i]) + z[i] * s[i];
}

//: gru_reset_after
/* The GRU with the reset after the product:
 *     r, z = gate(Wx x + Ws s + b)
 *     n = act(Wxn x + bn + r (Wsn s + bsn))
 *     s' = (1 - z) n + z s */
static void net_gru_reset_after$VARIANT(net_matrix wx, net_matrix ws_rz, net_matrix ws_n, const net_real *b,
                    const net_real *bs_n, const net_real *x, net_real *s, net_real *work, int inputs, int units)
{
    net_real *r = work, *z = r + units, *n = z + units, *h = n + units; /* [units] each */
    int i;

    /* 1. all gates begin with Wx x + b; r and z have Ws s too, and h = Wsn s + bsn */
    net_affine_INPUT(wx, b, x, r, inputs, 3 * units);
    net_add_product(ws_rz, s, r, units, 2 * units);
    net_affine(ws_n, bs_n, s, h, units, units);

    /* 2. r, z = gate(a) */
    for (i = 0; i < 2 * units; i++)
        r[i] = net_GATE(r[i]);

    /* 3. n = act(a + r h), s' = (1 - z) n + z s */
    for (i = 0; i < units; i++)
        s[i] = (REAL(1.0) - z[i]) * net_ACTIVATION(n[i] + r[i] * h[i]) + z[i] * s[i];
}

//: lstm
/* The LSTM:
 *     i, f, o = gate(Wx x + Ws s + b), g = act(Wx x + Ws s + b)
 *     c' = f c + i g
 *     s' = o act(c') */
static void net_lstm$VARIANT(net_matrix wx, net_matrix ws, const net_real *b, const net_real *x, net_real *s,
                    net_real *c, net_real *work, int inputs, int units)
{
    net_real *in = work, *forget = in + units, *g = forget + units, *out = g + units; /* [units] each */
    int i;

    /* 1. a = Wx x + Ws s + b of all gates */
    net_affine_INPUT(wx, b, x, in, inputs, 4 * units);
    net_add_product(ws, s, in, units, 4 * units);

    /* 2. the gates */
    for (i = 0; i < 2 * units; i++)
        in[i] = net_GATE(in[i]);
    for (i = 0; i < units; i++)
        g[i] = net_ACTIVATION(g[i]);
    for (i = 0; i < units; i++)
        out[i] = net_GATE(out[i]);

    /* 3. c' = f c + i g, s' = o act(c') */
    for (i = 0; i < units; i++)
        c[i] = forget[i] * c[i] + in[i] * g[i];
    for (i = 0; i < units; i++)
        s[i] = out[i] * net_ACTIVATION(c[i]);
}

//: mgu
/* The minimal gated unit:
 *     f = gate(Wx x + Ws s + b)
 *     n = act(Wxn x + Wsn (f s) + bn)
 *     s' = (1 - f) s + f n */
static void net_mgu$VARIANT(net_matrix wx, net_matrix ws_f, net_matrix ws_n, const net_real *b, const net_real *x,
                    net_real *s, net_real *work, int inputs, int units)
{
    net_real *f = work, *n = f + units, *h = n + units; /* [units] each */
    int i;

    /* 1. both begin with Wx x + b; f has Ws s too */
    net_affine_INPUT(wx, b, x, f, inputs, 2 * units);
    net_add_product(ws_f, s, f, units, units);

    /* 2. f = gate(a), h = f s */
    for (i = 0; i < units; i++)
        f[i] = net_GATE(f[i]);
    for (i = 0; i < units; i++)
        h[i] = f[i] * s[i];

    /* 3. n = act(a + Wsn h), s' = (1 - f) s + f n */
    net_add_product(ws_n, h, n, units, units);
    for (i = 0; i < units; i++)
        s[i] = (REAL(1.0) - f[i]) * s[i] + f[i] * net_ACTIVATION(n[i]);
}
