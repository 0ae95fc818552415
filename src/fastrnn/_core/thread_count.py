"""How many threads a call uses, from the program, its environment and the machine."""

from __future__ import annotations

import os
from operator import index
from typing import SupportsIndex

from fastrnn._core import threads

__all__ = ["get_num_threads", "give_back", "limit_unless_told", "set_num_threads", "use_for_now"]

# Whether the program or its environment chose the number.
_told = False


def set_num_threads(n: SupportsIndex) -> None:
    """Use at most ``n`` threads in a call.

    Parameters
    ----------
    n : int
        At least 1.  Results are the same bits for every ``n``.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or not from 1 to 256.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    global _told
    use_for_now(n)
    _told = True


def use_for_now(n: SupportsIndex) -> None:
    """Set the number of threads, but not as the choice of the program or its environment."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an integer of at least 1, got {n!r}")
    number = index(n)
    if not 1 <= number <= threads.MOST:
        raise ValueError(f"n is {n}, expected 1 to {threads.MOST}")
    threads.use(number)


def get_num_threads() -> int:
    """Return how many threads a large call uses.

    It is what :func:`set_num_threads` or the environment variable ``FASTRNN_NUM_THREADS`` said;
    else what ``OMP_NUM_THREADS`` says, which tools that run many processes set; else as many as
    this process has processors.

    Examples
    --------
    >>> before = get_num_threads()
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(before)
    """
    return threads.in_use()


def limit_unless_told(n: int) -> int:
    """Use at most ``n`` threads, unless the program or its environment chose a number.

    Returns
    -------
    int
        What :func:`give_back` takes.
    """
    before = get_num_threads()
    if not _told:
        use_for_now(min(n, before))
    return before


def give_back(before: int) -> None:
    """Use as many threads as before `limit_unless_told`, unless the program has chosen since."""
    if not _told:
        use_for_now(before)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _from_environment() -> None:
    text = os.environ.get("FASTRNN_NUM_THREADS")
    if text:
        try:
            return set_num_threads(int(text))
        except ValueError:
            # The name is that of the package: level.py says why.
            raise ImportError(
                f"FASTRNN_NUM_THREADS is {text!r}, expected an integer from 1 to {threads.MOST}",
                name="fastrnn",
            ) from None
    # a list of numbers is for nested levels; the first is for this process
    text = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if text.isdecimal():
        set_num_threads(min(max(int(text), 1), threads.MOST))
    else:
        use_for_now(min(_processors(), threads.MOST))
    return None


_from_environment()
