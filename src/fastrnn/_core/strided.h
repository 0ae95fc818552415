/* Rows of arrays of any strides and element size, copied into each other: what a stream reads and answers. */
#ifndef FASTRNN_STRIDED_H
#define FASTRNN_STRIDED_H

#include <stddef.h>
#include <string.h>

/* Rows (stream, step) of features in an array; distances in bytes. */
typedef struct {
    char *first;
    ptrdiff_t stream, step, feature;
} fastrnn_rows;

/* Return contiguous time-major rows (step, stream) of `row_bytes` each. */
static inline fastrnn_rows fastrnn_time_major(const void *first, ptrdiff_t m, ptrdiff_t row_bytes, ptrdiff_t size)
{
    return (fastrnn_rows){(char *)first, row_bytes, m * row_bytes, size};
}

/* OUT target: n elements of `size` bytes in each row. */
static inline void fastrnn_copy_rows(fastrnn_rows source, fastrnn_rows target, ptrdiff_t steps, ptrdiff_t m,
                                     ptrdiff_t n, ptrdiff_t size)
{
    for (ptrdiff_t t = 0; t < steps; t++)
        for (ptrdiff_t j = 0; j < m; j++) {
            const char *from = source.first + t * source.step + j * source.stream;
            char *to = target.first + t * target.step + j * target.stream;
            if (source.feature == size && target.feature == size)
                memcpy(to, from, n * size);
            else
                for (ptrdiff_t i = 0; i < n; i++)
                    memcpy(to + i * target.feature, from + i * source.feature, size);
        }
}

#endif
