"""A cost model of a training step on several machines.

A step of a training on p machines is modelled as

    computation of a machine's rows + serial part + sum of the gradients,

where the first two are measured on one machine and the third follows from the size of the model,
the number of machines and the network.  It ignores waiting for the slowest machine, and other
traffic on the network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fastrnn.distributed.figures import figures_behind

__all__ = [
    "Transport",
    "Work",
    "allreduce_seconds",
    "fitted",
    "gradient_bytes",
    "smallest_batch",
    "speedup",
    "step_seconds",
]

#: Largest vector in bytes that MPICH sums as a whole, with fewer messages:
#: ``MPIR_CVAR_ALLREDUCE_SHORT_MSG_SIZE``.  The limit of Open MPI is 10 kB.
SHORT_MESSAGE = 2048


@dataclass(frozen=True)
class Transport:
    """The speed of the network, and of adding received data.

    Attributes
    ----------
    latency : float
        Seconds of the shortest message from program to program.
    bandwidth : float
        Bytes per second in each direction.
    adding : float, default infinity
        Bytes per second of received data that a machine adds to its own.

    Examples
    --------
    >>> ethernet = Transport(latency=20e-6, bandwidth=1.15e9, adding=8e9)
    >>> ethernet.latency
    2e-05
    """

    latency: float
    bandwidth: float
    adding: float = math.inf


def allreduce_seconds(size: float, machines: int, transport: Transport) -> float:
    """Return the time of an allreduce: the sum of the machines' vectors, in all machines.

    With latency α, β and γ seconds to send and to add a byte, n bytes and p machines, a power of 2,

    - a short vector is sent as a whole, lg p times, by recursive doubling: lg p (α + n β + n γ);
    - for a long one, every machine sums a part, and the parts are gathered: 2 lg p α +
      (p - 1) / p n (2 β + γ).

    For other numbers of machines, those above the largest power of 2 first send their vectors to
    others, and finally receive the sum: 2 α + n (2 β + γ) more.

    Parameters
    ----------
    size : float
        Bytes of the vector.
    machines : int
    transport : Transport

    Returns
    -------
    float
        Seconds; 0 for one machine.

    Raises
    ------
    ValueError
        If there are fewer bytes than 0, or fewer machines than 1.

    References
    ----------
    R. Thakur, R. Rabenseifner, W. Gropp, Optimization of collective communication operations in
    MPICH, International Journal of High Performance Computing Applications 19 (2005) 49-66.

    Examples
    --------
    >>> ethernet = Transport(latency=20e-6, bandwidth=1.15e9)
    >>> print(f"{1e6 * allreduce_seconds(80_000, 4, ethernet):.0f} microseconds")
    184 microseconds
    """
    if not size >= 0:
        raise ValueError(f"size is {size}; it should be 0 bytes or more")
    _check_machines(machines)
    messages, sent, added = _path(size <= SHORT_MESSAGE, machines)
    return (
        messages * transport.latency
        + sent * size / transport.bandwidth
        + added * size / transport.adding
    )


def _path(is_short: bool, machines: int) -> tuple[float, float, float]:
    """Return the number of consecutive messages, and how often the vector is sent and added."""
    rounds = machines.bit_length() - 1
    power = 1 << rounds
    messages, sent, added = float(rounds), float(rounds), float(rounds)
    if not is_short:
        part = (power - 1) / power
        messages, sent, added = 2.0 * rounds, 2 * part, part
    if power < machines:
        return messages + 2, sent + 2, added + 1
    return messages, sent, added


def fitted(sizes: Sequence[float], seconds: Sequence[float], machines: int) -> Transport:
    """Return the transport that fits measured times of sums.

    Parameters
    ----------
    sizes : sequence of float
        Bytes, two sizes or more.
    seconds : sequence of float
        Measured times, which :func:`allreduce_seconds` should return; a least-squares fit of the
        relative differences.
    machines : int
        Two or more.

    Returns
    -------
    Transport
        Its bandwidth includes the time of adding.

    Raises
    ------
    ValueError
        If the times do not grow with the sizes as those of a network do.

    Examples
    --------
    >>> network = fitted(sizes=[1 << 10, 1 << 22], seconds=[90e-6, 72e-3], machines=4)
    >>> print(f"{1e6 * network.latency:.0f} microseconds, {network.bandwidth / 1e6:.0f} MB/s")
    33 microseconds, 88 MB/s
    """
    unit = Transport(1.0, math.inf), Transport(0.0, 1.0)
    times = np.asarray(seconds, np.float64)
    terms = [[allreduce_seconds(size, machines, one) for one in unit] for size in sizes]
    (latency, byte), *_ = np.linalg.lstsq(
        np.array(terms) / times[:, np.newaxis], np.ones(len(times)), rcond=None
    )
    if not (latency > 0 and byte > 0):
        raise ValueError(
            f"seconds fit a latency of {latency:.3g} s and {byte:.3g} s a byte; both should be "
            "above 0: measure more sizes"
        )
    return Transport(float(latency), float(1 / byte))


def gradient_bytes(parameters: int, itemsize: int = 4, measured: int = 1) -> int:
    """Return the bytes that are summed at every step of :meth:`fastrnn.models.Model.fit`.

    Parameters
    ----------
    parameters : int
        Number of parameters of the model; padding between weights, up to 60 bytes each, is not
        counted.
    itemsize : int, default 4
        Bytes of a number: 4 for float32, 8 for float64.
    measured : int, default 1
        Losses and metrics that are means: two figures each.

    Examples
    --------
    >>> gradient_bytes(20_704)
    82828
    """
    return (parameters + figures_behind(2 * measured)) * itemsize


@dataclass(frozen=True)
class Work:
    """Measured times of a step on one machine.

    Attributes
    ----------
    rows : tuple of int
        Measured numbers of rows, increasing.
    seconds : tuple of float
        Forward and backward pass for these numbers of rows, the part that is distributed.
    serial : float
        Seconds of the part that every machine does: the update of all weights, and Python's
        overhead of a step.

    Raises
    ------
    ValueError
        If their numbers differ, or rows are not increasing from 1 or more.

    Examples
    --------
    >>> work = Work(rows=(8, 32), seconds=(0.010, 0.034), serial=0.001)
    >>> work.shared(20), work.shared(64)
    (0.022, 0.068)
    """

    rows: tuple[int, ...]
    seconds: tuple[float, ...]
    serial: float

    def __post_init__(self) -> None:
        rows = self.rows
        if not rows or rows[0] < 1 or any(a >= b for a, b in pairwise(rows)):
            raise ValueError(f"rows is {rows}; it should rise from 1 or more")
        if len(self.seconds) != len(rows):
            raise ValueError(f"seconds has {len(self.seconds)} times for {len(rows)} rows")

    def shared(self, rows: int) -> float:
        """Return the seconds of the forward and backward pass for a number of rows.

        The time is interpolated linearly between measured numbers of rows.  Below the smallest, it
        is constant; above the largest, it is proportional to the rows.
        """
        return float(self.shared_each(np.array([rows]))[0])

    def shared_each(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the same for several numbers of rows."""
        beyond = np.maximum(rows / self.rows[-1], 1.0)
        return np.interp(rows, self.rows, self.seconds) * beyond


def step_seconds(work: Work, batch: int, size: float, machines: int, transport: Transport) -> float:
    """Return the time of a step.

    Parameters
    ----------
    work : Work
    batch : int
        Rows of the whole batch; the machine with the most rows determines the time.
    size : float
        Bytes that are summed, see :func:`gradient_bytes`.
    machines : int
    transport : Transport

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> ethernet = Transport(latency=20e-6, bandwidth=1.15e9)
    >>> work = Work(rows=(1, 64), seconds=(0.0005, 0.025), serial=0.0001)
    >>> print(f"{1e3 * step_seconds(work, 64, gradient_bytes(20_704), 4, ethernet):.2f} ms")
    6.62 ms
    """
    _check_machines(machines)
    if batch < 1:
        raise ValueError(f"batch is {batch}; it should be 1 or more")
    share = -(-batch // machines)
    return work.shared(share) + work.serial + allreduce_seconds(size, machines, transport)


def speedup(work: Work, batch: int, size: float, machines: int, transport: Transport) -> float:
    """Return the speedup of several machines over one; parameters as for :func:`step_seconds`.

    Examples
    --------
    >>> ethernet = Transport(latency=20e-6, bandwidth=1.15e9)
    >>> work = Work(rows=(1, 64), seconds=(0.0005, 0.025), serial=0.0001)
    >>> print(f"{speedup(work, 64, gradient_bytes(20_704), 4, ethernet):.2f}")
    3.79
    """
    alone = step_seconds(work, batch, size, 1, transport)
    return alone / step_seconds(work, batch, size, machines, transport)


def smallest_batch(
    work: Work,
    size: float,
    machines: int,
    transport: Transport,
    gain: float = 1.0,
    most: int = 1 << 12,
) -> int | None:
    """Return the smallest batch for which the speedup exceeds `gain`.

    Parameters
    ----------
    work, size, machines, transport :
        As for :func:`step_seconds`.
    gain : float, default 1
        The speedup to exceed.
    most : int, default 4096
        The largest batch to try.

    Returns
    -------
    int or None
        Rows; None if there is no such batch.

    Examples
    --------
    >>> ethernet = Transport(latency=20e-6, bandwidth=1.15e9)
    >>> work = Work(rows=(1, 64), seconds=(0.0005, 0.025), serial=0.0001)
    >>> smallest_batch(work, gradient_bytes(20_704), 4, ethernet, gain=2)
    4
    """
    told = allreduce_seconds(size, machines, transport)
    batches = np.arange(1, most + 1)
    alone = work.shared_each(batches) + work.serial
    several = work.shared_each(-(-batches // machines)) + work.serial + told
    found = np.flatnonzero(alone > gain * several)
    return int(batches[found[0]]) if found.size else None


def _check_machines(machines: int) -> None:
    if machines < 1:
        raise ValueError(f"machines is {machines}; it should be 1 or more")
