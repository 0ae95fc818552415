"""The console script ``fastrnn``, up to the import of the package.

It stands outside of the package because whatever lies in there imports all of it first, compiled
core included, and that import raises an error where the environment asks for what cannot be:
``FASTRNN_ISA`` or ``FASTRNN_NUM_THREADS`` with a wrong value.  A library should raise; a program
should say it in a line.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> int:
    """Run the program; see :func:`fastrnn.cli.main`.

    Returns
    -------
    int
        Its exit code; 1 if fastrnn cannot be imported, after a line on standard error.
    """
    try:
        from fastrnn.cli import main as run
    except ImportError as error:
        if os.environ.get("FASTRNN_TRACEBACK"):
            raise
        print("fastrnn:", *str(error).split(), file=sys.stderr)
        return 1
    return run()
