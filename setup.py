"""Build of the compiled core: one static library an instruction-set level, and the Cython modules.

Environment:
  FASTRNN_DEBUG=1                bounds checks and assertions on, optimization off
  FASTRNN_SANITIZE=address,undefined   build with these sanitizers of the compiler
"""

import os
import platform
import sys
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup

CORE = Path("src/fastrnn/_core")
DEBUG = os.environ.get("FASTRNN_DEBUG", "0") not in ("", "0")
SANITIZE = os.environ.get("FASTRNN_SANITIZE", "")

#: Flags of each level, beside the plain ones; a level of another architecture is left out.
LEVELS = {"level_baseline": []}
if platform.machine().lower() in ("x86_64", "amd64"):
    LEVELS["level_avx2"] = ["-mavx2", "-mfma"]
    LEVELS["level_avx512"] = [f"-mavx512{part}" for part in ("f", "vl", "dq", "bw")]
    LEVELS["level_avx512"] += LEVELS["level_avx2"]


#: What is built with the headers of NumPy 2 runs with the oldest NumPy that pyproject.toml allows.
NUMPY_API = [
    ("NPY_NO_DEPRECATED_API", "NPY_1_22_API_VERSION"),
    ("NPY_TARGET_VERSION", "NPY_1_22_API_VERSION"),
]

flags = ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-g0"]
flags += ["-O1", "-UNDEBUG"] if DEBUG else ["-O3"]
link = ["-Wl,-s"] if sys.platform == "linux" and not DEBUG and not SANITIZE else []
if SANITIZE:
    flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    link += [f"-fsanitize={SANITIZE}"]
threads = ["-pthread"] if os.name == "posix" else []

headers = [str(path) for path in CORE.rglob("*.h")]
libraries = [
    (
        f"fastrnn_{name}",
        {
            "sources": [str(CORE / f"simd/{name}.c")],
            "cflags": [*flags, "-fPIC", *level_flags],
            "obj_deps": {"": headers},
        },
    )
    for name, level_flags in {**LEVELS, "dispatch": []}.items()
]

#: What a module is built with beside its own code. The kernels stand in one module only, which
#: chooses their level and gives the others the table.
SOURCES = {"threads": [str(CORE / "pool/pool.c")]}
LIBRARIES = {"kernels": [name for name, _ in reversed(libraries)]}

extensions = [
    Extension(
        f"fastrnn._core.{path.stem}",
        [str(path), *SOURCES.get(path.stem, [])],
        include_dirs=[str(CORE), numpy.get_include()],
        define_macros=NUMPY_API,
        libraries=LIBRARIES.get(path.stem, []),
        # -O3 is for kernels: here it makes what Cython brings along larger, and nothing faster
        extra_compile_args=[*flags, *([] if DEBUG else ["-O2"]), *threads],
        extra_link_args=[*link, *threads],
        depends=headers,
    )
    for path in sorted(CORE.glob("*.pyx"))
]

#: Where the modules have in common what Cython needs for memoryviews: a megabyte less on disk.
SHARED = "fastrnn._core.shared"
extensions.append(
    Extension(
        SHARED,
        [str(CORE / "shared.c")],
        extra_compile_args=[*flags, *threads],
        extra_link_args=[*link, *threads],
    )
)

setup(
    # one compiler a processor: the modules do not depend on each other
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
    libraries=libraries,
    ext_modules=cythonize(
        extensions,
        shared_utility_qualified_name=SHARED,
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
