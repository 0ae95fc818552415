"""How far the runs of a sweep are, for someone at a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from fastrnn.terminal import Status

__all__ = ["Watch"]

#: Seconds between two looks at the directories.
PAUSE = 1.0


class Watch:
    """Shows on standard error how many epochs of all runs are done, while the ``with`` block runs.

    The runs may be on other machines; what they have in common is the directory, so their histories
    are read there. Nothing is shown where standard error is no terminal.

    Parameters
    ----------
    paths : sequence of Path
        The directories of the runs, which need not exist yet.
    epochs : int
        How many epochs they have in all.
    """

    def __init__(self, paths: Sequence[Path], epochs: int) -> None:
        self._paths, self._epochs = paths, epochs
        self._status = Status()
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._show, name="watch", daemon=True)
        self._began = time.monotonic()

    def done(self) -> int:
        """Return how many epochs the histories have in all."""
        return sum(map(_epochs_in, self._paths))

    def quietly(self, write: Callable[[], object]) -> None:
        """Call a function that prints, with the line on standard error gone for the moment."""
        with self._lock:
            self._status.clear()
            write()

    def _show(self) -> None:
        while not self._ends.is_set():
            seconds = int(time.monotonic() - self._began)
            text = f"epochs done: {self.done()} of {self._epochs}, after {seconds} s"
            with self._lock:
                if not self._ends.is_set():
                    self._status.say(text)
            self._ends.wait(PAUSE)

    def __enter__(self) -> Watch:  # noqa: PYI034  Self is newer than Python 3.10
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join()
        self._status.clear()


def _epochs_in(path: Path) -> int:
    """Return how many rows a history has; none where it cannot be read at this moment."""
    with suppress(OSError):
        return max(0, (path / "history.csv").read_bytes().count(b"\n") - 1)
    return 0
