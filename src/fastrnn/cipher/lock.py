"""A lock on a folder, held by one process at a time, and in it by one training or sweep.

The folder itself is locked, by ``flock``: that leaves no file behind, and the operating system
takes the lock away when the process ends, however it does. Where a folder cannot be locked, as on
Windows and some network file systems, a file in it says which process has it. One that was killed
leaves that file; on the same machine it is found out that the process is gone.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

from fastrnn.cipher.errors import HeldError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

__all__ = ["LOCK_FILE", "Lock", "is_locked", "locked_file"]

#: The file in a folder that cannot be locked.
LOCK_FILE = ".fastrnn-lock"

#: Seconds between two tries.
OFTEN = 0.05

_held: WeakSet[Lock] = WeakSet()


class Lock:
    """A folder that is locked, until `release` or the end of the process.

    Parameters
    ----------
    folder : Path
        It must exist.
    patience : float
        Seconds to wait for another holder to end.

    Raises
    ------
    HeldError
        Another process, or another training or sweep of this one, has the folder.
    OSError
        The folder cannot be opened.
    """

    def __init__(self, folder: Path, patience: float = 0.0) -> None:
        self._descriptor: int | None = None
        self._file: Path | None = None
        end = monotonic() + patience
        while not self._taken(folder):
            if monotonic() >= end:
                raise HeldError(
                    f"{folder}: another process is writing there{_owner(folder)}; wait until it "
                    "has ended, or give another directory with --out"
                )
            sleep(OFTEN)
        _held.add(self)

    def _taken(self, folder: Path) -> bool:
        if fcntl is not None:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            except OSError:
                os.close(descriptor)  # this file system cannot
            else:
                self._descriptor = descriptor
                return True
        file = folder / LOCK_FILE
        if not _made(file):
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Release the folder; does nothing if it is released already."""
        descriptor, self._descriptor = self._descriptor, None
        file, self._file = self._file, None
        if descriptor is not None:
            # Closing is not enough where a process was forked and has the descriptor, too.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)
        if file is not None:
            with suppress(OSError):
                file.unlink()

    def forget(self) -> None:
        """Leave the lock to the parent, in a process that was forked meanwhile."""
        descriptor, self._descriptor, self._file = self._descriptor, None, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.release()


def locked_file(file: Path) -> Lock | None:
    """Return a lock on a file that exists; None where files cannot be locked."""
    if fcntl is None:
        return None
    lock = Lock.__new__(Lock)
    lock._descriptor, lock._file = os.open(file, os.O_RDONLY), None
    try:
        fcntl.flock(lock._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.forget()
        return None
    _held.add(lock)
    return lock


def is_locked(file: Path) -> bool | None:
    """Return whether a process holds a lock on a file; None where that cannot be told."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        return False
    finally:
        os.close(descriptor)


def _made(file: Path) -> bool:
    """Make the file that names the owner of its folder, and return whether that succeeded."""
    # On Windows the system removes it with the process.
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_TEMPORARY", 0)
    for _ in range(2):
        try:
            descriptor = os.open(file, flags, 0o666)
        except FileExistsError:
            text = _text(file)
            if text is None or _lives(text):
                return False
            # One of the processes that find the owner gone moves the file away.
            aside = file.with_name(f"{file.name}-{secrets.token_hex(8)}")
            with suppress(OSError):
                os.rename(file, aside)
                if _text(aside) != text:  # another process was faster and holds the folder now
                    os.link(aside, file)
                os.unlink(aside)
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(_self())
        return True
    return False


def _self() -> str:
    return f"{os.getpid()} {_started(os.getpid())} {socket.gethostname()}"


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _lives(text: str) -> bool:
    """Return whether the process lives that wrote `text`; True where that cannot be told."""
    process, started, host = (*text.split(" ", 2), "", "")[:3]
    if host != socket.gethostname() or not process.isdecimal() or os.name != "posix":
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    # Another process may have been given the number since.
    return _started(int(process)) == started


def _started(process: int) -> str:
    """Return when a process was started, in the system's own words; "-" where it has none."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
        return fields.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"


def _owner(folder: Path) -> str:
    """Return the process that owns a folder, for a message, where it is known."""
    text = _text(folder / LOCK_FILE)
    if text is None:
        return ""
    process, _, host = (*text.split(" ", 2), "", "")[:3]
    return f" (number {process} on {host}; if it is gone, remove {LOCK_FILE})"


def _forget_all() -> None:
    for lock in list(_held):
        lock.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
