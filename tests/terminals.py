"""Programs in a terminal of some size, for what they show there and nowhere else."""

import os
import struct
import subprocess
import sys

import pytest

if os.name != "posix":
    pytest.skip("pseudo-terminals are POSIX's", allow_module_level=True)

import fcntl
import pty
import termios

from tests.patience import PATIENCE

PYTHON = [sys.executable]


def in_terminal(*words, columns=80, lines=24, stdin=None, stdout=None, cwd=None):
    """Run Python with these words in a terminal, and return its exit code and what it wrote there.

    Standard input and output can be files or pipes instead, with standard error still the terminal.
    """
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdin=there if stdin is None else stdin,
        stdout=there if stdout is None else stdout,
        stderr=there,
        env={**environment, "TERM": "xterm"},
        cwd=cwd,
    )
    os.close(there)
    text = b""
    try:
        while True:
            try:
                some = os.read(here, 65536)
            except OSError:  # how Linux says that the last writer has gone
                break
            if not some:
                break
            text += some
        return process.wait(PATIENCE), text.decode()
    finally:
        process.kill()
        process.wait()
        os.close(here)


def rows(text):
    """Return what stood in a row of the screen at some time, one after another."""
    return [row.rstrip() for line in text.split("\n") for row in line.split("\r")]
