"""Which instruction set runs: chosen once, when fastrnn is imported.

``FASTRNN_ISA`` names a level; without it the best one that the processor and the operating system support is taken.
"""

import os

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
    """Names of the instruction-set levels in this build, the plainest first."""
    return tuple([fastrnn_levels[i].name.decode() for i in range(fastrnn_level_count)])


def supported_levels():
    """Names of the levels that this machine can run, the plainest first."""
    return tuple([fastrnn_levels[i].name.decode() for i in range(fastrnn_level_count)
                  if fastrnn_levels[i].supported()])


def _choose(wanted):
    # The name is that of the package, since it is the package that cannot be imported: then `python -m fastrnn`
    # says so in one line, where an error of another name is shown with a traceback.
    compiled, supported = compiled_levels(), supported_levels()
    if wanted is None:
        return supported[len(supported) - 1]
    if wanted not in compiled:
        raise ImportError(f"FASTRNN_ISA is {wanted!r}, which this build does not know; "
                          f"it should be one of {', '.join(compiled)}, or unset for the best one", name="fastrnn")
    if wanted not in supported:
        raise ImportError(f"FASTRNN_ISA is {wanted!r}, which this machine cannot run; "
                          f"it should be one of {', '.join(supported)}, or unset for the best one", name="fastrnn")
    return wanted


#: Name of the level in use.
level = _choose(os.environ.get("FASTRNN_ISA") or None)
#: Bytes of its vectors.
vector_bytes = fastrnn_levels[compiled_levels().index(level)].vector_bytes


cdef void _bind(int index):
    global chosen_f32, chosen_f64
    chosen_f32 = fastrnn_levels[index].f32
    chosen_f64 = fastrnn_levels[index].f64


_bind(compiled_levels().index(level))
