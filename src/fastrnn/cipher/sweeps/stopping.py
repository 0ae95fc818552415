"""How Ctrl-C ends the runs of a sweep, in threads, in processes and on other machines.

A file beside the runs says that the sweep goes on. Each job looks for it now and then, and when it
is gone keeps its run and ends: no signal reaches a thread or another machine, and a shared file
system is there anyway.

A sweep that is killed leaves its file behind. A job notices that all the same: its parent is now
another process, or, on the same machine, the lock that the sweep had on the file is free. It then
removes the file. A worker that the sweep has started ends altogether; the workers of a cluster are
not the sweep's, and only its jobs end there.
"""

from __future__ import annotations

import _thread
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic, sleep
from types import FrameType

from fastrnn.callbacks import Callback
from fastrnn.cipher.lock import Lock, is_locked, locked_file

__all__ = ["PREFIX", "Stop", "Watch", "end_with_parent", "shielded"]

#: What the name of the file begins with.
PREFIX = ".sweep-"

#: Seconds that the jobs have to keep their runs after Ctrl-C; then they are ended as they are.
GRACE = 4.0

#: Seconds between looks at the file.
OFTEN = 0.25


class Stop:
    """The file, and the first Ctrl-C, which removes it.

    A second one, or the first after `GRACE`, raises ``KeyboardInterrupt`` where the main thread is.
    Outside of the main thread, or where the program has a handler of its own, Ctrl-C is left alone.

    Parameters
    ----------
    folder : Path
        Where to put the file.
    handles : bool
        Whether to take over Ctrl-C. Not where the runs are in the main thread: the training then
        knows better when it can be kept.
    """

    def __init__(self, folder: Path, handles: bool) -> None:
        self._folder = folder
        self.file = self._named()
        self.stopped = False
        self._lock: Lock | None = None
        self._handles = handles
        self._timer: threading.Timer | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let the file be there, and Ctrl-C be taken over, within the ``with`` block."""
        self._make()
        handles = (
            self._handles
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if handles:
            signal.signal(signal.SIGINT, self._handle)
        try:
            yield
        finally:
            if handles:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            if self._timer is not None:
                self._timer.cancel()
            self.stop()

    def stop(self) -> None:
        """Tell the jobs to end."""
        self.stopped = True
        self._remove(self.file)

    def renew(self) -> None:
        """End jobs whose sweep has stopped, and leave others running."""
        if self.stopped:
            raise KeyboardInterrupt
        before, self.file = self.file, self._named()
        self._remove(before)
        self._make()
        sleep(2 * OFTEN)

    def _named(self) -> Path:
        return self._folder / f"{PREFIX}{secrets.token_hex(8)}"

    def _make(self) -> None:
        """Write the file, which says on what machine it is locked, if it is."""
        self.file.touch()
        self._lock = locked_file(self.file)
        if self._lock is not None:
            self.file.write_text(socket.gethostname(), encoding="utf-8")

    def _remove(self, file: Path) -> None:
        with suppress(OSError):
            file.unlink()
        if self._lock is not None:
            self._lock.release()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stop()
        self._timer = threading.Timer(GRACE, _thread.interrupt_main)
        self._timer.daemon = True
        self._timer.start()


@contextmanager
def shielded() -> Iterator[None]:
    """Let the processes that start in the ``with`` block know nothing of Ctrl-C.

    A terminal sends it to all of them at once, and those that have nothing to do would end with
    the traceback of wherever they are. A process inherits what is blocked.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It would be started with the first of them, and unblock the signal here.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Watch(Callback):
    """Ends a training, as Ctrl-C would, when its sweep has stopped.

    Parameters
    ----------
    file : str
        Of `Stop`; gone when the sweep has ended.
    parent : int or None
        The process of the sweep, where it has started this one.
    """

    def __init__(self, file: str, parent: int | None = None) -> None:
        self._file = Path(file)
        self._parent = parent
        self._next = 0.0
        try:
            # In the sweep's own process the lock would be seen, too, but it cannot be an orphan.
            self._is_locked_here = self._file.read_text(encoding="utf-8") == socket.gethostname()
        except (OSError, ValueError):
            self._is_locked_here = False

    def look(self) -> None:
        """Raise ``KeyboardInterrupt`` if the sweep has stopped."""
        now = monotonic()
        if now >= self._next:
            self._next = now + OFTEN
            if self.is_orphaned:
                with suppress(OSError):
                    self._file.unlink()
            if not self._file.exists():
                raise KeyboardInterrupt

    @property
    def is_orphaned(self) -> bool:
        """Whether the process of the sweep is gone."""
        if self._parent is not None:
            return os.getppid() != self._parent
        return self._is_locked_here and is_locked(self._file) is False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look, between two steps."""
        self.look()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look in a validation, which changes nothing."""
        self.look()


_parents: set[int] = set()
_lock = threading.Lock()


def end_with_parent(parent: int, wait: Callable[[float], None]) -> None:
    """End this process, a worker of a sweep, soon after the sweep has died; returns at once.

    Parameters
    ----------
    parent : int
        The process of the sweep.
    wait : callable
        Takes a number of seconds, and returns when no run is at work, or after that time.
    """
    with _lock:
        if parent in _parents:
            return
        _parents.add(parent)

    def look() -> None:
        while os.getppid() == parent:
            sleep(OFTEN)
        wait(GRACE)
        os._exit(1)

    threading.Thread(target=look, daemon=True, name="fastrnn-orphan").start()
