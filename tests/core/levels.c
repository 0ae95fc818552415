/* Every level that this machine runs, and the pool, without Python: prints "ok" and the levels, or what is wrong.
 * test_portable.py compiles it in several ways; it also runs where there is no Python to test with. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pool/pool.h"
#include "simd/kernels.h"

enum { ROWS = 13, UNITS = 37, LD = 48, DEPTH = 29, COLUMNS = 2 * LD };

static int failures;
static const char *level;
static void check(const char *what, double found, double expected, double tolerance)
{
    const int same = isnan(expected) ? isnan(found) : fabs(found - expected) <= tolerance * (1 + fabs(expected));
    if (!same && failures++ < 20)
        printf("%s: %s is %.17g, expected %.17g\n", level, what, found, expected);
}

static double random_number(void)
{
    static unsigned state = 1;
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 8388608.0 - 1;
}

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#define REAL float
#define OF(name) PASTE(name, _f32)
#define TOLERANCE 1e-5
#include "levels.h"
#undef REAL
#undef OF
#undef TOLERANCE
#define REAL double
#define OF(name) PASTE(name, _f64)
#define TOLERANCE 1e-14
#include "levels.h"

enum { SHARES = 16, JOBS = 2000 };
static void count(void *job, int share) { ((int *)job)[share]++; }
static void check_pool(void)
{
    int counts[SHARES] = {0};
    for (int i = 0; i < JOBS; i++)
        fastrnn_run(SHARES, count, counts);
    level = "pool";
    for (int i = 0; i < SHARES; i++)
        check("runs of a share", counts[i], JOBS, 0);
}

int main(void)
{
    for (int i = 0; i < fastrnn_level_count; i++) {
        if (!fastrnn_levels[i].supported())
            continue;
        level = fastrnn_levels[i].name;
        check_f32(fastrnn_levels[i].f32);
        check_f64(fastrnn_levels[i].f64);
    }
    check_pool();
    if (failures)
        return EXIT_FAILURE;
    printf("ok threads=%d", fastrnn_has_threads());
    for (int i = 0; i < fastrnn_level_count; i++)
        if (fastrnn_levels[i].supported())
            printf(" %s:%d", fastrnn_levels[i].name, fastrnn_levels[i].vector_bytes);
    printf("\n");
    return EXIT_SUCCESS;
}
