"""The floating-point mode of the running thread.  Imports nothing of fastrnn."""

import ctypes
import ctypes.util
import platform
import sys

#: Where glibc's fenv_t keeps the control word of the vector unit, and which of its bits are flags
#: that any inexact sum sets.
_PLACES = {"x86_64": (28, 0x3F), "aarch64": (0, 0)}

READABLE = sys.platform.startswith("linux") and platform.machine() in _PLACES


def control_word():
    """Return how this thread rounds, traps and treats subnormals, as one number."""
    offset, flags = _PLACES[platform.machine()]
    environment = (ctypes.c_ubyte * 64)()
    if ctypes.CDLL(ctypes.util.find_library("m")).fegetenv(environment):
        raise OSError("fegetenv failed")
    return int.from_bytes(bytes(environment[offset : offset + 4]), sys.byteorder) & ~flags
