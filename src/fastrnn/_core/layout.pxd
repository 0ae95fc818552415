# cython: language_level=3
"""The cache line, rows that are padded to it, and memory that is divided into arrays.

A function that divides an :class:`Arena` runs twice: without memory, to find out how many bytes it needs, and then
with that memory, to place the arrays.  So the size and the places cannot disagree.
"""

cdef enum:
    LINE_BYTES = 64

cdef struct Arena:
    char *start  # of a cache line; NULL to find out the size
    Py_ssize_t bytes  # taken so far


cdef inline Py_ssize_t padded_to_line(Py_ssize_t n, Py_ssize_t size) noexcept nogil:
    """Return n elements of so many bytes rounded up to whole cache lines, one at least."""
    cdef Py_ssize_t line = LINE_BYTES // size
    return (n + line - 1) // line * line if n > 0 else line


cdef inline void *line_start(const void *memory) noexcept nogil:
    """Return the start of the first cache line in some memory."""
    return <void *> ((<size_t> memory + LINE_BYTES - 1) // LINE_BYTES * LINE_BYTES)


cdef inline Arena arena_of(void *memory) noexcept nogil:
    """Return an arena over some memory, from its first cache line on, or over none."""
    cdef Arena arena
    arena.start, arena.bytes = <char *> line_start(memory), 0
    return arena


cdef inline void *take(Arena *arena, Py_ssize_t bytes) noexcept nogil:
    """Return the next bytes of an arena; not a valid address while the arena has no memory."""
    cdef void *taken = arena.start + arena.bytes
    arena.bytes += bytes
    return taken
