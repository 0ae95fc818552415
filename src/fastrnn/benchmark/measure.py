"""The rows of a table: checks that the results of the peers agree, and times the peers in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastrnn.arguments import CELLS, RNN, Cell
from fastrnn.benchmark import agreement, cases, gemm
from fastrnn.benchmark.cases import Array, Problem, Sizes
from fastrnn.benchmark.peers import Competitor, Peer, TrainingJob
from fastrnn.benchmark.peers.reference import Reference
from fastrnn.benchmark.table import NOTHING, Table, duration, times
from fastrnn.benchmark.timing import Call, Timing, interleaved

OURS = "fastrnn"
#: Names of the cells in the tables.
TITLES = {cell.name: "tanh RNN" if cell is RNN else cell.name.upper() for cell in CELLS}
GEMM = "GEMM"
PADDED = "without lengths"


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes
    ----------
    rounds
        Turns of every competitor.
    seconds
        Length of one turn.
    samples
        Sequences in an epoch of the training job.
    tell
        Called with the name of the next measurement.
    """

    rounds: int = 7
    seconds: float = 0.2
    samples: int = 8_000
    tell: Callable[[str], object] = field(default=str, compare=False)


QUICK = Effort(rounds=3, seconds=0.02, samples=320)


def _name(dtype: np.dtype[Any]) -> str:
    return f"f{8 * dtype.itemsize}"


def _compare(
    title: str,
    peers: Sequence[Peer],
    offer: Callable[[Peer], Competitor | None],
    effort: Effort,
    **beside: Call,
) -> dict[str, Timing]:
    """Check every competitor against the reference's result, then time them in turn.

    Calls in `beside` are timed too, but their results are not compared.
    """
    effort.tell(f"{title}: {', '.join(peer.name for peer in peers)}")
    competitors = {peer.name: offer(peer) for peer in peers}
    able = {name: one for name, one in competitors.items() if one is not None}
    right = offer(Reference())
    assert right is not None
    expected = right.arrays(right.call())
    for name, competitor in able.items():
        agreement.check(name, competitor.arrays(competitor.call()), expected)
    return interleaved(
        {**{name: competitor.call for name, competitor in able.items()}, **beside},
        rounds=effort.rounds,
        seconds=effort.seconds,
    )


def _cells(peers: Sequence[Peer], timings: Mapping[str, Timing]) -> list[str]:
    """Return a cell for each peer: its time, and the ratio to fastrnn's."""

    def cell(name: str) -> str:
        if name not in timings:
            return NOTHING
        time = duration(timings[name].median)
        if name == OURS or OURS not in timings:
            return time
        return f"{time} ({times(timings[name].ratio(timings[OURS]))})"

    return [cell(peer.name) for peer in peers]


def forward_backward(
    peers: Sequence[Peer],
    dtypes: Sequence[np.dtype[Any]],
    sizes: Iterable[Sizes],
    effort: Effort,
    cell: Cell = RNN,
) -> Table:
    """Tanh RNN or LSTM, forward with outputs and BPTT with every gradient, beside GEMM."""
    peaks = dict.fromkeys(dtypes, 0.0)
    table = Table(
        f"Forward and backward, {TITLES[cell.name]}",
        [
            "case (n_x, n_s, n_y, m, T_x)",
            "type",
            *(peer.name for peer in peers),
            "of GEMM's speed",
        ],
    )
    for size in sizes:
        for dtype in dtypes:
            problem = Problem(size, dtype, cell)
            timings = _compare(
                f"{TITLES[cell.name]} forward and backward, {size.name}, {_name(dtype)}",
                peers,
                lambda peer: peer.forward_backward(problem),  # noqa: B023
                effort,
                **{GEMM: gemm.product(dtype)},
            )
            fraction = NOTHING
            if OURS in timings:
                useful = size.forward_backward_flops(cell) / gemm.FLOPS
                fraction = f"{useful * timings[GEMM].ratio(timings[OURS]):.0%}"
            peaks[dtype] = max(peaks[dtype], gemm.FLOPS / min(timings[GEMM].rounds))
            table.rows.append([str(size), _name(dtype), *_cells(peers, timings), fraction])
    speeds = ", ".join(f"{_name(d)} {peak / 1e9:.0f} Gflop/s" for d, peak in peaks.items())
    table.notes.append(f"GEMM, NumPy's product of 1024 x 1024 matrices, at best: {speeds}.")
    return table


def lengths(peers: Sequence[Peer], dtypes: Sequence[np.dtype[Any]], effort: Effort) -> Table:
    """As :func:`forward_backward`, for batches whose sequences have different lengths."""
    size = cases.RAGGED
    table = Table(
        f"Sequences of several lengths, forward and backward of the tanh RNN, {size}",
        ["lengths", "type", "steps", *(peer.name for peer in peers), f"{OURS} without lengths"],
    )
    # other peers have no support for lengths
    able = [peer for peer in peers if peer.takes_lengths]
    ours = [peer for peer in able if peer.name == OURS]
    for name, given in cases.lengths(size).items():
        for dtype in dtypes:
            problem, padded = Problem(size, dtype, lengths=given), Problem(size, dtype)
            without = [one.call for peer in ours if (one := peer.forward_backward(padded))]
            beside = {PADDED: without[0]} if without else {}
            timings = _compare(
                f"lengths, {name}, {_name(dtype)}",
                able,
                lambda peer: peer.forward_backward(problem),  # noqa: B023
                effort,
                **beside,
            )
            steps = f"{sum(given) / (size.m * size.T_x):.0%}"
            whole = duration(timings[PADDED].median) if beside else NOTHING
            if beside:
                whole += f" ({times(timings[PADDED].ratio(timings[OURS]))})"
            table.rows.append([name, _name(dtype), steps, *_cells(peers, timings), whole])
    return table


def inference(
    peers: Sequence[Peer],
    dtypes: Sequence[np.dtype[Any]],
    rows: Iterable[tuple[Sizes, Cell, str]],
    effort: Effort,
) -> Table:
    """Inference of GRU and LSTM: a sequence or a step per call, or a stream with an output layer.

    `rows` are some of :data:`fastrnn.benchmark.cases.INFERENCE`.
    """
    table = Table(
        "Inference, GRU (reset after the product) and LSTM",
        ["case (n_x, n_s, n_y, m, T_x)", "type", *(peer.name for peer in peers)],
    )
    for size, cell, offer in rows:
        for dtype in dtypes:
            problem = Problem(size, dtype, cell)
            timings = _compare(
                f"inference, {size.name}, {_name(dtype)}",
                peers,
                lambda peer: getattr(peer, offer)(problem),  # noqa: B023
                effort,
            )
            table.rows.append([str(size), _name(dtype), *_cells(peers, timings)])
    table.notes.append(
        f"All compute the states; {OURS} and NumPy also keep what the backward pass reads. The "
        "live rows, which go on from call to call, include a linear output for all."
    )
    return table


def training_job(cell: str, samples: int) -> TrainingJob:
    """Return a job with the shape of the decipher corpus: a substitution on skewed token ids.

    Lengths run from 40 to 101 tokens, the rest is padding; the sentences are random, since
    only what the model has to learn, the substitution, matters to its speed and its loss.
    """
    sizes = cases.TRAINING_JOB
    rng = np.random.default_rng(0)
    frequency = 1 / np.arange(1, sizes.n_y)
    ids = rng.choice(sizes.n_y - 1, (samples, sizes.T_x), p=frequency / frequency.sum()) + 1
    lengths = rng.integers(40, sizes.T_x + 1, (samples, 1))
    ids[np.arange(sizes.T_x) >= lengths] = 0
    substitution = np.concatenate([[0], rng.permutation(sizes.n_y - 1) + 1])
    return TrainingJob(
        inputs=ids[:, :, None].astype(np.float32),
        targets=substitution[ids].astype(np.int64),
        cell=cell,
        units=sizes.n_s,
        classes=sizes.n_y,
        batch_size=sizes.m,
    )


def training(peers: Sequence[Peer], effort: Effort) -> Table:
    """Seconds per epoch after the first, and the losses reached.

    The peers initialize weights differently, so their losses are similar but not equal; each must
    decrease its loss in the same number of epochs.
    """
    table = Table("Training, the decipher job, an epoch", ["cell", *(peer.name for peer in peers)])
    for cell in ("gru", "rnn"):
        job = training_job(cell, effort.samples)
        guessing = float(np.log(job.classes))
        calls: dict[str, Callable[[], float]] = {}
        losses: dict[str, list[float]] = {}
        for peer in peers:
            epoch = peer.training(job)
            if epoch is None:
                continue
            calls[peer.name] = epoch
            effort.tell(f"training, {cell}: an epoch of {peer.name}")
            losses[peer.name] = [epoch()]
            if not losses[peer.name][0] < guessing:
                raise agreement.Disagreement(f"{peer.name}: did not learn in the first epoch")

        def kept(name: str) -> Callable[[], None]:
            def call() -> None:
                effort.tell(f"training, {cell}: an epoch of {name}")  # noqa: B023
                losses[name].append(calls[name]())  # noqa: B023

            return call

        timings = interleaved(
            {name: kept(name) for name in calls}, rounds=effort.rounds, seconds=effort.seconds
        )
        table.rows.append([cell, *_cells(peers, timings)])
        reached = ", ".join(f"{name} {seen[effort.rounds]:.3f}" for name, seen in losses.items())
        table.notes.append(f"Loss of {cell} after {effort.rounds + 1} epochs: {reached}.")
    return table


def scaling(peers: Sequence[Peer], dtypes: Sequence[np.dtype[Any]], effort: Effort) -> Table:
    """fastrnn alone: forward and backward as T_x, n_s and m grow, and the time of a step."""
    table = Table(
        "Scaling of forward and backward, tanh RNN",
        ["case (n_x, n_s, n_y, m, T_x)", "type", "a call", "a time step", "Gflop/s"],
    )
    ours = [peer for peer in peers if peer.name == OURS]
    for size in cases.SCALING if ours else ():
        for dtype in dtypes:
            effort.tell(f"scaling, {size.name}, {_name(dtype)}")
            competitor = ours[0].forward_backward(Problem(size, dtype))
            assert competitor is not None
            calls: dict[str, Callable[[], object]] = {OURS: competitor.call}
            timing = interleaved(calls, rounds=effort.rounds, seconds=effort.seconds)[OURS]
            table.rows.append(
                [
                    str(size),
                    _name(dtype),
                    duration(timing.median),
                    duration(timing.median / size.T_x),
                    f"{size.forward_backward_flops() / timing.median / 1e9:.1f}",
                ]
            )
    return table


__all__ = [
    "QUICK",
    "Array",
    "Effort",
    "forward_backward",
    "inference",
    "lengths",
    "scaling",
    "training",
    "training_job",
]
