/* Which levels this build has, and which of them this machine can run. */
#include "kernels.h"

#define DECLARE(level)                                    \
    extern const fastrnn_kernels_f32 fastrnn_f32_##level; \
    extern const fastrnn_kernels_f64 fastrnn_f64_##level;
#define LEVEL(level, vector_bytes, supported)                                        \
    {                                                                                \
        #level, vector_bytes, supported, &fastrnn_f32_##level, &fastrnn_f64_##level, \
    }

DECLARE(baseline)
static int always(void) { return 1; }

#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
/* the compiler's own check: it asks the processor, and the operating system whether it keeps the registers */
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const fastrnn_level fastrnn_levels[] = {
    LEVEL(baseline, 16, always),
#if defined(__x86_64__)
    LEVEL(avx2, 32, has_avx2),
    LEVEL(avx512, 64, has_avx512),
#endif
};
const int fastrnn_level_count = sizeof(fastrnn_levels) / sizeof(*fastrnn_levels);
