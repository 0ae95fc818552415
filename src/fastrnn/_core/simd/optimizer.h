/* Optimizer steps over flat vectors, one pass each. */

/* m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v); p -= step m / (sqrt(v) + epsilon) */
static void NAME(adam)(ptrdiff_t n, REAL *p, const REAL *g, REAL *m, REAL *v,
                       REAL step, REAL beta_1, REAL beta_2, REAL epsilon)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] += (1 - beta_1) * (g[i] - m[i]);
        v[i] += (1 - beta_2) * (g[i] * g[i] - v[i]);
        p[i] -= step * m[i] / (SQRT(v[i]) + epsilon);
    }
}

/* velocity = momentum velocity - rate g; p += velocity, or, with Nesterov, p += momentum velocity - rate g */
static void NAME(sgd)(ptrdiff_t n, REAL *p, const REAL *g, REAL *velocity, REAL rate, REAL momentum, int nesterov)
{
    if (!velocity) {
        for (ptrdiff_t i = 0; i < n; i++)
            p[i] -= rate * g[i];
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] - rate * g[i];
        p[i] += nesterov ? momentum * velocity[i] - rate * g[i] : velocity[i];
    }
}
