/* Vector exp, expm1, tanh and sigmoid: at most 3 ulp over the whole range, NaN and infinities as in libm.
 *
 * x = n ln2 + r with |r| <= ln2 / 2 (Cody and Waite: ln2 in two pieces, so that n * LN2_HIGH is exact), then
 * expm1(r) = r + r^2 q(r), where q is the Chebyshev fit of (expm1(r) - r) / r^2 on that interval, and
 * exp(x) = 2^n (1 + expm1(r)).  n is rounded by adding 1.5 * 2^(fraction bits): the sum then carries n in its
 * lowest bits, from where a shift moves it into the exponent.
 */
#define LOG2_E ((REAL)0x1.71547652b82fep+0)

#if REAL_BITS == 64
#define FRACTION_BITS 52
#define EXPONENT_BIAS 1023
#define ROUND_TO_INTEGER 0x1.8p+52
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define EXP_LOWEST (-750.0)  /* exp is 0 below, in every rounding */
#define EXP_HIGHEST 720.0    /* exp is inf above */
#define FAR 1000.0           /* |n| above: 2^n is applied in two factors */
#define FAR_STEP 200
#define TANH_FLAT 44.0       /* tanh(t / 2) rounds to 1 from here */
static const REAL NAME(expm1_coefficients)[] = {
    0x1p-1, 0x1.5555555555557p-3, 0x1.5555555555556p-5, 0x1.11111111100dep-7,
    0x1.6c16c16c162d6p-10, 0x1.a01a01abe683ap-13, 0x1.a01a01a6d7b19p-16, 0x1.71de02364614ap-19,
    0x1.27e4db6718a69p-22, 0x1.af4ddfbb33a59p-26, 0x1.1f72fdb6c6442p-29,
};
#else
#define FRACTION_BITS 23
#define EXPONENT_BIAS 127
#define ROUND_TO_INTEGER 0x1.8p+23f
#define LN2_HIGH 0x1.62e4p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#define EXP_LOWEST (-106.0f)
#define EXP_HIGHEST 90.0f
#define FAR 100.0f
#define FAR_STEP 40
#define TANH_FLAT 20.0f
static const REAL NAME(expm1_coefficients)[] = {
    0x1p-1f, 0x1.555556p-3f, 0x1.5554eap-5f, 0x1.1110ep-7f, 0x1.6d4318p-10f, 0x1.a124e6p-13f,
};
#endif
#define DEGREE ((int)(sizeof(NAME(expm1_coefficients)) / sizeof(REAL)) - 1)

/* expm1(r), and in *n the n (as the integer in the low bits of a float) with x = n ln2 + r */
static inline vec NAME(reduced_expm1)(vec x, vec *n)
{
    const REAL *c = NAME(expm1_coefficients);
    vec shifted = x * LOG2_E + ROUND_TO_INTEGER;
    vec count = shifted - ROUND_TO_INTEGER;
    vec r = x - count * LN2_HIGH - count * LN2_LOW;
    vec q = NAME(all)(c[DEGREE]);
#pragma GCC unroll 16
    for (int i = DEGREE - 1; i >= 0; i--)
        q = q * r + c[i];
    *n = shifted;
    return r + r * r * q;
}

/* 2^n, for an exponent that needs no subnormal */
static inline vec NAME(power_of_two)(ivec n) { return (vec)((n + EXPONENT_BIAS) << FRACTION_BITS); }

/* 2^n (1 + p), for any n between the exponents of 0 and of infinity: in two factors, of which the second is 1 unless n
 * is so far out that 2^n alone would be no normal number.  `step` says by how much n moves towards 0 for that. */
static inline vec NAME(scaled)(vec p, vec n, ivec step)
{
    const vec two_n = NAME(power_of_two)((ivec)n + step);
    const vec rest = (vec)((ivec)NAME(all)(1) - (step << FRACTION_BITS));
    return (two_n * p + two_n) * rest;
}

static inline vec NAME(exp)(vec x)
{
    vec n;
    x = NAME(at_least)(NAME(at_most)(x, NAME(all)(EXP_HIGHEST)), NAME(all)(EXP_LOWEST));
    const vec p = NAME(reduced_expm1)(x, &n);
    const ivec high = n > ROUND_TO_INTEGER + FAR, low = n < ROUND_TO_INTEGER - FAR;
    return NAME(scaled)(p, n, (high & -FAR_STEP) | (low & FAR_STEP));
}

/* exp x for x <= 0 */
static inline vec NAME(exp_of_negative)(vec x)
{
    vec n;
    const vec p = NAME(reduced_expm1)(NAME(at_least)(x, NAME(all)(EXP_LOWEST)), &n);
    return NAME(scaled)(p, n, (n < ROUND_TO_INTEGER - FAR) & FAR_STEP);
}

/* tanh x = e / (e + 2) with e = expm1(2 |x|), which loses nothing near 0 */
static inline vec NAME(tanh)(vec x)
{
    const ivec sign = (ivec)NAME(all)((REAL)-0.0);
    vec n, t = (vec)((ivec)x & ~sign);
    t = NAME(at_most)(t + t, NAME(all)(TANH_FLAT));
    vec p = NAME(reduced_expm1)(t, &n);
    vec two_n = NAME(power_of_two)((ivec)n);
    vec e = two_n * p + (two_n - 1);
    return (vec)((ivec)(e / (e + 2)) | ((ivec)x & sign));
}

/* sigmoid x = e / (1 + e) for x < 0 and 1 / (1 + e) otherwise, with e = exp(-|x|): exact tails on both sides */
static inline vec NAME(sigmoid)(vec x)
{
    const ivec sign = (ivec)NAME(all)((REAL)-0.0);
    vec e = NAME(exp_of_negative)((vec)((ivec)x | sign));
    return NAME(select)(x < 0, e, NAME(all)(1)) / (e + 1);
}
