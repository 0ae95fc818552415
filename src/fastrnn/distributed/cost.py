"""How long a step takes on several machines, and from which batch size on they are faster.

A step of a training on p machines is modelled as

    computation of a machine's rows + what no machine is spared + the sum of the gradients,

where the first two are measured on one machine and the third follows from the size of the model,
the number of machines and the network.  It leaves out that machines wait for the slowest one, and
what else goes over their network.
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

#: Bytes up to which MPICH sums whole vectors, in fewer messages; its
#: ``MPIR_CVAR_ALLREDUCE_SHORT_MSG_SIZE``.  Open MPI changes over at 10 kB.
SHORT_MESSAGE = 2048


@dataclass(frozen=True)
class Transport:
    """What messages go over, and how fast a machine adds what it was sent.

    Attributes
    ----------
    latency : float
        Seconds that the shortest message takes from program to program.
    bandwidth : float
        Bytes a second in each of both directions.
    adding : float, default infinity
        Bytes a second that a machine adds to its own.

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
    """Return how long it takes until all machines have the sum of a vector that each has.

    With latency α, β and γ seconds to send and to add a byte, n bytes and p machines, a power of 2,

    - a short vector is sent as a whole, lg p times, by recursive doubling: lg p (α + n β + n γ);
    - of a long one every machine sums a part, which is then gathered: 2 lg p α +
      (p - 1) / p n (2 β + γ).

    Of another number of machines those above the largest power of 2 give their vectors away first
    and are given the sum at the end: 2 α + n (2 β + γ) more.

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
    """Return messages one after another, and how often a vector's size is sent and added."""
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
    """Return the transport for which sums take about as long as they were measured to take.

    Parameters
    ----------
    sizes : sequence of float
        Bytes, two sizes or more.
    seconds : sequence of float
        What :func:`allreduce_seconds` should return for each; the sum of squares of the relative
        differences is the least.
    machines : int
        Two or more.

    Returns
    -------
    Transport
        What the machines add is part of its bandwidth.

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
        Of the model; pads between its weights, up to 60 bytes each, are not counted.
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
    """What a step takes on one machine, measured.

    Attributes
    ----------
    rows : tuple of int
        Numbers of rows at which it was measured, rising.
    seconds : tuple of float
        Forward and backward pass of so many rows, which machines share out.
    serial : float
        Seconds of what every machine does: the update of all weights, and what a step costs in
        Python.

    Raises
    ------
    ValueError
        If they are not as many, or do not rise from 1 or more.

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
        """Return the seconds of forward and backward pass of so many rows.

        Between two measured numbers of rows the time is on the line between theirs.  Fewer rows
        than were measured take as long as the fewest; more take as long a row as the most.
        """
        return float(self.shared_each(np.array([rows]))[0])

    def shared_each(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the same for several numbers of rows."""
        beyond = np.maximum(rows / self.rows[-1], 1.0)
        return np.interp(rows, self.rows, self.seconds) * beyond


def step_seconds(work: Work, batch: int, size: float, machines: int, transport: Transport) -> float:
    """Return how long a step takes.

    Parameters
    ----------
    work : Work
    batch : int
        Rows of the whole batch; the machine with the most of them counts.
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
    """Return how many times as fast as one machine several are; parameters as before.

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
    """Return the smallest batch at which several machines are `gain` times as fast as one.

    Parameters
    ----------
    work, size, machines, transport :
        As for :func:`step_seconds`.
    gain : float, default 1
        What must be exceeded.
    most : int, default 4096
        The largest batch to look at.

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
