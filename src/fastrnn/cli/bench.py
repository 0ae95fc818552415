"""``fastrnn bench``: the speed table of this machine."""

from __future__ import annotations

import argparse
import sys

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent; its options belong to `fastrnn.benchmark`."""
    parser = commands.add_parser(
        "bench",
        add_help=False,
        help="the speed table of this machine, against the reference and every peer installed",
    )
    parser.set_defaults(run=run, takes_rest=True)


def run(arguments: argparse.Namespace) -> int:
    """Hand the rest of the command line to the bench, and return its exit code."""
    from fastrnn.benchmark import main

    # The tables are made by processes of their own, which end at Ctrl-C without a word.
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "from fastrnn.cli import main; raise SystemExit(main())"
    )
    return main(arguments.rest, (sys.executable, "-c", start, "bench"))
