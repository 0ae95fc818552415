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

/* Return the rows from a step on. */
static inline fastrnn_rows fastrnn_rows_from(fastrnn_rows rows, ptrdiff_t step)
{
    rows.first += step * rows.step;
    return rows;
}

/* Return rows in time-major order with adjacent features: those of the array itself, or copies in some memory.  OUT row:
 * the elements from one to the next */
static inline const void *fastrnn_gather(fastrnn_rows rows, ptrdiff_t steps, ptrdiff_t m, ptrdiff_t n, ptrdiff_t size,
                                         void *memory, ptrdiff_t *row)
{
    const ptrdiff_t distance = m > 1 ? rows.stream : rows.step;
    if ((rows.feature == size || n == 1) && distance % size == 0 &&
        (m == 1 || steps == 1 || rows.step == m * rows.stream)) {
        *row = distance / size;
        return rows.first;
    }
    *row = n;
    fastrnn_copy_rows(rows, fastrnn_time_major(memory, m, n * size, size), steps, m, n, size);
    return memory;
}

#endif
