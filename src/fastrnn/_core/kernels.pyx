"""Which instruction set runs: chosen once, when fastrnn is imported.  level.py has the rule."""

import os

from fastrnn._core.level import choose

cdef extern from "simd/kernels.h":
    ctypedef struct fastrnn_level:
        const char *name
        int vector_bytes
        int (*supported)()
        const void *f32
        const void *f64
    const fastrnn_level fastrnn_levels[]
    const int fastrnn_level_count


def compiled_levels():
    """Names of the instruction-set levels in this build, the simplest first."""
    return tuple([fastrnn_levels[i].name.decode() for i in range(fastrnn_level_count)])


def supported_levels():
    """Names of the levels that this machine can run, the simplest first."""
    return tuple([fastrnn_levels[i].name.decode() for i in range(fastrnn_level_count)
                  if fastrnn_levels[i].supported()])


#: Name of the level in use.
level = choose(os.environ.get("FASTRNN_ISA"), compiled_levels(), supported_levels())
#: Bytes of its vectors.
vector_bytes = fastrnn_levels[compiled_levels().index(level)].vector_bytes


cdef int _index = compiled_levels().index(level)
chosen_f32, chosen_f64 = fastrnn_levels[_index].f32, fastrnn_levels[_index].f64
