"""Writing to standard output."""

from __future__ import annotations

from fastrnn.terminal import write_line


def say(text: str) -> None:
    """Write a line to the current standard output, if there is one."""
    write_line(text)
