"""How much faster two ranks train than one: real mpiexec runs in turn, one thread a rank.

``python -m bench.distributed``.  Before a case is timed, and after every round, its loss curves are
checked to agree.  Beside one rank and several there is the machine's own ceiling: as many programs
side by side, each with its part of the batch and nothing to tell the others.  A run in which other
programs used the machine is repeated while there is patience.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from functools import partial

import numpy as np

from bench.distributed_job import QUIET, Job, Patience, launched, machine
from fastrnn.benchmark.table import Table, duration

#: How far apart loss curves may be, relative.
WITHIN = {"float32": 1e-5, "float64": 1e-10}


def variants(job, ranks):
    """Return what takes turns, by name: a job and on how many processes."""
    return {
        "alone": (job, 1),
        "ranks": (job, ranks),
        "apart": (replace(job, batch=-(-job.batch // ranks), apart=True), ranks),
    }


def check(title, dtype, alone, shared):
    """End the program if two loss curves are further apart than they may be."""
    off = np.abs(np.divide(shared.losses, alone.losses) - 1).max()
    if not off <= WITHIN[dtype]:
        sys.exit(f"{title}: the loss curves are {off:.1e} apart; more than {WITHIN[dtype]:.0e}")


def measured(job, ranks, rounds, patience):
    """Return what was found of every variant, a list over the rounds."""
    runs = {name: partial(launched, *variant) for name, variant in variants(job, ranks).items()}
    found = {name: [] for name in runs}
    title = f"{job.cell} {job.units}"
    check(title, job.dtype, runs["alone"](), runs["ranks"]())
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(patience.measure(run))
        check(title, job.dtype, found["alone"][-1], found["ranks"][-1])
    return found


def ratio(found, name, seconds):
    """Return the median over the rounds of how many times as long one rank takes as a variant."""
    pairs = zip(found["alone"], found[name], strict=True)
    return statistics.median(seconds(alone) / seconds(other) for alone, other in pairs)


def row(job, found):
    """Return a line of the table."""
    alone, several = (
        statistics.median(one.clock.step for one in found[name]) for name in ("alone", "ranks")
    )
    parts = [
        duration(statistics.median(getattr(one.clock, part) for one in found["ranks"]))
        for part in ("shared", "summed", "serial")
    ]
    others = max(one.others for runs in found.values() for one in runs)
    return [
        f"{job.cell} {job.units}, batch {job.batch}, T {job.time}",
        f"f{8 * np.dtype(job.dtype).itemsize}",
        f"{1 / alone:.1f}",
        f"{1 / several:.1f}",
        f"{ratio(found, 'ranks', lambda one: one.clock.step):.2f}",
        f"{ratio(found, 'apart', lambda one: one.clock.step):.2f}",
        f"{ratio(found, 'ranks', lambda one: one.undisturbed):.2f}",
        *parts,
        f"{others:.2f}",
    ]


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--cells", nargs="+", default=["gru", "rnn"])
    parser.add_argument("--dtypes", nargs="+", default=list(WITHIN), choices=list(WITHIN))
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--time", type=int, default=100)
    parser.add_argument("--steps", type=int, default=8, help="of an epoch; two epochs are timed")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for quiet")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args(words)
    patience = Patience(options.patience)
    ranks = options.ranks
    table = Table(
        f"{ranks} ranks and one, medians of {options.rounds} rounds",
        [
            *(
                "case",
                "type",
                "1 rank, steps/s",
                f"{ranks} ranks, steps/s",
                "ratio",
                "ceiling",
                "undisturbed",
            ),
            *("forward, backward", "sum", "rest", "others"),
        ],
        notes=[
            f"Ceiling: {ranks} programs side by side, each with its part of the batch. "
            "Undisturbed: the ratio by the time that ranks had a processor, and the shortest sum "
            "of gradients, without what others took. The parts are those of a step on "
            f"{ranks} ranks; the sum includes waiting for the slower one. Others: most cores that "
            f"other programs used in a run, which was repeated above {QUIET} while there was "
            "patience.",
            machine(),
        ],
    )
    for cell in options.cells:
        for dtype in options.dtypes:
            job = Job(cell, options.units, dtype, options.batch, options.time, steps=options.steps)
            table.rows.append(row(job, measured(job, ranks, options.rounds, patience)))
    print(table.markdown() if options.markdown else table.text())


if __name__ == "__main__":
    main()
