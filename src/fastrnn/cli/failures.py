"""How failures are reported: exit codes and messages."""

from __future__ import annotations

from fastrnn.cipher import errors

__all__ = ["FAILED", "INTERRUPTED", "line_of", "option"]

FAILED = 1
INTERRUPTED = 130


def line_of(error: BaseException) -> str:
    """Return the line that reports an error, with settings by the names of their options."""
    return errors.line_of(error, option)


def option(setting: str) -> str:
    """Return the option that sets a setting, an argument in Python."""
    return f"--{setting.replace('_', '-')}"
