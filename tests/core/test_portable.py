"""The C core by itself: in plain C11, by every compiler that is here, for other systems too."""

import shutil
import subprocess
from pathlib import Path

import pytest

from fastrnn._core import kernels

HERE = Path(__file__).parent
CORE = HERE.parents[1] / "src" / "fastrnn" / "_core"

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not CORE.joinpath("simd").is_dir(), reason="the C sources are not here"),
]

#: Quick to compile: what counts here is that it is C, and right.
VECTORS = ["-std=gnu11", "-O0", "-ffp-contract=fast"]
#: No extension of the language is let pass.
PLAIN = ["-std=c11", "-O0", "-pedantic-errors", "-DFASTRNN_PLAIN"]
STRICT = ["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"]


def build(folder, compiler, flags, *, levels=("baseline",), link=("-pthread", "-lm")):
    """Compile and link the levels, the pool and levels.c; return the program."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not here")
    sources = [(CORE / f"simd/level_{level}.c", []) for level in levels]
    sources += [(CORE / "simd/dispatch.c", []), (HERE / "levels.c", [])]
    # threads are no part of the language
    jobs = [(source, [*flags, *STRICT, *more]) for source, more in sources]
    jobs.append((CORE / "pool/pool.c", ["-std=gnu11", "-O1", *STRICT]))
    objects = []
    for source, options in jobs:
        objects.append(folder / f"{source.stem}.o")
        command = [compiler, *options, f"-I{CORE}", f"-I{HERE}", "-c", source, "-o", objects[-1]]
        compiled = subprocess.run(command, capture_output=True, text=True, check=False)
        assert compiled.returncode == 0, compiled.stderr
    program = folder / "levels.exe"
    subprocess.run([compiler, *objects, "-o", program, *link], check=True)
    return program


def words_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_plain_c(tmp_path, compiler):
    program = build(tmp_path, compiler, PLAIN)
    assert words_of([program]) == ["ok", "threads=1", "baseline:8"]


PROCESSOR = r"""
#include <stdio.h>
#include "simd/kernels.h"
#define TABLES(level)                            \
    const fastrnn_kernels_f32 fastrnn_f32_##level; \
    const fastrnn_kernels_f64 fastrnn_f64_##level;
TABLES(baseline) TABLES(avx2) TABLES(avx512)
int main(void)
{
    for (int i = 0; i < fastrnn_level_count; i++)
        if (fastrnn_levels[i].supported())
            printf("%s ", fastrnn_levels[i].name);
    return 0;
}
"""


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_own_check_of_the_processor(tmp_path, compiler):
    """What clang-cl gets sees what the compiler's own check sees."""
    if "avx512" not in kernels.compiled_levels() or shutil.which(compiler) is None:
        pytest.skip("is about x86-64, and takes a compiler")
    (tmp_path / "processor.c").write_text(PROCESSOR)
    sources = [tmp_path / "processor.c", CORE / "simd/dispatch.c"]
    program = tmp_path / "processor"
    options = ["-DFASTRNN_CPUID", f"-I{CORE}", "-o", program]
    subprocess.run([compiler, *STRICT, *sources, *options], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert tuple(done.stdout.split()) == kernels.supported_levels()


def test_arm64(tmp_path):
    link = ("-static", "-pthread", "-lm")
    program = build(
        tmp_path, "aarch64-linux-gnu-gcc", VECTORS, levels=("baseline", "neon"), link=link
    )
    if shutil.which("qemu-aarch64") is None:
        pytest.skip("compiled and linked; there is no qemu-aarch64 to run it")
    assert words_of(["qemu-aarch64", program]) == ["ok", "threads=1", "baseline:8", "neon:16"]


def test_windows(tmp_path):
    """Whole, with its threads; it runs only where somebody starts it with Wine."""
    flags = [*VECTORS, "-DFASTRNN_PLAIN"]
    program = build(tmp_path, "x86_64-w64-mingw32-gcc", flags, link=("-static",))
    assert program.stat().st_size
