"""The tables of one process, for one number of threads."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from fastrnn.arguments import LSTM
from fastrnn.benchmark import cases, levels, measure, peers
from fastrnn.benchmark.affinity import cores, use_cores
from fastrnn.benchmark.agreement import Disagreement
from fastrnn.benchmark.table import Table
from fastrnn.terminal import Status


def machine(threads: int) -> str:
    """Return one line on processor, cores, threads and versions."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    try:
        version = metadata.version("fastrnn")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    return (
        f"{processor}, {cores()} cores, {threads} thread{'s' if threads != 1 else ''}; "
        f"fastrnn {version}, Python {platform.python_version()}, NumPy {np.__version__}"
    )


def _chosen(sizes: Iterable[cases.Sizes], names: list[str] | None) -> list[cases.Sizes]:
    return [size for size in sizes if names is None or size.name in names]


def report(options: argparse.Namespace, threads: int) -> int:
    """Print the tables that the options ask for.

    Returns
    -------
    int
        0, or 1 where a competitor's results were not equal.
    """
    heading = machine(threads)
    use_cores(threads)
    names = options.peers or [name for name in peers.NAMES if peers.installed(name)]
    field = [peers.make(name, threads) for name in names]
    effort = measure.QUICK if options.quick else measure.Effort()
    if options.rounds:
        effort = measure.Effort(options.rounds, effort.seconds, effort.samples)
    status = Status(plain=True)
    effort = replace(effort, tell=lambda text: status.say(f"measuring {text}"))
    dtypes = [np.dtype(name) for name in options.dtype]
    forward_backward = _chosen(cases.FORWARD_BACKWARD, options.case)
    lstm = [size for size in forward_backward if size.name in cases.LSTM_CASES]
    chosen = _chosen([sizes for sizes, _, _ in cases.INFERENCE], options.case)
    inference = [row for row in cases.INFERENCE if row[0] in chosen]
    make: dict[str, Callable[[], Table]] = {
        "fb": lambda: measure.forward_backward(field, dtypes, forward_backward, effort),
        "lstm": lambda: measure.forward_backward(field, dtypes, lstm, effort, LSTM),
        "lengths": lambda: measure.lengths(field, dtypes, effort),
        "inference": lambda: measure.inference(field, dtypes, inference, effort),
        "training": lambda: measure.training(field, effort),
        "scaling": lambda: measure.scaling(field, dtypes, effort),
    }
    print(f"**{heading}**" if options.markdown else heading)
    failed = 0
    for name in options.table:
        try:
            with status:
                table = make[name]().without_empty_columns()
        except Disagreement as error:
            print(f"\n{name}: not timed. {error}")
            failed = 1
            continue
        if level := os.environ.get("FASTRNN_ISA"):
            table.notes.append(levels.note(level, [peer.unlimited for peer in field]))
        if table.rows:
            print("\n" + (table.markdown() if options.markdown else table.text()))
        sys.stdout.flush()
    print()
    return failed
