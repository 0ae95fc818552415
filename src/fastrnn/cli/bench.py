"""``fastrnn bench``: the speed table of this machine."""

from __future__ import annotations

import argparse
import sys

from fastrnn.benchmark.command import DESCRIPTION, add_arguments, check, run as measure

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent; its options belong to `fastrnn.benchmark`."""
    parser = commands.add_parser(
        "bench",
        help="measure fastrnn beside NumPy and every peer that is installed",
        description=DESCRIPTION,
    )
    add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure, and return the exit code."""
    check(arguments, arguments.parser)
    # The tables are made by processes of their own, which end at Ctrl-C without a word.
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "from fastrnn.cli import main; raise SystemExit(main())"
    )
    return measure(arguments, (sys.executable, "-c", start, "bench"))
