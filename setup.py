"""Build of the compiled core: one static library an instruction-set level, and the Cython modules.

Environment:
  FASTRNN_DEBUG=1                bounds checks and assertions on, optimization off
  FASTRNN_SANITIZE=address,undefined   build with these sanitizers of the compiler
"""

import os
import platform
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

CORE = Path("src/fastrnn/_core")
DEBUG = os.environ.get("FASTRNN_DEBUG", "0") not in ("", "0")
SANITIZE = os.environ.get("FASTRNN_SANITIZE", "")

#: Flags of each level, beside the plain ones; a level of another architecture is left out.
LEVELS = {"baseline": []}
if platform.machine().lower() in ("x86_64", "amd64"):
    LEVELS["avx2"] = ["-mavx2", "-mfma"]
    LEVELS["avx512"] = ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma"]


flags = ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-g0"]
flags += ["-O1", "-UNDEBUG"] if DEBUG else ["-O3"]
link = ["-Wl,-s"] if sys.platform == "linux" and not DEBUG and not SANITIZE else []
if SANITIZE:
    flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    link += [f"-fsanitize={SANITIZE}"]
threads = ["-pthread"] if os.name == "posix" else []

headers = [str(path) for path in CORE.glob("*/*.h")]
libraries = [
    (
        f"fastrnn_{level}",
        {
            "sources": [str(CORE / f"simd/level_{level}.c")],
            "cflags": [*flags, "-fPIC", *level_flags],
            "obj_deps": {"": headers},
        },
    )
    for level, level_flags in LEVELS.items()
]
libraries.append(
    ("fastrnn_dispatch", {"sources": [str(CORE / "simd/dispatch.c")], "cflags": [*flags, "-fPIC"], "obj_deps": {"": headers}})
)

extensions = [
    Extension(
        f"fastrnn._core.{path.stem}",
        [str(path), *([str(CORE / "pool/pool.c")] if path.stem == "threads" else [])],
        include_dirs=[str(CORE)],
        # only the module that chooses the level needs the kernels themselves; the others get the table from it
        libraries=["fastrnn_dispatch", *(f"fastrnn_{level}" for level in LEVELS)] if path.stem == "kernels" else [],
        extra_compile_args=[*flags, *threads],
        extra_link_args=[*link, *threads],
        depends=headers,
    )
    for path in sorted(CORE.glob("*.pyx"))
]

setup(
    libraries=libraries,
    ext_modules=cythonize(
        extensions,
        compiler_directives={
            "language_level": 3,
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": True,
            "embedsignature": True,
        },
    ),
)
