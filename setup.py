"""Build of the compiled core: one static library an instruction-set level, and the Cython modules.

Environment:
  FASTRNN_DEBUG=1                bounds checks and assertions on, optimization off
  FASTRNN_SANITIZE=address,undefined   build with these sanitizers of the compiler
  FASTRNN_PLAIN=1                the level `baseline` alone, in plain C11, without vector extensions
"""

import os
import shutil
import sysconfig
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext

CORE = Path("src/fastrnn/_core")
SANITIZE = os.environ.get("FASTRNN_SANITIZE", "")


def is_set(name):
    """Tell whether a switch in the environment is on."""
    return os.environ.get(name, "0") not in ("", "0")


DEBUG, PLAIN = is_set("FASTRNN_DEBUG"), is_set("FASTRNN_PLAIN")

#: What is built for, such as linux-x86_64, macosx-11.0-arm64 or win-amd64; not what builds.
TARGET = sysconfig.get_platform()
IS_MAC = TARGET.startswith("macosx")

#: Flags of each level, beside the plain ones. A level of another architecture compiles to nothing.
AVX2 = ["-mavx2", "-mfma"]
LEVELS = {
    "level_baseline": [],
    "level_neon": [],
    "level_avx2": AVX2,
    "level_avx512": [*(f"-mavx512{part}" for part in ("f", "vl", "dq", "bw")), *AVX2],
}
if IS_MAC:
    # one call of the compiler may make code for both architectures
    LEVELS = {
        name: [word for flag in of_level for word in ("-Xarch_x86_64", flag)]
        for name, of_level in LEVELS.items()
    }
elif not TARGET.endswith(("x86_64", "amd64")):
    LEVELS = {name: [] for name in LEVELS}

#: What is built with the headers of NumPy 2 runs with the oldest NumPy that pyproject.toml allows.
MACROS = [
    ("NPY_NO_DEPRECATED_API", "NPY_1_22_API_VERSION"),
    ("NPY_TARGET_VERSION", "NPY_1_22_API_VERSION"),
]
if PLAIN:
    LEVELS = {"level_baseline": []}
    MACROS += [("FASTRNN_PLAIN", "1")]


def gnu_flags(kernel):
    """Return what GCC and Clang take; -O3 is for kernels, elsewhere it only makes code larger."""
    flags = ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-g0"]
    flags += ["-O1", "-UNDEBUG"] if DEBUG else ["-O3" if kernel else "-O2"]
    if os.name == "posix":
        flags += ["-fPIC", "-pthread"]
    if IS_MAC:
        flags += ["-Wno-unused-command-line-argument"]  # those of the other architecture
    if SANITIZE:
        flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer", "-g"]
    return flags


def clang_cl_flags(kernel):
    """Return what clang-cl takes for the same: Clang's own flags behind /clang:."""
    flags = ["-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"]
    flags += ["-O1", "-UNDEBUG"] if DEBUG else ["-O3" if kernel else "-O2"]
    return [f"/clang:{flag}" for flag in flags]


def microsoft_flags(kernel):
    """Return what Microsoft's compiler takes, which makes the level `baseline` alone."""
    return ["/std:c11", "/Od" if DEBUG else "/O2", "/wd4068"]


def toolchain(compiler):
    """Return the flags of a compiler, as a function, and whether it makes all levels."""
    if compiler.compiler_type != "msvc":
        return gnu_flags, True
    # Microsoft's compiler has no vector extensions; clang-cl has, and takes its arguments.
    clang_cl = shutil.which("clang-cl") or shutil.which(
        "clang-cl", path=os.path.join(os.environ.get("PROGRAMFILES", ""), "LLVM", "bin")
    )
    if clang_cl is None or PLAIN:
        return microsoft_flags, False
    if not compiler.initialized:
        compiler.initialize()
    compiler.cc = clang_cl
    return clang_cl_flags, True


class BuildLevels(build_clib):
    """Build the levels that the compiler can make, with its flags."""

    def build_libraries(self, libraries):
        """Compile each with the flags of its level."""
        flags, has_levels = toolchain(self.compiler)
        for name, info in libraries:
            level = LEVELS.get(name.removeprefix("fastrnn_"), []) if has_levels else []
            if level and self.compiler.compiler_type == "mingw32":
                # GCC does not align the stack of Windows to wide vectors (its bug 54412)
                level = [*level, "-Wa,-muse-unaligned-vector-move"]
            info["cflags"] = [*flags(kernel=True), *level]
        super().build_libraries(libraries)


class BuildModules(build_ext):
    """Build the Cython modules with the flags of the compiler."""

    def build_extensions(self):
        """Compile and link all."""
        flags, _ = toolchain(self.compiler)
        is_gnu = self.compiler.compiler_type != "msvc"
        for extension in self.extensions:
            extension.extra_compile_args = flags(kernel=False)
            extension.extra_link_args = ["-pthread"] if is_gnu and os.name == "posix" else []
            if SANITIZE:
                extension.extra_link_args += [f"-fsanitize={SANITIZE}"]
            elif TARGET.startswith("linux") and not DEBUG:
                # no symbols, and code and constants without a page of padding between them
                extension.extra_link_args += ["-Wl,-s", "-Wl,-z,noseparate-code"]
        super().build_extensions()


headers = [str(path) for path in CORE.rglob("*.h")]
libraries = [
    (
        f"fastrnn_{name}",
        {
            "sources": [str(CORE / f"simd/{name}.c")],
            "macros": MACROS,
            "obj_deps": {"": headers},
        },
    )
    for name in (*LEVELS, "dispatch")
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
        define_macros=MACROS,
        libraries=LIBRARIES.get(path.stem, []),
        depends=headers,
    )
    for path in sorted(CORE.glob("*.pyx"))
]

#: Where the modules have in common what Cython needs for memoryviews: a megabyte less on disk.
SHARED = "fastrnn._core.shared"
extensions.append(Extension(SHARED, [str(CORE / "shared.c")]))

setup(
    cmdclass={"build_clib": BuildLevels, "build_ext": BuildModules},
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
            # whatever modules have in common is guarded or set at import: docs/threads.md
            "freethreading_compatible": True,
        },
    ),
)
