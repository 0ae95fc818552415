"""What a step costs on many machines: measured here, modelled, checked, and drawn.

``python -m bench.cost``.  Steps of one rank are measured at the numbers of rows that ranks have,
sums of gradients between two ranks at several sizes; ``fastrnn.distributed.cost`` makes of both
what two ranks should take, and real runs on two ranks say whether they do.  For usual networks the
same model says from what size on several machines pay; ``--plot`` draws that.  ``--keep`` and
``--given`` keep what was measured in a file and take it from there.
"""

import argparse
import json
import statistics
import sys
from functools import partial
from pathlib import Path

import numpy as np

from bench.distributed_job import Job, Patience, here, launched, machine, start
from fastrnn.benchmark.table import Table, duration
from fastrnn.distributed.cost import (
    Transport,
    Work,
    allreduce_seconds,
    fitted,
    gradient_bytes,
    smallest_batch,
    speedup,
    step_seconds,
)

UNITS = (32, 64, 128, 256, 512)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128)
BATCHES = (16, 64)
#: Bytes of the sums that are timed: of small models and of large ones.
SIZES = tuple(1 << power for power in (5, 10, 12, 14, 16, 18, 20, 22))

#: How fast a machine adds what it was sent: float32, from the second-level cache.
ADDING = 8e9
#: What messages take from program to program, and what a link carries in one direction.
NETWORKS = {
    "1 GbE (50 µs, 117 MB/s)": Transport(50e-6, 117e6, ADDING),
    "10 GbE (20 µs, 1.15 GB/s)": Transport(20e-6, 1.15e9, ADDING),
    "100 Gb InfiniBand (1.5 µs, 12 GB/s)": Transport(1.5e-6, 12e9, ADDING),
}
MACHINES = (2, 4, 8, 16)
#: Machines pay where they are this part as fast as so many times one.
PAYS = 0.7

#: About how many seconds one measurement of some steps lasts.
SECONDS = 0.4


def job_of(cell, units, batch):
    """Return a job that lasts about as long as it should."""
    gates = {"rnn": 1, "gru": 3, "lstm": 4}[cell]
    guess = 1e-4 + 6 * gates * batch * 100 * units * (units + 32) / 60e9
    return Job(cell, units, batch=batch, steps=int(np.clip(SECONDS / guess, 3, 60)), epochs=2)


def measured_work(cell, units, rows, rounds):
    """Return the work of steps of one cell, by units, and the parameters of its models."""
    # One thread waits for nobody: what counts is the time on a processor, which others do not take.
    found = {}
    for _ in range(rounds):
        for size in units:
            for count in rows:
                run = here(job_of(cell, size, count))
                found.setdefault((size, count), []).append(run)
    # Whatever disturbs a computation makes it longer.
    return {
        size: {
            "rows": rows,
            "seconds": [min(run.processor.shared for run in found[size, n]) for n in rows],
            "serial": min(run.processor.serial for n in rows for run in found[size, n]),
            "parameters": found[size, rows[0]][0].parameters,
        }
        for size in units
    }


def sums():
    """Time sums of gradients on all ranks; the first one prints the medians, in the order of SIZES.

    This is what ``mpiexec`` starts.
    """
    import time

    from mpi4py import MPI

    from fastrnn.distributed import group_of

    comm, found = MPI.COMM_WORLD, []
    with group_of(comm) as group:
        for size in SIZES:
            array, seconds = np.ones(size // 4, np.float32), []
            for _ in range(100):
                array.fill(1)
                comm.Barrier()
                begin = time.perf_counter()
                group.sum(array)
                seconds.append(time.perf_counter() - begin)
            found.append(statistics.median(seconds))
    if comm.rank == 0:
        print(json.dumps(found))


def measured_transport(rounds):
    """Return what two ranks on this machine send their messages over, and what was measured."""
    runs = [start(2, ["bench.cost", "--sums"]) for _ in range(rounds)]
    seconds = np.min(runs, axis=0).tolist()
    return fitted(SIZES, seconds, 2), seconds


def read(said):
    """Return work and parameters by units, of what a file holds."""
    return {
        int(units): (Work(tuple(one["rows"]), tuple(one["seconds"]), one["serial"]), one)
        for units, one in said.items()
    }


def work_table(cell, works):
    """Return a table of what a step takes on one machine."""
    rows = next(iter(works.values()))[0].rows
    table = Table(
        f"A step on one machine: {cell}, T 100, float32",
        ["units", "parameters", *(f"{count} rows" for count in rows), "serial work"],
    )
    for units, (work, said) in works.items():
        shared = [duration(work.shared(count)) for count in rows]
        table.rows.append([str(units), str(said["parameters"]), *shared, duration(work.serial)])
    return table


def checked(cell, works, transport, batches, rounds, patience):
    """Return a table of what the model says of two ranks here, beside what real runs say."""
    table = Table(
        f"Two ranks on this machine: {cell}, T 100, float32",
        [
            *("units, batch", "1 rank", "2 ranks, predicted", "measured", "predicted/measured"),
            *("times as fast, predicted", "measured", "on the clock", "others"),
        ],
        notes=[
            "Measured: the time that ranks had a processor, and the shortest sum of gradients, at "
            "best; on the clock: median, with all that other programs took."
        ],
    )
    for units, (work, said) in works.items():
        size = gradient_bytes(said["parameters"])
        for batch in batches:
            job = job_of(cell, units, batch)
            runs = [
                [patience.measure(partial(launched, job, n)) for n in (1, 2)] for _ in range(rounds)
            ]
            alone, two = (min(run[i].undisturbed for run in runs) for i in (0, 1))
            predicted = step_seconds(work, batch, size, 2, transport)
            clock = statistics.median(one.clock.step / both.clock.step for one, both in runs)
            table.rows.append(
                [
                    f"{units}, {batch}",
                    *(duration(seconds) for seconds in (alone, predicted, two)),
                    f"{predicted / two:.2f}",
                    f"{speedup(work, batch, size, 2, transport):.2f}",
                    f"{alone / two:.2f}",
                    f"{clock:.2f}",
                    f"{max(found.others for run in runs for found in run):.2f}",
                ]
            )
    return table


def transport_table(transport, seconds):
    """Return a table of the sums between two ranks here, measured and as the model has them."""
    table = Table(
        "The sum of a vector, two ranks on this machine", ["bytes", "measured", "modelled"]
    )
    for size, measured in zip(SIZES, seconds, strict=True):
        modelled = allreduce_seconds(size, 2, transport)
        table.rows.append([str(size), duration(measured), duration(modelled)])
    table.notes.append(
        f"Fitted: {duration(transport.latency)} a message, {transport.bandwidth / 1e9:.1f} GB/s."
    )
    return table


def paying_table(cell, works):
    """Return a table of the smallest batches at which several machines pay."""
    table = Table(
        f"Smallest batch that pays: {cell}, T 100, float32",
        ["units", *(f"{name.partition(' (')[0]}, {n}" for name in NETWORKS for n in MACHINES[:3])],
        notes=[
            "For 2, 4 and 8 machines: faster than one, and, behind the bar, at least "
            f"{PAYS:.0%} of so many times as fast."
        ],
    )
    for units, (work, said) in works.items():
        cells = []
        for transport in NETWORKS.values():
            for machines in MACHINES[:3]:
                batches = [
                    smallest_batch(
                        work, gradient_bytes(said["parameters"]), machines, transport, gain
                    )
                    for gain in (1.0, PAYS * machines)
                ]
                cells.append(" / ".join("-" if batch is None else str(batch) for batch in batches))
        table.rows.append([str(units), *cells])
    return table


def draw(cell, works, batch, path):
    """Draw how many times as fast several machines are, by units, a panel a network."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6.6), layout="constrained")
    panels = figure.subplots(2, len(NETWORKS), sharex=True, sharey="row")
    units = list(works)
    for (name, transport), upper, lower in zip(NETWORKS.items(), *panels, strict=True):
        for index, machines in enumerate(MACHINES):
            colour = f"C{index}"
            gains, batches = [], []
            for work, said in works.values():
                size = gradient_bytes(said["parameters"])
                gains.append(speedup(work, batch, size, machines, transport))
                found = smallest_batch(work, size, machines, transport, PAYS * machines)
                batches.append(np.nan if found is None else found)
            upper.plot(units, gains, "o-", color=colour, ms=3.5, label=f"{machines} machines")
            lower.plot(units, batches, "o-", color=colour, ms=3.5)
        upper.axhline(1, color="grey", lw=0.8)
        upper.set_title(name, fontsize=10)
        upper.set_xscale("log", base=2)
        upper.set_yscale("log", base=2)
        lower.set_yscale("log", base=2)
        lower.set_xlabel("units")
        for panel in (upper, lower):
            panel.grid(visible=True, which="major", lw=0.3)
            panel.set_xticks(units, [str(number) for number in units])
            panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    panels[0][0].set_ylabel(f"times as fast as one machine,\nbatch {batch}")
    panels[1][0].set_ylabel(f"smallest batch that is {PAYS:g} p times\nas fast on p machines")
    panels[0][0].legend(fontsize=8)
    figure.suptitle(
        f"Data-parallel training of a {cell.upper()}, 100 steps, float32, one thread a machine",
        fontsize=11,
    )
    figure.savefig(path, dpi=90)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=["gru", "rnn"])
    parser.add_argument("--units", nargs="+", type=int, default=UNITS)
    parser.add_argument("--rows", nargs="+", type=int, default=ROWS)
    parser.add_argument("--batches", nargs="+", type=int, default=BATCHES, help="of the check")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for quiet")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write what was measured")
    parser.add_argument("--given", type=Path, metavar="FILE", help="read it instead")
    parser.add_argument("--check", action="store_true", help="run two ranks all the same")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw, to a .png or .svg")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--sums", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    if options.sums:
        sums()
        return
    patience, tables = Patience(options.patience), []
    if options.given:
        kept = json.loads(options.given.read_text(encoding="utf-8"))
    else:
        kept = {
            cell: measured_work(cell, options.units, options.rows, options.rounds)
            for cell in options.cells
        }
    if options.keep:
        options.keep.write_text(json.dumps(kept), encoding="utf-8")
    transport = None
    if options.check or not options.given:
        transport, seconds = measured_transport(options.rounds)
        tables.append(transport_table(transport, seconds))
    for cell in options.cells:
        works = read(kept[cell])
        tables.append(work_table(cell, works))
        if transport is not None:
            tables.append(
                checked(cell, works, transport, options.batches, options.rounds, patience)
            )
        tables.append(paying_table(cell, works))
    if options.plot:
        cell = options.cells[0]
        draw(cell, read(kept[cell]), max(options.batches), options.plot)
    tables[-1].notes.append(machine())
    sys.stdout.write(
        "\n\n".join(table.markdown() if options.markdown else table.text() for table in tables)
        + "\n"
    )


if __name__ == "__main__":
    main()
