"""The command line of the bench."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from difflib import get_close_matches

from fastrnn.benchmark.affinity import cores
from fastrnn.benchmark.levels import limits

# This module must not import NumPy: the number of threads and the instruction set are set in the
# environment of a new process, before NumPy and the peers are loaded there.

TABLES = ("fb", "lstm", "lengths", "inference", "training", "scaling")
DTYPES = ("float64", "float32")
PEERS = ("fastrnn", "numpy", "torch", "jax", "keras", "onnxruntime", "numba")
PROGRAM = (sys.executable, "-m", "fastrnn.benchmark")
DESCRIPTION = (
    "Measure the speed of fastrnn on this machine, beside the NumPy reference and every peer that "
    "is installed. Results are checked to be equal before anything is timed. What is being "
    "measured is said on standard error; the tables come on standard output."
)
_INSIDE = "FASTRNN_BENCH_THREADS"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the bench's options to a parser."""
    parser.add_argument(
        "--table",
        nargs="+",
        choices=TABLES,
        default=["fb", "lstm", "inference", "training"],
        metavar="TABLE",
        help=f"{', '.join(TABLES)} (default: fb lstm inference training)",
    )
    parser.add_argument(
        "--case", nargs="+", metavar="NAME", help="only these cases, such as notebook"
    )
    parser.add_argument(
        "--dtype",
        nargs="+",
        choices=DTYPES,
        default=list(DTYPES),
        metavar="TYPE",
        help="float64, float32 (default: both)",
    )
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=PEERS,
        metavar="PEER",
        help=f"{', '.join(PEERS)} (default: all that are installed)",
    )
    parser.add_argument(
        "--threads",
        nargs="+",
        type=int,
        metavar="N",
        help="a table for each number of threads (default: 1 and all cores)",
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="turns of every competitor (default: 7)"
    )
    parser.add_argument("--quick", action="store_true", help="short turns, to see that it works")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")


def _environment(threads: int) -> dict[str, str]:
    """Return an environment in which every competitor uses that many threads, and one level."""
    limited = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "FASTRNN_NUM_THREADS"),
        str(threads),
    )
    return {**os.environ, **limited, **limits(os.environ), _INSIDE: str(threads)}


def _arguments(options: argparse.Namespace) -> list[str]:
    """Return the command line of these options, without the number of threads."""
    words: list[str] = []
    for name in ("table", "case", "dtype", "peers"):
        if getattr(options, name):
            words += [f"--{name}", *getattr(options, name)]
    if options.rounds:
        words += ["--rounds", str(options.rounds)]
    return words + [f"--{name}" for name in ("quick", "markdown") if getattr(options, name)]


def run(options: argparse.Namespace, program: Sequence[str] = PROGRAM) -> int:
    """Measure and print, in one process for each number of threads.

    Parameters
    ----------
    options : argparse.Namespace
        The options that `add_arguments` defines.
    program : sequence of str
        The command that starts such a process, without the options of the bench.

    Returns
    -------
    int
        0, or 1 where a competitor's results were not equal or a process failed.
    """
    if _INSIDE in os.environ:
        from fastrnn.benchmark.report import report

        return report(options, int(os.environ[_INSIDE]))
    command = [*program, *_arguments(options)]
    wanted = options.threads or sorted({1, cores()})
    codes = [subprocess.call(command, env=_environment(threads)) for threads in wanted]
    return int(any(codes))


def main(argv: Sequence[str] | None = None, program: Sequence[str] = PROGRAM) -> int:
    """Read the command line and run the bench; `program` is as in `run`."""
    parser = argparse.ArgumentParser(
        prog="fastrnn bench",
        description=DESCRIPTION,
    )
    add_arguments(parser)
    options = parser.parse_args(argv)
    check(options, parser)
    return run(options, program)


def check(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Exit with a usage error if the value of an option is wrong."""
    for name in ("rounds", "threads"):
        given = getattr(options, name)
        least = min(given) if isinstance(given, list) else given
        if least is not None and least < 1:
            parser.error(f"--{name}: {least}, but it should be at least 1")
    if options.case:
        from fastrnn.benchmark.cases import NAMES  # which imports NumPy

        for name in options.case:
            if name not in NAMES:
                near = get_close_matches(name, NAMES, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                parser.error(f"--case: {name!r}, but it should be one of {', '.join(NAMES)}{hint}")
