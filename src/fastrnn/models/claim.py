"""Exclusive use of a model by one thread; a second thread gets an error instead of waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Claim:
    """Exclusive use of a model by one thread.

    The thread that holds it may take it again, as a callback does that trains the model.

    Examples
    --------
    >>> claim = Claim()
    >>> with claim.taken("fit"):
    ...     pass
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def __reduce__(self) -> tuple[type[Claim], tuple[()]]:
        # A copy of a model can be used at the same time.
        return Claim, ()

    @contextmanager
    def taken(self, method: str) -> Iterator[None]:
        """Take the model in the ``with`` block.

        Raises
        ------
        RuntimeError
            If another thread holds it; the error names `method`.
        """
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(
                f"{method} was called while another thread uses the model.  Training, and all use "
                "of a model with stateful layers, is for one thread at a time: give each thread a "
                "copy, copy.deepcopy(model), or hold a lock of your own around the calls"
            )
        try:
            yield
        finally:
            self._lock.release()
