"""The console script ``fastrnn``, up to the import of the package.

It stands outside of the package because whatever lies in there imports all of it first, compiled
core included, and that import raises an error where the environment asks for what cannot be:
``FASTRNN_ISA`` or ``FASTRNN_NUM_THREADS`` with a wrong value.  A library should raise; a program
should say it in a line.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress

__all__ = ["main"]


def main() -> int:
    """Run the program; see :func:`fastrnn.cli.main`.

    Returns
    -------
    int
        Its exit code; 1 if fastrnn cannot be imported, after a line on standard error.
    """
    # An import that is interrupted anywhere has nothing to keep, and nothing to tell of where.
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from fastrnn.cli import main as run
    except ImportError as error:
        if os.environ.get("FASTRNN_TRACEBACK"):
            raise
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"fastrnn: {' '.join(str(error).split())}\n")
        return 1
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, handler)
    return run()
