"""The instruction set of the peers.

``FASTRNN_ISA`` chooses the instruction set of fastrnn. If it is set, the bench limits the peers to
the same one: a peer that uses AVX-512 says little about machines with AVX2. Some peers have no
setting for it, or only for a part of what they compute, as their `Peer.unlimited` says.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

__all__ = ["limits", "note"]

# Level -> what limits the peers to it: NumPy and its OpenBLAS (also SciPy's, which Numba calls),
# PyTorch with oneDNN and MKL, XLA, and Numba. Libraries read these variables when they are loaded.
# NumPy before version 2.4 has another name for each group of features; it ignores names that it
# does not know. SSE4 is the least that some of them can be limited to.
_AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
_LIMITS = {
    "avx2": {
        "NPY_DISABLE_CPU_FEATURES": _AVX512,
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx2,+fma",
    },
    "baseline": {
        "NPY_DISABLE_CPU_FEATURES": f"AVX2 FMA3 X86_V3 {_AVX512}",
        "OPENBLAS_CORETYPE": "Nehalem",
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "XLA_FLAGS": "--xla_cpu_max_isa=SSE4_2",
        "NUMBA_CPU_NAME": "nehalem",
        "NUMBA_CPU_FEATURES": "+sse4.2",
    },
}


def _here() -> Mapping[str, Mapping[str, str]]:
    return _LIMITS if platform.machine().lower() in ("x86_64", "amd64") else {}


def limits(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that limit the peers to the level of an environment's ``FASTRNN_ISA``.

    They replace what the environment has; XLA's flag is added to others.
    """
    wanted = dict(_here().get(environment.get("FASTRNN_ISA", ""), {}))
    if wanted:
        wanted["XLA_FLAGS"] = f"{environment.get('XLA_FLAGS', '')} {wanted['XLA_FLAGS']}".lstrip()
    return wanted


def note(level: str, unlimited: Iterable[str]) -> str:
    """Return a sentence about the instruction sets of a table that was made at a level.

    Parameters
    ----------
    level : str
        The value of ``FASTRNN_ISA``.
    unlimited : iterable of str
        `Peer.unlimited` of each peer.
    """
    if level not in _here():
        return f"fastrnn uses the instruction set {level}, and the other packages what they choose."
    without = "; ".join(text for text in unlimited if text)
    but = f", except {without}" if without else ""
    return f"All packages are limited to the instruction set {level}{but}."
