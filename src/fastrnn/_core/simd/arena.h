/* The cache line, rows that are padded to it, and memory that is divided into arrays.
 *
 * A function that divides an arena runs twice: without memory, to find out how many bytes it needs, and then with that
 * memory, to place the arrays.  So the size and the places cannot disagree. */
#ifndef FASTRNN_ARENA_H
#define FASTRNN_ARENA_H

#include <stddef.h>
#include <stdint.h>

enum { FASTRNN_LINE = 64 };

typedef struct {
    char *start;     /* of a cache line; NULL to find out the size */
    ptrdiff_t bytes; /* taken so far */
} fastrnn_arena;

/* Return n elements of `size` bytes rounded up to whole cache lines, one at least. */
static inline ptrdiff_t fastrnn_padded(ptrdiff_t n, ptrdiff_t size)
{
    const ptrdiff_t line = FASTRNN_LINE / size;
    return n > 0 ? (n + line - 1) / line * line : line;
}

/* Return the start of the first cache line in some memory. */
static inline void *fastrnn_line_start(const void *memory)
{
    return (void *)(((uintptr_t)memory + FASTRNN_LINE - 1) / FASTRNN_LINE * FASTRNN_LINE);
}

/* Return an arena over some memory, from its first cache line on, or over none. */
static inline fastrnn_arena fastrnn_arena_of(void *memory)
{
    return (fastrnn_arena){(char *)fastrnn_line_start(memory), 0};
}

/* Return the next bytes of an arena; not a valid address while the arena has no memory. */
static inline void *fastrnn_take(fastrnn_arena *arena, ptrdiff_t bytes)
{
    void *taken = (void *)((uintptr_t)arena->start + (uintptr_t)arena->bytes);
    arena->bytes += bytes;
    return taken;
}

#endif
