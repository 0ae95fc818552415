/* Optimizer steps over flat vectors, one pass each, and the checks and clipping of gradients before them.
 *
 * `decay` is the fraction of every weight that a step subtracts first; 0 changes no bit. */

/* m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v); p -= decay p; p -= step m / (sqrt(v) + epsilon)
 * With v_hat, the largest v so far, in v's place. */
static ALWAYS_INLINE void NAME(adam_pass)(ptrdiff_t n, REAL *p, const REAL *g, REAL *m, REAL *v, REAL *v_hat, REAL step,
                                          REAL beta_1, REAL beta_2, REAL epsilon, REAL decay, const int amsgrad)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] += (1 - beta_1) * (g[i] - m[i]);
        v[i] += (1 - beta_2) * (g[i] * g[i] - v[i]);
        if (amsgrad)
            v_hat[i] = v[i] < v_hat[i] ? v_hat[i] : v[i];
        p[i] = p[i] - decay * p[i] - step * m[i] / (SQRT(amsgrad ? v_hat[i] : v[i]) + epsilon);
    }
}

static void NAME(adam)(ptrdiff_t n, REAL *p, const REAL *g, REAL *m, REAL *v, REAL *v_hat, REAL step, REAL beta_1,
                       REAL beta_2, REAL epsilon, REAL decay)
{
    if (v_hat)
        NAME(adam_pass)(n, p, g, m, v, v_hat, step, beta_1, beta_2, epsilon, decay, 1);
    else
        NAME(adam_pass)(n, p, g, m, v, v_hat, step, beta_1, beta_2, epsilon, decay, 0);
}

/* velocity = momentum velocity - rate g; p -= decay p; p += velocity, or, with Nesterov,
 * p += momentum velocity - rate g */
static void NAME(sgd)(ptrdiff_t n, REAL *p, const REAL *g, REAL *velocity, REAL rate, REAL momentum, int nesterov,
                      REAL decay)
{
    if (!velocity) {
        for (ptrdiff_t i = 0; i < n; i++)
            p[i] = p[i] - decay * p[i] - rate * g[i];
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        velocity[i] = momentum * velocity[i] - rate * g[i];
        p[i] = p[i] - decay * p[i] + (nesterov ? momentum * velocity[i] - rate * g[i] : velocity[i]);
    }
}

/* v = rho v + (1 - rho) g^2; a = rho a + (1 - rho) g; q = rate g / sqrt(v - a^2 + epsilon), without a where it is NULL;
 * p -= decay p; p -= q, or, with a velocity, velocity = momentum velocity + q and p -= velocity */
static ALWAYS_INLINE void NAME(rmsprop_pass)(ptrdiff_t n, REAL *p, const REAL *g, REAL *v, REAL *a, REAL *velocity,
                                             REAL rate, REAL rho, REAL momentum, REAL epsilon, REAL decay,
                                             const int centered, const int moving)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        v[i] = rho * v[i] + (1 - rho) * (g[i] * g[i]);
        REAL variance = v[i];
        if (centered) {
            a[i] = rho * a[i] + (1 - rho) * g[i];
            /* rounding may make it negative, and then the square root of it plus a small epsilon would be NaN */
            variance = variance - a[i] * a[i];
            variance = variance < 0 ? 0 : variance;
        }
        REAL change = rate * g[i] / SQRT(variance + epsilon);
        if (moving)
            change = velocity[i] = momentum * velocity[i] + change;
        p[i] = p[i] - decay * p[i] - change;
    }
}

static void NAME(rmsprop)(ptrdiff_t n, REAL *p, const REAL *g, REAL *v, REAL *a, REAL *velocity, REAL rate, REAL rho,
                          REAL momentum, REAL epsilon, REAL decay)
{
#define PASS(centered, moving)                                                                         \
    NAME(rmsprop_pass)(n, p, g, v, a, velocity, rate, rho, momentum, epsilon, decay, centered, moving)
    if (a && velocity)
        PASS(1, 1);
    else if (a)
        PASS(1, 0);
    else if (velocity)
        PASS(0, 1);
    else
        PASS(0, 0);
#undef PASS
}

/* Return whether all are finite: x - x is 0 for finite numbers and NaN for others, and a sum with a NaN is NaN. */
static int NAME(finite)(ptrdiff_t n, const REAL *x)
{
    vec sum[4] = {(vec){0}};
    ptrdiff_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int k = 0; k < 4; k++) {
            vec part = NAME(load)(x + i + k * LANES);
            sum[k] += part - part;
        }
    REAL rest = NAME(sum_of)((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; i < n; i++)
        rest += x[i] - x[i];
    return rest == 0;
}

/* Return the sum of squares, in double precision, which does not overflow for finite floats. */
static double NAME(squares)(ptrdiff_t n, const REAL *x)
{
    ptrdiff_t i = 0;
    double result = 0;
#if !defined(ONE_LANE)
    enum { WIDTH = VBYTES / sizeof(double) };
    typedef double wide __attribute__((vector_size(VBYTES)));
    typedef REAL narrow __attribute__((vector_size(WIDTH * sizeof(REAL)), aligned(sizeof(REAL)), may_alias));
    wide sum[4] = {{0}};
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
        for (int k = 0; k < 4; k++) {
            wide part = __builtin_convertvector(*(const narrow *)(x + i + k * WIDTH), wide);
            sum[k] += part * part;
        }
    wide total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    for (int k = 0; k < (int)WIDTH; k++)
        result += total[k];
#endif
    for (; i < n; i++)
        result += (double)x[i] * x[i];
    return result;
}

static void NAME(scale)(ptrdiff_t n, REAL *x, REAL factor)
{
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] *= factor;
}

/* Return the Euclidean norm of x.  It is infinite only if the exact norm is too large for the type. */
static double NAME(norm)(ptrdiff_t n, const REAL *x)
{
    double sum = NAME(squares)(n, x);
    if (sum >= (double)SMALLEST_NORMAL && sum < INFINITY)
        return sqrt(sum);
    double largest = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double size = fabs((double)x[i]);
        largest = size > largest || size != size ? size : largest;
    }
    if (!(largest > 0) || largest == INFINITY)
        return largest; /* zero, infinite or NaN */
    sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double part = x[i] / largest;
        sum += part * part;
    }
    return largest * sqrt(sum);
}

/* Scale x to the norm `longest` if its norm is larger. */
static void NAME(clip_norm)(ptrdiff_t n, REAL *x, double longest)
{
    double length = NAME(norm)(n, x);
    if (length > longest)
        NAME(scale)(n, x, (REAL)(longest / length));
}

/* Clip x to the range from -furthest to furthest. */
static void NAME(clip_value)(ptrdiff_t n, REAL *x, REAL furthest)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL low = x[i] < -furthest ? -furthest : x[i];
        x[i] = low > furthest ? furthest : low;
    }
}
