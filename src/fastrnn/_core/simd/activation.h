/* Vector exp, tanh and sigmoid: at most 3 ulp over the whole range, NaN and infinities as in libm.
 *
 * One reduction serves all three.  x = n ln2 + 2 h with |h| <= ln2 / 4 (Cody and Waite: ln2 in two pieces, so that
 * n * LN2_HIGH is exact), and tanh h = T / Q with
 *     T = h + h^3 p(h^2),    Q = 1 + h^2 q(h^2),
 * p and q being the minimax fit of T / Q to tanh.  Then e^x = U / D with U = 2^n (Q + T) and D = Q - T, and
 *     sigmoid x = e^x / (e^x + 1) = U / (U + D)
 *     tanh x/2 = (e^x - 1) / (e^x + 1) = (U - D) / (U - D + 2 D) with U - D = 2^n 2 T + (2^n D - D),
 * one division each.  Near 0, where n = 0, nothing is left of U - D but 2 T: nothing cancels.  Products with powers of
 * two are exact, so 2 T and 2 D stand for T and D in the code, and it does not matter which of them the compiler fuses
 * with a sum: it may choose differently for one vector and for several.
 *
 * n is rounded by adding 1.5 * 2^(fraction bits), and the bias of the exponent with it: the sum then carries the biased
 * exponent of 2^n in its lowest bits, and a shift moves it to its place.
 *
 * Each operation waits for the one before it, and a processor does not look far enough ahead to fill that time with
 * the next vector.  So GROUP vectors are computed together, each operation for all of them before the next one.
 */
#define GROUP 4
#define EACH _Pragma("GCC unroll 4") for (int q = 0; q < count; q++)

#define LOG2_E ((REAL)0x1.71547652b82fep+0)
#if REAL_BITS == 64
#define FRACTION_BITS 52
#define ROUND_TO_INTEGER (0x1.8p+52 + 1023)
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define EXP_LOWEST (-750.0)  /* exp is 0 below, in every rounding */
#define EXP_HIGHEST 720.0    /* exp is inf above */
#define FAR 1000.0           /* |n| above: 2^n is applied in two factors */
#define FAR_STEP 200
#define NEAR 690.0           /* 2^n is a normal number below, with a margin, and so is its product with Q + T */
#define FLAT 22.0            /* tanh rounds to 1 from here, and sigmoid from twice as far */
#define P(z) (0x1.c7102574397f1p-6 + (z) * 0x1.15323c927aa3bp-14)
#define Q(z) (0x1.c7195eb263aeap-3 + (z) * 0x1.03fc944de08c0p-9)
#else
#define FRACTION_BITS 23
#define ROUND_TO_INTEGER (0x1.8p+23f + 127)
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define EXP_LOWEST (-106.0f)
#define EXP_HIGHEST 90.0f
#define FAR 100.0f
#define FAR_STEP 40
#define NEAR 80.0f
#define FLAT 10.0f
#define P(z) 0x1.10bdb9f58a9f9p-6f
#define Q(z) 0x1.9984b35a7e548p-3f
#endif

typedef struct {
    vec t[GROUP], d[GROUP], n[GROUP]; /* 2 T, 2 D, and n as the sum that rounded it */
} NAME(reduced);

/* p(h^2) / 4 and q(h^2) / 2 are given (2 h)^2 */
static ALWAYS_INLINE void NAME(reduce)(const int count, const vec *x, NAME(reduced) *r)
{
    vec n[GROUP], h[GROUP], z[GROUP];
    EACH r->n[q] = x[q] * LOG2_E + ROUND_TO_INTEGER;
    EACH n[q] = r->n[q] - ROUND_TO_INTEGER;
    EACH h[q] = x[q] - n[q] * LN2_HIGH;
    EACH h[q] -= n[q] * LN2_LOW; /* 2 h */
    EACH z[q] = h[q] * h[q];
    EACH r->t[q] = h[q] + h[q] * z[q] * P(z[q]);
    EACH r->d[q] = r->t[q] - z[q] * Q(z[q]);
    EACH r->d[q] = 2 - r->d[q];
}

/* 2^n, if that is a normal number */
static inline vec NAME(power_of_two)(ivec n) { return NAME(of_bits)((ivec)((uvec)n << FRACTION_BITS)); }

/* x 2^n, if x and that are normal numbers */
static inline vec NAME(scaled)(vec x, vec n)
{
    const uvec one = (uvec)NAME(bits)(NAME(broadcast)(1)), power = (uvec)NAME(bits)(n) << FRACTION_BITS;
    return NAME(of_bits)((ivec)((uvec)NAME(bits)(x) + (power - one)));
}

static inline vec NAME(magnitude)(vec x)
{
    return NAME(of_bits)(NAME(bits)(x) & ~NAME(bits)(NAME(broadcast)((REAL)-0.0)));
}

/* Return 1 only if all are numbers between -NEAR and NEAR.  It compares the sum of the magnitudes, so 0 does not mean
 * that one of them is beyond. */
static ALWAYS_INLINE int NAME(are_near)(const int count, const vec *x)
{
    vec sum = NAME(magnitude)(x[0]);
    for (int q = 1; q < count; q++)
        sum += NAME(magnitude)(x[q]);
    return NAME(all)(MASK(sum <= NEAR));
}

/* e^x of lanes that may be anywhere */
static inline vec NAME(exp)(vec x)
{
    x = NAME(maximum)(NAME(minimum)(x, NAME(broadcast)(EXP_HIGHEST)), NAME(broadcast)(EXP_LOWEST));
    NAME(reduced) r;
    NAME(reduce)(1, &x, &r);
    const ivec high = MASK(r.n[0] > ROUND_TO_INTEGER + FAR), low = MASK(r.n[0] < ROUND_TO_INTEGER - FAR);
    const ivec step = (high & -FAR_STEP) | (low & FAR_STEP);
    const uvec rest = (uvec)NAME(bits)(NAME(broadcast)(1)) - ((uvec)step << FRACTION_BITS); /* 2^-step */
    return (r.d[0] + 2 * r.t[0]) / r.d[0] * NAME(power_of_two)(NAME(bits)(r.n[0]) + step) * NAME(of_bits)((ivec)rest);
}

static ALWAYS_INLINE void NAME(exp_together)(const int count, vec *x)
{
    NAME(reduced) r;
    if (!NAME(are_near)(count, x)) {
        for (int q = 0; q < count; q++)
            x[q] = NAME(exp)(x[q]);
        return;
    }
    NAME(reduce)(count, x, &r);
    EACH r.t[q] = r.d[q] + 2 * r.t[q];
    EACH x[q] = NAME(scaled)(r.t[q] / r.d[q], r.n[q]);
}

static ALWAYS_INLINE void NAME(tanh_together)(const int count, vec *x)
{
    vec y[GROUP], two_n[GROUP];
    NAME(reduced) r;
    EACH y[q] = NAME(minimum)(NAME(magnitude)(x[q]), NAME(broadcast)(FLAT));
    EACH y[q] += y[q];
    NAME(reduce)(count, y, &r);
    EACH two_n[q] = NAME(power_of_two)(NAME(bits)(r.n[q]));
    EACH r.t[q] = two_n[q] * (r.t[q] + r.t[q]);
    EACH r.t[q] = r.t[q] + (two_n[q] * r.d[q] - r.d[q]); /* 2 (U - D) */
    EACH y[q] = r.t[q] / (r.t[q] + (r.d[q] + r.d[q]));
    EACH x[q] = NAME(of_bits)(NAME(bits)(y[q]) |
                                           (NAME(bits)(x[q]) & NAME(bits)(NAME(broadcast)((REAL)-0.0))));
}

/* where U is normal */
static ALWAYS_INLINE void NAME(sigmoid_of_near)(const int count, vec *x)
{
    NAME(reduced) r;
    NAME(reduce)(count, x, &r);
    EACH r.t[q] = r.d[q] + 2 * r.t[q];
    EACH r.t[q] = NAME(scaled)(r.t[q], r.n[q]);
    EACH x[q] = r.t[q] / (r.t[q] + r.d[q]);
}

static ALWAYS_INLINE void NAME(sigmoid_together)(const int count, vec *x)
{
    if (NAME(are_near)(count, x)) {
        NAME(sigmoid_of_near)(count, x);
        return;
    }
    /* far below 0, U is too small to change U + D, and sigmoid is exp */
    const vec far = NAME(broadcast)(2 * FLAT);
    for (int q = 0; q < count; q++) {
        vec near = NAME(maximum)(NAME(minimum)(x[q], far), -far);
        NAME(sigmoid_of_near)(1, &near);
        x[q] = NAME(select)(MASK(x[q] < -far), NAME(exp)(x[q]), near);
    }
}

static inline vec NAME(tanh)(vec x)
{
    NAME(tanh_together)(1, &x);
    return x;
}

#undef P
#undef Q
