"""The program ``fastrnn``: ``program`` is the way in, then a file for each subcommand."""

from fastrnn.cli.program import main

__all__ = ["main"]
