/* GELU (Hendrycks and Gimpel 2016), x Phi(x), by functions of the C library, an element at a time.
 *
 * No kernel of a level: what takes the time is the C library, and without fused multiply-adds every level has the same
 * bits. */
#ifndef FASTRNN_GELU_H
#define FASTRNN_GELU_H

#include <math.h>
#include <stddef.h>

#define FASTRNN_GELU(REAL, SUFFIX, ERFC, EXP)                                                                          \
    /* Phi(x), by erfc: for x far below 0, 1 + erf would round to 0 */                                                 \
    static inline REAL fastrnn_normal_##SUFFIX(REAL x) { return (REAL)0.5 * ERFC(-x * (REAL)0.70710678118654752440); } \
    /* IN/OUT x: the first n of each row */                                                                            \
    static inline void fastrnn_gelu_rows_##SUFFIX(ptrdiff_t rows, ptrdiff_t n, REAL *x, ptrdiff_t ld)                  \
    {                                                                                                                  \
        for (ptrdiff_t row = 0; row < rows; row++, x += ld)                                                            \
            for (ptrdiff_t i = 0; i < n; i++)                                                                          \
                if (x[i] > -40)                                                                                        \
                    x[i] *= fastrnn_normal_##SUFFIX(x[i]);                                                             \
                else if (x[i] <= -40)                                                                                  \
                    x[i] = 0; /* and not NaN at minus infinity */                                                      \
    }                                                                                                                  \
    /* IN x (rows, n), what went in; IN/OUT dy: the first n of each row times Phi(x) + x phi(x) */                     \
    static inline void fastrnn_gelu_rows_back_##SUFFIX(ptrdiff_t rows, ptrdiff_t n, const REAL *x, REAL *dy,           \
                                                       ptrdiff_t ld)                                                   \
    {                                                                                                                  \
        for (ptrdiff_t row = 0; row < rows; row++, x += n, dy += ld)                                                   \
            for (ptrdiff_t i = 0; i < n; i++)                                                                          \
                dy[i] *= fastrnn_normal_##SUFFIX(x[i]) +                                                               \
                         x[i] * ((REAL)0.39894228040143267794 * EXP((REAL)-0.5 * x[i] * x[i]));                        \
    }
FASTRNN_GELU(float, f32, erfcf, expf)
FASTRNN_GELU(double, f64, erfc, exp)
#undef FASTRNN_GELU

#endif
