"""Writing to standard output."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write a line to standard output, whichever that is at this moment."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
