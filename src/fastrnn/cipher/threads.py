"""Whether a number of threads can be used."""

from __future__ import annotations

import os

from fastrnn._core import thread_count as threads
from fastrnn.cipher.errors import SettingsError, brief

__all__ = ["check_threads"]


def check_threads(number: int) -> None:
    """Check a number of threads, and leave the one in use as it is.

    Parameters
    ----------
    number : int
        Of threads.

    Raises
    ------
    SettingsError
        So many cannot be used; the message says how many can.
    """
    before = threads.get_num_threads()
    try:
        threads.use_for_now(number)
    except ValueError as error:
        _, _, possible = str(error).partition("expected ")
        raise SettingsError(
            f"{brief(number)}, but it should be {possible or 'at least 1'}; "
            f"this machine has {os.cpu_count()} processors",
            ("threads",),
        ) from None
    threads.use_for_now(before)
