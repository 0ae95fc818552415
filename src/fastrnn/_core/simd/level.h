/* One instruction-set level: every kernel for float and for double.  A level's own .c file defines
 *   LEVEL      its name, as a C identifier
 *   VBYTES     the bytes of a vector; or ONE_LANE, where a vector is one element, in plain C11
 *   TILE_ROWS  the rows of the tallest tile whose sums fit into the registers
 * and includes this; the build gives each such file the compiler flags of its level. */
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"

#if defined(ONE_LANE)
#define VBYTES ((ptrdiff_t)sizeof(REAL))
#elif defined(FASTRNN_X86)
#include <immintrin.h>
#if VBYTES == 64
#define X86_PREFIX _mm512
#define X86_FLOATS __m512
#define X86_DOUBLES __m512d
#elif VBYTES == 32
#define X86_PREFIX _mm256
#define X86_FLOATS __m256
#define X86_DOUBLES __m256d
#else
#define X86_PREFIX _mm
#define X86_FLOATS __m128
#define X86_DOUBLES __m128d
#endif
#elif defined(FASTRNN_ARM64)
#include <arm_neon.h>
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define ALWAYS_INLINE inline
#define PREFETCH(address) ((void)(address))
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#define REAL float
#define REAL_BITS 32
#define INTEGER int32_t
#define UNSIGNED uint32_t
#define NAME(x) PASTE(x, _f32)
#define TABLE fastrnn_kernels_f32
#define EXPORT PASTE(fastrnn_f32_, LEVEL)
#define LOG logf
#define SQRT sqrtf
#define SMALLEST_NORMAL FLT_MIN
#include "kernels_of_type.h"
#undef REAL
#undef REAL_BITS
#undef INTEGER
#undef UNSIGNED
#undef NAME
#undef TABLE
#undef EXPORT
#undef LOG
#undef SQRT
#undef SMALLEST_NORMAL

#define REAL double
#define REAL_BITS 64
#define INTEGER int64_t
#define UNSIGNED uint64_t
#define NAME(x) PASTE(x, _f64)
#define TABLE fastrnn_kernels_f64
#define EXPORT PASTE(fastrnn_f64_, LEVEL)
#define LOG log
#define SQRT sqrt
#define SMALLEST_NORMAL DBL_MIN
#include "kernels_of_type.h"
