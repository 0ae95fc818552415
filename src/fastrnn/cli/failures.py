"""What a failure looks like: the exit codes, and what to tell of an error."""

from __future__ import annotations

from fastrnn.distributed import DistributedError

__all__ = ["FAILED", "INTERRUPTED", "line_of"]

FAILED = 1
INTERRUPTED = 130


def line_of(error: BaseException) -> str:
    """Return what to tell of an error, in one line."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the name and permissions"
    if isinstance(error, MemoryError):
        return "out of memory; try fewer units, a smaller batch size or fewer sentences"
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, OSError, ImportError, DistributedError)) and text:
        return text
    return (
        f"{type(error).__name__}: {text}; this should not happen, please report it "
        "(FASTRNN_TRACEBACK=1 in the environment shows where it comes from)"
    )
