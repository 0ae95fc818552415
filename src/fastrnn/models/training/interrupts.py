"""Ctrl-C in a training: raised at once, or after a change that must be complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupts:
    """Delays a first Ctrl-C until the training can be saved.

    A second one, or one at such a moment, raises ``KeyboardInterrupt`` where it comes.  Outside of
    the main thread, or where the program has a handler of its own, nothing is changed.

    Parameters
    ----------
    wanted : bool
        Whether there is anybody who would save the training.
    is_open : callable
        Whether nothing is half done at this moment.
    """

    def __init__(self, wanted: bool, is_open: Callable[[], bool]) -> None:
        self.active = wanted and threading.current_thread() is threading.main_thread()
        self._is_open = is_open
        self._before: Any = None
        self._seen = False

    def begin(self) -> None:
        """Take over Ctrl-C."""
        if self.active:
            self._before = signal.getsignal(signal.SIGINT)
            self.active = self._before is signal.default_int_handler
        if self.active:
            signal.signal(signal.SIGINT, self._handle)

    def release(self) -> None:
        """Restore the handler of Ctrl-C."""
        if self.active:
            signal.signal(signal.SIGINT, self._before)
            self.active = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._seen or self._is_open():
            raise KeyboardInterrupt
        self._seen = True

    @property
    def seen(self) -> bool:
        """Whether a Ctrl-C was put off."""
        return self._seen
