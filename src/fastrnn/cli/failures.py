"""What a failure looks like: the exit codes, and what to tell of an error."""

from __future__ import annotations

from fastrnn.cipher.errors import line_of

__all__ = ["FAILED", "INTERRUPTED", "line_of"]

FAILED = 1
INTERRUPTED = 130
