/* Vector exp, tanh and sigmoid: at most 3 ulp over the whole range, NaN and infinities as in libm.
 *
 * One reduction serves all three.  y = n ln2 / 2 + h with |h| <= ln2 / 4 (Cody and Waite: ln2 / 2 in two pieces, so
 * that n * HALF_LN2_HIGH is exact), and tanh h = T / Q with
 *     T = h + h^3 p(h^2),    Q = 1 + h^2 q(h^2),
 * p and q being the minimax fit of T / Q to tanh.  Then e^(2 y) = U / D with U = 2^n (Q + T) and D = Q - T, and
 *     sigmoid 2 y = e^(2 y) / (e^(2 y) + 1) = U / (U + D)
 *     tanh y = (e^(2 y) - 1) / (e^(2 y) + 1) = (U - D) / (U - D + 2 D) with U - D = 2^n 2 T + (2^n - 1) D,
 * one division each.  Near 0, where n = 0, nothing is left of U - D but 2 T: nothing cancels.  Products with 2^n are
 * exact, so that it matters little whether a level fuses its multiply-adds.
 *
 * n is rounded by adding 1.5 * 2^(fraction bits), and the bias of the exponent with it: the sum then carries the biased
 * exponent of 2^n in its lowest bits, and a shift moves it to its place.
 */
#define TWO_LOG2_E ((REAL)0x1.71547652b82fep+1)

#if REAL_BITS == 64
#define FRACTION_BITS 52
#define ROUND_TO_INTEGER (0x1.8p+52 + 1023)
#define HALF_LN2_HIGH 0x1.62e42fee00000p-2
#define HALF_LN2_LOW 0x1.a39ef35793c76p-34
#define EXP_LOWEST (-750.0)  /* exp is 0 below, in every rounding */
#define EXP_HIGHEST 720.0    /* exp is inf above */
#define FAR 1000.0           /* |n| above: 2^n is applied in two factors */
#define FAR_STEP 200
#define FLAT 22.0            /* tanh rounds to 1 from here, and sigmoid from twice as far */
#define P(z) (0x1.c7102574397f1p-4 + (z) * 0x1.15323c927aa3bp-10)
#define Q(z) (0x1.c7195eb263aeap-2 + (z) * 0x1.03fc944de08c0p-6)
#else
#define FRACTION_BITS 23
#define ROUND_TO_INTEGER (0x1.8p+23f + 127)
#define HALF_LN2_HIGH 0x1.62e4p-2f
#define HALF_LN2_LOW 0x1.7f7d1cp-21f
#define EXP_LOWEST (-106.0f)
#define EXP_HIGHEST 90.0f
#define FAR 100.0f
#define FAR_STEP 40
#define FLAT 10.0f
#define P(z) 0x1.10bdb9f58a9f9p-4f
#define Q(z) 0x1.9984b35a7e548p-2f
#endif

typedef struct {
    vec t, d, n; /* T, D = Q - T, and n as the sum that rounded it */
} NAME(reduced);

static inline NAME(reduced) NAME(reduce)(vec y)
{
    const vec shifted = y * TWO_LOG2_E + ROUND_TO_INTEGER;
    const vec count = shifted - ROUND_TO_INTEGER;
    const vec h = y - count * HALF_LN2_HIGH - count * HALF_LN2_LOW;
    const vec z = h * h, t = h + h * z * P(z);
    return (NAME(reduced)){.t = t, .d = 1 - (t - z * Q(z)), .n = shifted};
}

/* 2^n, if that is a normal number */
static inline vec NAME(power_of_two)(ivec n) { return NAME(of_bits)((ivec)((uvec)n << FRACTION_BITS)); }

/* 2^-step, for the second factor of a 2^n that is no normal number, or 1 where step is 0 */
static inline vec NAME(rest)(ivec step)
{
    return NAME(of_bits)((ivec)((uvec)NAME(bits)(NAME(broadcast)(1)) - ((uvec)step << FRACTION_BITS)));
}

static inline vec NAME(exp)(vec x)
{
    x = NAME(maximum)(NAME(minimum)(x, NAME(broadcast)(EXP_HIGHEST)), NAME(broadcast)(EXP_LOWEST));
    const NAME(reduced) r = NAME(reduce)(x * (REAL)0.5);
    const ivec high = MASK(r.n > ROUND_TO_INTEGER + FAR), low = MASK(r.n < ROUND_TO_INTEGER - FAR);
    const ivec step = (high & -FAR_STEP) | (low & FAR_STEP);
    return (r.d + 2 * r.t) / r.d * NAME(power_of_two)(NAME(bits)(r.n) + step) * NAME(rest)(step);
}

/* exp x for x <= 0 */
static inline vec NAME(exp_of_negative)(vec x)
{
    const NAME(reduced) r = NAME(reduce)(NAME(maximum)(x, NAME(broadcast)(EXP_LOWEST)) * (REAL)0.5);
    const ivec step = MASK(r.n < ROUND_TO_INTEGER - FAR) & FAR_STEP;
    return (r.d + 2 * r.t) / r.d * NAME(power_of_two)(NAME(bits)(r.n) + step) * NAME(rest)(step);
}

static inline vec NAME(tanh)(vec x)
{
    const ivec sign = NAME(bits)(NAME(broadcast)((REAL)-0.0));
    const NAME(reduced) r = NAME(reduce)(NAME(minimum)(NAME(of_bits)(NAME(bits)(x) & ~sign), NAME(broadcast)(FLAT)));
    const vec two_n = NAME(power_of_two)(NAME(bits)(r.n));
    const vec difference = two_n * (r.t + r.t) + (two_n - 1) * r.d;
    return NAME(of_bits)(NAME(bits)(difference / (difference + 2 * r.d)) | (NAME(bits)(x) & sign));
}

static inline vec NAME(sigmoid)(vec x)
{
    const vec y = x * (REAL)0.5;
    const NAME(reduced) r =
        NAME(reduce)(NAME(maximum)(NAME(minimum)(y, NAME(broadcast)(FLAT)), NAME(broadcast)((REAL)0.5 * EXP_LOWEST)));
    /* where 2^n is not a normal number it is too small to change the sum */
    const ivec step = MASK(r.n < ROUND_TO_INTEGER - FAR) & FAR_STEP;
    const vec up = NAME(power_of_two)(NAME(bits)(r.n) + step) * (r.d + 2 * r.t);
    return up / (up + r.d) * NAME(rest)(step);
}
#undef P
#undef Q
