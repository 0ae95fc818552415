"""``fastrnn info``: what runs here."""

from __future__ import annotations

import argparse

__all__ = ["add_parser"]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "info",
        help="show version, instruction sets, threads, NumPy",
        description="Print the version, the instruction set in use, those compiled in, the number "
        "of threads and the version of NumPy.",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what runs here, and return the exit code."""
    import fastrnn

    fastrnn.show_config()
    return 0
