"""Atomic replacement of files: readers see the old or the new content, never a part."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

if sys.platform != "win32":  # there, an open file cannot be removed
    import fcntl

__all__ = [
    "append_to_file",
    "check_regular",
    "kind_of_file",
    "make_folder",
    "path_text",
    "remove_leftovers",
    "replace_file",
]

# Names of files while they are written.
_BEGIN, _END = ".fastrnn-", ".tmp"

Path = str | os.PathLike[str]
Content = bytes | Iterable[bytes | memoryview]


def path_text(argument: str, path: Path | bytes) -> str:
    """Return a path that a user gave as a string.

    Parameters
    ----------
    argument : str
        What errors call it.
    path : str, bytes or path-like

    Raises
    ------
    TypeError
        If it is none of these, such as the number of an open file.
    ValueError
        If it is empty, or holds a NUL character, which no path can.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(
            f"{argument} is of type {type(path).__name__}; it should be a path: str or pathlib.Path"
        ) from None
    if not text or "\0" in text:
        raise ValueError(f"{argument} is {text!r}; it should be the path of a file or folder")
    return text


def replace_file(path: Path, content: Content) -> None:
    """Write a file atomically: next to its destination, synced, then renamed.

    If the process ends or an error occurs, `path` holds the complete old or new file.  After the
    return, the new file survives a power failure.  Temporary files of writers that no longer run
    are removed.

    Parameters
    ----------
    path : str or path-like
        Its folder must exist.  A symbolic link is kept, and its target is written.  An existing
        file keeps its permissions; a new file gets those of the umask.
    content : bytes, or iterable of bytes or memoryview
        Pieces are written one by one, and need not be in memory together.

    Raises
    ------
    IsADirectoryError
        If `path` is a folder.
    PermissionError
        If the file or its folder may not be written to.
    OSError
        If `path` is a device, a pipe or a socket, or if the file cannot be written, such as on a
        full disk.  The error states what the file then contains.

    Notes
    -----
    A hard link is not followed: the other names of the file keep the old content.
    """
    # The target of a link, even if it does not exist.
    place = os.path.realpath(path)
    before = _file_there(path, place)
    folder = os.path.dirname(place)
    remove_leftovers(folder)
    try:
        with _locked_file(folder) as (file, beside):
            if before is not None:
                _take_rights(beside, before)
            for piece in (content,) if isinstance(content, bytes) else content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            os.replace(beside, place)
    except OSError as error:
        raise _explained(error, path, before is not None) from error
    try:
        _sync_folder(folder)
    except OSError as error:
        raise OSError(
            error.errno,
            f"{error.strerror}: the new file is written, but may not outlast a power cut",
            os.fspath(path),
        ) from error


def append_to_file(path: Path, content: bytes) -> None:
    """Append to a file; if that fails, nothing is appended.

    Parameters
    ----------
    path : str or path-like
        Created if it does not exist.
    content : bytes

    Raises
    ------
    OSError
        If it is not a regular file, or cannot be written; it is then unchanged.
    """
    check_regular(path, "written")
    with open(path, "ab", buffering=0) as file:
        before = file.tell()
        try:
            view = memoryview(content)
            while len(view):
                view = view[file.write(view) :]
        except BaseException as error:
            with suppress(OSError):
                file.truncate(before)
            if isinstance(error, OSError):
                raise _explained(error, path, True) from error
            raise


def _explained(error: OSError, path: Path, is_there: bool) -> OSError:
    """Return a write error that says that the old file is unchanged."""
    safe = "the file that was there is as it was" if is_there else "nothing was written"
    reason = error.strerror or str(error)
    return OSError(error.errno, f"{reason}: {safe}", os.fspath(path))


def _file_there(path: Path, place: str) -> os.stat_result | None:
    """Return the status of the file to replace; None if there is none."""
    check_regular(path, "written")
    try:
        found = os.stat(place)
    except FileNotFoundError:
        return None
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, "the file is write-protected", os.fspath(path))
    return found


def _take_rights(name: str, of: os.stat_result) -> None:
    """Give a new file the permissions and, if allowed, the owner of another."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(name, of.st_uid, of.st_gid)
    os.chmod(name, stat.S_IMODE(of.st_mode))


def check_regular(path: Path, done: str) -> None:
    """Raise ``OSError`` if `path` exists and is not a regular file; `done` is for the message."""
    try:
        kind = kind_of_file(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind == "folder":
        raise IsADirectoryError(errno.EISDIR, f"a folder cannot be {done} as a file", str(path))
    if kind != "file":
        raise OSError(errno.EINVAL, f"a {kind} cannot be {done} as a file", str(path))


def kind_of_file(mode: int) -> str:
    """Return "file", "folder", "device", "pipe" or "socket", by the mode of ``os.stat``."""
    kinds = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFIFO: "pipe"}
    kinds |= {stat.S_IFSOCK: "socket", stat.S_IFCHR: "device", stat.S_IFBLK: "device"}
    return kinds.get(stat.S_IFMT(mode), "special file")


@contextmanager
def _locked_file(folder: str) -> Iterator[tuple[BinaryIO, str]]:
    """Open a new file, locked while it is written, so that others see that it is in use."""
    while True:
        # Not tempfile, whose files only the owner can read, regardless of the umask.
        name = os.path.join(folder, f"{_BEGIN}{secrets.token_hex(8)}{_END}")
        with open(name, "xb") as file:
            if sys.platform != "win32":
                with suppress(OSError):  # some network file systems have no locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                # Between the two calls, another process may have removed it as a leftover.
                if not os.path.exists(name):
                    continue
            try:
                yield file, name
            except BaseException:
                with suppress(OSError):  # report the first error
                    os.unlink(name)
                with suppress(OSError):  # closing tries to write the buffer again
                    file.close()
                raise
            return


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents, and sync them.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    OSError
        If a folder cannot be created, or is a file.
    """
    path = os.path.abspath(path)
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent != path:
        make_folder(parent)
    with suppress(FileExistsError):  # another process was faster
        os.mkdir(path)
    if not os.path.isdir(path):
        raise NotADirectoryError(errno.ENOTDIR, "it is there and no folder", path)
    _sync_folder(parent)


def _sync_folder(folder: str) -> None:
    if os.name != "posix":  # other systems cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of killed processes from a folder.

    Files that running processes are writing are kept.

    Parameters
    ----------
    folder : str or path-like
        A folder that does not exist counts as empty.
    """
    with suppress(OSError):
        names = [n for n in os.listdir(folder) if n.startswith(_BEGIN) and n.endswith(_END)]
        for name in names:
            with suppress(OSError):
                _remove_unless_locked(os.path.join(folder, name))


def _remove_unless_locked(name: str) -> None:
    if sys.platform == "win32":
        os.unlink(name)
        return
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name)
    finally:
        os.close(descriptor)
