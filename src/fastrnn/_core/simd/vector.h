/* The vector type of one instruction-set level and one element type.
 *
 * Included once per element type by level.h, which defines
 *   REAL       float or double
 *   INTEGER    the signed integer of the same size
 *   NAME(x)    x with the suffix of the type
 *   VBYTES     bytes of a vector register at this level
 *
 * Written with the vector extensions of GCC and Clang, so that one source serves every level: the compiler
 * turns `a * b + c` into a fused multiply-add where the level has one (-ffp-contract=fast, never -ffast-math).
 */
#define vec NAME(vec)
#define ivec NAME(ivec)
#define vec_memory NAME(vec_memory)
#define LANES ((ptrdiff_t)(VBYTES / sizeof(REAL)))

typedef REAL vec __attribute__((vector_size(VBYTES)));
typedef INTEGER ivec __attribute__((vector_size(VBYTES)));
/* what lies in memory is aligned to its elements only, and is really an array of REAL */
typedef REAL vec_memory __attribute__((vector_size(VBYTES), aligned(sizeof(REAL)), may_alias));

static inline vec NAME(load)(const REAL *p) { return *(const vec_memory *)p; }
static inline void NAME(store)(REAL *p, vec x) { *(vec_memory *)p = x; }
/* x - 0 is x for every x, -0 and NaN too, so the compiler sees a plain broadcast */
static inline vec NAME(broadcast)(REAL x) { return x - (vec){0}; }

/* the elements of a and b whose numbers follow, b's after a's; two compilers, two names */
#ifndef SHUFFLE
#if defined(__clang__)
#define SHUFFLE(integer, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(integer, a, b, ...) \
    __builtin_shuffle(a, b, (integer __attribute__((vector_size(sizeof(a))))){__VA_ARGS__})
#endif
#endif

/* mask is all ones or all zeros in each lane, as comparisons give it */
static inline vec NAME(select)(ivec mask, vec yes, vec no)
{
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}
/* the smaller and the larger; a NaN in x stays a NaN.  x86 has an instruction with just this meaning, which compilers
 * do not find behind the comparison. */
#if defined(__x86_64__)
#define X86_PASTE_(prefix, kind) prefix##_##kind
#define X86_PASTE(prefix, kind) X86_PASTE_(prefix, kind)
#if REAL_BITS == 64
#define X86(name) X86_PASTE(X86_PASTE(X86_PREFIX, name), pd)
#define X86_VECTOR X86_DOUBLES
#else
#define X86(name) X86_PASTE(X86_PASTE(X86_PREFIX, name), ps)
#define X86_VECTOR X86_FLOATS
#endif
static inline vec NAME(minimum)(vec x, vec bound) { return (vec)X86(min)((X86_VECTOR)bound, (X86_VECTOR)x); }
static inline vec NAME(maximum)(vec x, vec bound) { return (vec)X86(max)((X86_VECTOR)bound, (X86_VECTOR)x); }
#undef X86
#undef X86_VECTOR
#undef X86_PASTE
#undef X86_PASTE_
#else
static inline vec NAME(minimum)(vec x, vec bound) { return NAME(select)(x > bound, bound, x); }
static inline vec NAME(maximum)(vec x, vec bound) { return NAME(select)(x < bound, bound, x); }
#endif

static inline REAL NAME(sum_of)(vec x)
{
    REAL lane[VBYTES / sizeof(REAL)];
    NAME(store)(lane, x);
    for (ptrdiff_t half = LANES / 2; half > 0; half /= 2)
        for (ptrdiff_t i = 0; i < half; i++)
            lane[i] += lane[i + half];
    return lane[0];
}

static inline REAL NAME(largest_of)(vec x)
{
    REAL lane[VBYTES / sizeof(REAL)];
    NAME(store)(lane, x);
    for (ptrdiff_t half = LANES / 2; half > 0; half /= 2)
        for (ptrdiff_t i = 0; i < half; i++)
            lane[i] = lane[i + half] > lane[i] ? lane[i + half] : lane[i];
    return lane[0];
}
