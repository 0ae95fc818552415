"""The measurement: competitors take turns, and medians over the rounds are reported.

A machine's speed drifts over seconds, with its neighbours and its temperature. Measured one
after the other, two programs differ by that drift; measured in turn, round after round, both
are affected alike, and the median of the ratios within a round can be quoted.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Call = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Timing:
    """Seconds per call, one value for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median over the rounds, in seconds per call."""
        return statistics.median(self.rounds)

    def ratio(self, other: Timing) -> float:
        """Median over the rounds of the time of this one, divided by that of the other."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


#: Seconds over which the load of this process is measured once, and how many measurements in a
#: row must be quiet. A system may count the time of a running thread only every 10 ms, so a single
#: measurement may miss it.
LOOK, QUIET_LOOKS = 0.01, 3
#: The process is quiet if it uses at most this fraction of one processor.
QUIET = 0.1


def wait_until_quiet(
    most: float = 1.0,
    *,
    clock: Clock = time.perf_counter,
    cpu: Clock = time.process_time,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Wait until no thread of this process is busy.

    Threads of a BLAS spin for 100 ms or more after their last product, and would compete with the
    next competitor for a processor.

    Parameters
    ----------
    most
        Maximum waiting time in seconds: some threads never become idle.
    clock, cpu
        Functions that return seconds: of elapsed time, and of processor time of all threads.
    sleep
        Function that waits for a number of seconds.
    """
    end = clock() + most
    quiet = 0
    while quiet < QUIET_LOOKS and clock() < end:
        start, used = clock(), cpu()
        sleep(LOOK)
        quiet = quiet + 1 if cpu() - used < QUIET * (clock() - start) else 0


def _time(call: Call, repeats: int) -> float:
    if repeats > 1:
        call()  # the previous competitor has filled the caches with its data
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def _repeats(call: Call, seconds: float) -> int:
    """Return how many calls make a round of about the given length, after warming up."""
    repeats = 1
    while True:
        elapsed = _time(call, repeats) * repeats
        if elapsed >= seconds / 4:
            return max(1, round(seconds * repeats / elapsed))
        repeats *= 4


def interleaved(
    calls: Mapping[str, Call], *, rounds: int = 7, seconds: float = 0.1
) -> dict[str, Timing]:
    """Time several calls in turn.

    Parameters
    ----------
    calls
        What to call, by name. Each is warmed up first.
    rounds
        Number of turns of each call. The order is reversed from round to round, so that no call
        always runs after the same other one.
    seconds
        Approximate length of a turn; a call that takes longer runs once per turn.

    Returns
    -------
    dict
        A :class:`Timing` by name, in the order of `calls`.
    """
    repeats = {name: _repeats(call, seconds) for name, call in calls.items()}
    measured: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(rounds):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                wait_until_quiet()
                measured[name].append(_time(calls[name], repeats[name]))
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return {name: Timing(tuple(values)) for name, values in measured.items()}
