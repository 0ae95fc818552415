/* The vector type of one instruction-set level and one element type.
 *
 * Included once per element type by level.h, which defines
 *   REAL       float or double
 *   INTEGER    the signed integer of the same size, and UNSIGNED the other
 *   NAME(x)    x with the suffix of the type
 *   VBYTES     bytes of a vector register at this level
 *   ONE_LANE   where the level is plain C11: a vector is one element
 *
 * Written with the vector extensions of GCC and Clang, so that one source serves every level: the compiler
 * turns `a * b + c` into a fused multiply-add where the level has one (-ffp-contract=fast, never -ffast-math).
 * Operations that C writes differently for a single element have names here: comparisons are written MASK(a < b), and
 * `bits` and `of_bits` convert between a vector and its bits, instead of casts.
 */
#define vec NAME(vec)
#define ivec NAME(ivec)
#define uvec NAME(uvec)
#define vec_memory NAME(vec_memory)
#define LANES ((ptrdiff_t)(VBYTES / sizeof(REAL)))

#if defined(ONE_LANE)
typedef REAL vec, vec_memory;
typedef INTEGER ivec;
typedef UNSIGNED uvec;
static inline ivec NAME(bits)(vec x)
{
    ivec result;
    memcpy(&result, &x, sizeof x);
    return result;
}
static inline vec NAME(of_bits)(ivec x)
{
    vec result;
    memcpy(&result, &x, sizeof x);
    return result;
}
#define MASK(comparison) (-(ivec)(comparison))
static inline ivec NAME(lane_numbers)(void) { return 0; }
#else
typedef REAL vec __attribute__((vector_size(VBYTES)));
typedef INTEGER ivec __attribute__((vector_size(VBYTES)));
typedef UNSIGNED uvec __attribute__((vector_size(VBYTES)));
/* a vector in memory: part of an array of REAL, aligned to an element only */
typedef REAL vec_memory __attribute__((vector_size(VBYTES), aligned(sizeof(REAL)), may_alias));
static inline ivec NAME(bits)(vec x) { return (ivec)x; }
static inline vec NAME(of_bits)(ivec x) { return (vec)x; }
/* all ones or all zeros in each lane */
#define MASK(comparison) ((ivec)(comparison))
static inline ivec NAME(lane_numbers)(void)
{
    ivec lane;
    for (int i = 0; i < LANES; i++)
        lane[i] = i;
    return lane;
}
/* the elements of a and b with these indices, where those of b follow those of a: GCC and Clang name it differently */
#ifndef SHUFFLE
#if defined(__clang__)
#define SHUFFLE(integer, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(integer, a, b, ...)                                                         \
    __builtin_shuffle(a, b, (integer __attribute__((vector_size(sizeof(a))))){__VA_ARGS__})
#endif
#endif
#endif

static inline vec NAME(load)(const REAL *p) { return *(const vec_memory *)p; }
static inline void NAME(store)(REAL *p, vec x) { *(vec_memory *)p = x; }
/* x - 0 is x for every x, -0 and NaN too, so the compiler sees a plain broadcast */
static inline vec NAME(broadcast)(REAL x) { return x - (vec){0}; }

/* mask is all ones or all zeros in each lane, as MASK gives it */
static inline vec NAME(select)(ivec mask, vec yes, vec no)
{
    return NAME(of_bits)((NAME(bits)(yes) & mask) | (NAME(bits)(no) & ~mask));
}
/* minimum and maximum, in which a NaN in x stays a NaN; and all, which says whether a mask is set in all lanes.  x86 and
 * NEON have instructions for these, but compilers do not find them. */
#if defined(ONE_LANE)
static inline vec NAME(minimum)(vec x, vec bound) { return x > bound ? bound : x; }
static inline vec NAME(maximum)(vec x, vec bound) { return x < bound ? bound : x; }
static inline int NAME(all)(ivec mask) { return mask != 0; }
#elif defined(FASTRNN_X86)
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
#if VBYTES == 64
static inline int NAME(all)(ivec mask) { return _mm512_movepi32_mask((__m512i)mask) == 0xffff; }
#elif VBYTES == 32
static inline int NAME(all)(ivec mask) { return _mm256_movemask_epi8((__m256i)mask) == -1; }
#else
static inline int NAME(all)(ivec mask) { return _mm_movemask_epi8((__m128i)mask) == 0xffff; }
#endif
#undef X86
#undef X86_VECTOR
#undef X86_PASTE
#undef X86_PASTE_
#else
#if !defined(FASTRNN_ARM64)
static inline vec NAME(minimum)(vec x, vec bound) { return NAME(select)(MASK(x > bound), bound, x); }
static inline vec NAME(maximum)(vec x, vec bound) { return NAME(select)(MASK(x < bound), bound, x); }
#elif REAL_BITS == 64
static inline vec NAME(minimum)(vec x, vec bound) { return (vec)vminq_f64((float64x2_t)x, (float64x2_t)bound); }
static inline vec NAME(maximum)(vec x, vec bound) { return (vec)vmaxq_f64((float64x2_t)x, (float64x2_t)bound); }
#else
static inline vec NAME(minimum)(vec x, vec bound) { return (vec)vminq_f32((float32x4_t)x, (float32x4_t)bound); }
static inline vec NAME(maximum)(vec x, vec bound) { return (vec)vmaxq_f32((float32x4_t)x, (float32x4_t)bound); }
#endif
static inline int NAME(all)(ivec mask)
{
    int set = 0;
    for (int i = 0; i < LANES; i++)
        set += mask[i] != 0;
    return set == LANES;
}
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
