# cython: language_level=3
"""The cache line, rows that are padded to it, and memory that is divided into arrays: see simd/arena.h."""

cdef extern from "simd/arena.h" nogil:
    enum:
        LINE_BYTES "FASTRNN_LINE"

    ctypedef struct Arena "fastrnn_arena":
        char *start
        Py_ssize_t bytes

    Py_ssize_t padded_to_line "fastrnn_padded"(Py_ssize_t n, Py_ssize_t size)
    void *line_start "fastrnn_line_start"(const void *memory)
    Arena arena_of "fastrnn_arena_of"(void *memory)
    void *take "fastrnn_take"(Arena *arena, Py_ssize_t bytes)
