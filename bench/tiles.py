"""How fast the product kernel is for tiles, slices and resident weights of other sizes.

    python bench/tiles.py --level avx512 --rows 8 10 12 --slice 16 64 --staying 256 512

Compiles the kernels once for each choice with the flags of the build, and prints Gflop/s of the
products of recurrent layers, the best of some turns, in CPU time: other processes on the machine
take none of it, though they do take cache. Choices take turns. None changes a bit of a result.
"""

import argparse
import itertools
import subprocess
import tempfile
from pathlib import Path

SIMD = Path(__file__).parents[1] / "src" / "fastrnn" / "_core" / "simd"
FLAGS = ["-O3", "-std=gnu11", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-w"]
AVX2 = ["-mavx2", "-mfma"]
#: Flags, bytes of a vector, rows of a tile.
LEVELS = {
    "baseline": ([], 16, 6),  # of x86-64
    "neon": ([], 16, 12),
    "avx2": (AVX2, 32, 6),
    "avx512": ([*AVX2, *(f"-mavx512{part}" for part in ("f", "vl", "dq", "bw"))], 64, 12),
}
#: Rows, columns, depth: a step forward and back of an LSTM of 64, 128 and 512 units, and a stream.
SHAPES = [
    (32, 256, 64),
    (32, 64, 256),
    (64, 512, 128),
    (64, 128, 512),
    (128, 2048, 512),
    (128, 512, 2048),
    (1, 256, 64),
]
PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "level.h"
#define OF_TYPE(name) PASTE(name, TYPE)
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}
static ELEMENT *numbers(size_t n)
{
    ELEMENT *p = aligned_alloc(64, (n * sizeof *p + 64) & ~(size_t)63);
    for (size_t i = 0; i < n; i++)
        p[i] = (ELEMENT)(i * 2654435761u % 1000) / 1000 - (ELEMENT)0.5;
    return p;
}
int main(int count, char **words)
{
    for (int i = 1; i + 2 < count; i += 3) {
        const ptrdiff_t m = atol(words[i]), n = atol(words[i + 1]), k = atol(words[i + 2]);
        const ptrdiff_t steps = 10, repeats = 1 + 20000000 / (m * n * k * steps);
        const ptrdiff_t width = OF_TYPE(panel_width)(m);
        ELEMENT *a = numbers(m * k * steps), *w = numbers(n * k), *c = numbers(m * n * steps);
        double best = 1e9;
        for (int turn = 0; turn < 6; turn++) {
            const double start = now();
            for (ptrdiff_t r = 0; r < repeats; r++)
                for (ptrdiff_t t = 0; t < steps; t++) /* a and c move on, as in a sequence */
                    OF_TYPE(product)(m, n, k, a + t * m * k, k, w, width, c + t * m * n, n,
                                     FASTRNN_FROM_ZERO, NULL);
            const double time = (now() - start) / (repeats * steps);
            best = time < best ? time : best;
        }
        printf("%.1f ", 2e-9 * m * n * k / best);
        free(a), free(w), free(c);
    }
    return 0;
}
"""


def main() -> None:
    """Compile every choice, let them take turns, and print the best of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", choices=LEVELS, default="avx512")
    parser.add_argument("--type", choices=["f32", "f64"], default="f32")
    parser.add_argument("--rows", type=int, nargs="*", help="of a tile, at most 12")
    parser.add_argument("--slice", type=int, nargs="*", default=[64], help="KiB")
    parser.add_argument("--staying", type=int, nargs="*", default=[512], help="KiB")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--compiler", default="cc")
    options = parser.parse_args()
    flags, vector_bytes, rows = LEVELS[options.level]
    choices = list(itertools.product(options.rows or [rows], options.slice, options.staying))
    arguments = [str(size) for shape in SHAPES for size in shape]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "tiles.c")
        source.write_text(PROGRAM)
        best = {}
        for number, (tall, slice_, staying) in enumerate(choices):
            defined = {
                "LEVEL": "measured",
                "VBYTES": vector_bytes,
                "TILE_ROWS": tall,
                "SLICE_BYTES": slice_ * 1024,
                "STAYING_BYTES": staying * 1024,
                "TYPE": f"_{options.type}",
                "ELEMENT": "float" if options.type == "f32" else "double",
            }
            given = [f"-D{name}={value}" for name, value in defined.items()]
            command = [options.compiler, *FLAGS, *flags, *given, f"-I{SIMD}", str(source), "-lm"]
            subprocess.run([*command, "-o", str(Path(folder, str(number)))], check=True)
        for _ in range(options.turns):
            for number, choice in enumerate(choices):
                command = [str(Path(folder, str(number))), *arguments]
                words = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                speeds = [float(word) for word in words.split()]
                best[choice] = [*map(max, best.get(choice, speeds), speeds)]
    print("rows slice staying", *("x".join(map(str, shape)) for shape in SHAPES), sep="  ")
    for choice, speeds in best.items():
        print(*choice, *(f"{speed:.0f}" for speed in speeds), sep="  ")


if __name__ == "__main__":
    main()
