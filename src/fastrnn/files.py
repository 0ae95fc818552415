"""Files that are there whole: the old one or the new one, at every moment."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

__all__ = ["remove_leftovers", "replace_file"]

# What files are called while they are written.
_BEGIN, _END = ".fastrnn-", ".tmp"


def replace_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file beside its destination, sync it, and rename it over.

    Whatever ends the process or fails, `path` is then the file that was there before or the new
    one, whole.  After the return the new one outlasts a power cut.

    Parameters
    ----------
    path : str or path-like
        Its folder must exist.  The permissions are those of a new file, as the umask says.
    content : bytes

    Raises
    ------
    OSError
        If the file cannot be written, or the folder cannot be synced; nothing else is left there.
    """
    folder = os.path.dirname(os.path.abspath(path))
    # Not tempfile: its files are readable by their owner alone, whatever the umask says.
    beside = os.path.join(folder, f"{_BEGIN}{secrets.token_hex(8)}{_END}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what should be told
            os.unlink(beside)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove what processes left in a folder that were killed while they wrote to it.

    Parameters
    ----------
    folder : str or path-like
        No process may be writing to it.  One that does not exist is taken for empty.
    """
    with suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(_BEGIN) and name.endswith(_END):
                os.unlink(os.path.join(folder, name))
