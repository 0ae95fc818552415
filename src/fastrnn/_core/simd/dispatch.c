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
/* arm64 has NEON wherever an operating system runs */
static int always(void) { return 1; }

#if defined(FASTRNN_ARM64)
DECLARE(neon)
#endif

#if defined(FASTRNN_X86)
DECLARE(avx2)
DECLARE(avx512)
#if defined(_MSC_VER) || defined(FASTRNN_CPUID)
/* clang-cl links with Microsoft's libraries, which lack what the check below needs */
#include <cpuid.h>

/* whether the processor has all these features of leaves 1 and 7 of CPUID, and the operating system keeps `registers` */
static int has(unsigned leaf_1_ecx, unsigned leaf_7_ebx, unsigned registers)
{
    const unsigned os_uses_xsave = 1u << 27;
    unsigned a, b, c, d, kept, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & os_uses_xsave) == 0 || (c & leaf_1_ecx) != leaf_1_ecx)
        return 0;
    __asm__ volatile("xgetbv" : "=a"(kept), "=d"(high) : "c"(0));
    return (kept & registers) == registers && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & leaf_7_ebx) == leaf_7_ebx;
}

enum {
    FMA = 1 << 12, /* leaf 1, ECX */
    /* of leaf 7, EBX */
    AVX2 = 1 << 5,
    AVX512F = 1 << 16,
    AVX512DQ = 1 << 17,
    AVX512BW = 1 << 30,
    /* of XCR0 */
    YMM = 0x6,
    MASKS_AND_ZMM = 0xe0
};
static int has_avx2(void) { return has(FMA, AVX2, YMM); }
static int has_avx512(void)
{
    const unsigned avx512vl = 1u << 31;
    return has(FMA, AVX2 | AVX512F | AVX512DQ | AVX512BW | avx512vl, YMM | MASKS_AND_ZMM);
}
#else
/* the compiler's own check: it asks the processor, and the operating system whether it keeps the registers */
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif
#endif

const fastrnn_level fastrnn_levels[] = {
    LEVEL(baseline, FASTRNN_BASELINE_BYTES, always),
#if defined(FASTRNN_ARM64)
    LEVEL(neon, 16, always),
#endif
#if defined(FASTRNN_X86)
    LEVEL(avx2, 32, has_avx2),
    LEVEL(avx512, 64, has_avx512),
#endif
};
const int fastrnn_level_count = sizeof(fastrnn_levels) / sizeof(*fastrnn_levels);
