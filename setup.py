"""Build of the compiled core: one static library an instruction-set level, and the Cython modules.

Environment:
  FASTRNN_DEBUG=1                bounds checks and assertions on, optimization off
  FASTRNN_SANITIZE=address,undefined   build with these sanitizers of the compiler
  FASTRNN_OPENMP=0               one thread only, as on a compiler without OpenMP
"""

import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
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


def compiles(flag: str) -> bool:
    """Return whether the compiler takes `flag` and links with it."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "try.c")
        source.write_text("int main(void) { return 0; }\n")
        command = [*compiler, flag, str(source), "-o", str(Path(folder, "try"))]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False


flags = ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-g0"]
flags += ["-O1", "-UNDEBUG"] if DEBUG else ["-O3"]
link = ["-Wl,-s"] if sys.platform == "linux" and not DEBUG and not SANITIZE else []
if SANITIZE:
    flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    link += [f"-fsanitize={SANITIZE}"]
openmp = ["-fopenmp"] if os.environ.get("FASTRNN_OPENMP", "1") != "0" and compiles("-fopenmp") else []

headers = [str(path) for path in (CORE / "simd").glob("*.h")]
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
        [str(path)],
        include_dirs=[str(CORE)],
        # only the module that chooses the level needs the kernels themselves; the others get the table from it
        libraries=["fastrnn_dispatch", *(f"fastrnn_{level}" for level in LEVELS)] if path.stem == "kernels" else [],
        extra_compile_args=[*flags, *openmp],
        extra_link_args=[*link, *openmp],
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
