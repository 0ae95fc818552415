"""How Ctrl-C ends the runs of a sweep, in threads, in processes and on other machines.

A file beside the runs says that the sweep goes on. Each job looks for it now and then, and when it
is gone keeps its run and ends: no signal reaches a thread or another machine, and a shared file
system is there anyway.
"""

from __future__ import annotations

import _thread
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic, sleep
from types import FrameType

from fastrnn.callbacks import Callback

__all__ = ["Stop", "Watch", "shielded"]

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
        self._handles = handles
        self._timer: threading.Timer | None = None

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let the file be there, and Ctrl-C be taken over, within the ``with`` block."""
        self.file.touch()
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
        with suppress(OSError):
            self.file.unlink()

    def renew(self) -> None:
        """End jobs that nobody waits for any more, and let others go on."""
        if self.stopped:
            raise KeyboardInterrupt
        before, self.file = self.file, self._named()
        self.file.touch()
        with suppress(OSError):
            before.unlink()
        sleep(2 * OFTEN)

    def _named(self) -> Path:
        return self._folder / f".sweep-{secrets.token_hex(8)}"

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
    """Ends a training, as Ctrl-C would, when nobody waits for it any more.

    Parameters
    ----------
    file : str
        Of `Stop`; gone when the sweep has ended.
    sweeper : int
        The process of the sweep. If it is the parent of this one, its death is noticed too.
    """

    def __init__(self, file: str, sweeper: int) -> None:
        self._file = file
        self._parent = sweeper if os.getppid() == sweeper else None
        self._next = 0.0

    def look(self) -> None:
        """Raise ``KeyboardInterrupt`` if nobody waits."""
        now = monotonic()
        if now >= self._next:
            self._next = now + OFTEN
            orphaned = self._parent is not None and os.getppid() != self._parent
            if orphaned or not os.path.exists(self._file):
                raise KeyboardInterrupt

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look, between two steps."""
        self.look()

    def on_test_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look in a validation, which changes nothing."""
        self.look()
