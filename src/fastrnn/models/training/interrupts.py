"""Ctrl-C in a training: raised immediately, or after a change that must be completed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupts:
    """Delays the first Ctrl-C until the training can be saved.

    A second Ctrl-C, or one while the training can be saved, raises ``KeyboardInterrupt``
    immediately.  Outside the main thread, or if the program has its own handler, nothing is
    changed.

    Parameters
    ----------
    wanted : bool
        Whether a callback would save the training.
    is_open : callable
        Whether the training is in a consistent state.
    """

    def __init__(self, wanted: bool, is_open: Callable[[], bool]) -> None:
        self.active = wanted and threading.current_thread() is threading.main_thread()
        self._is_open = is_open
        self._before: Any = None
        self._seen = False

    def begin(self) -> None:
        """Install the handler."""
        if self.active:
            self._before = signal.getsignal(signal.SIGINT)
            self.active = self._before is signal.default_int_handler
        if self.active:
            signal.signal(signal.SIGINT, self._handle)

    def release(self) -> None:
        """Restore the previous handler."""
        if self.active:
            signal.signal(signal.SIGINT, self._before)
            self.active = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._seen or self._is_open():
            raise KeyboardInterrupt
        self._seen = True

    @property
    def seen(self) -> bool:
        """Whether a Ctrl-C was delayed."""
        return self._seen
