"""``fastrnn cipher sweep``: train many models, and compare them."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastrnn.cli.texts import counted
from fastrnn.cli.train import OPTIONS

if TYPE_CHECKING:
    from fastrnn.cipher.sweeps import SweepResult, SweepRun

__all__ = ["add_parser"]

#: What carries the jobs out, by the names that joblib has for them.
BACKENDS = ("loky", "threading", "dask", "ray")

#: Those that can be on other machines.
CLUSTERS = ("dask", "ray")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand to those of its parent."""
    parser = commands.add_parser(
        "sweep",
        help="train a model for every combination of settings, and compare them",
        description="Train a model for every combination of settings, several at a time, and print "
        "a table, the best first. Each setting takes several values, separated by commas; write "
        r"\, for a comma within a value.",
        epilog="Each run gets a directory in DIR, named after its settings, with the files that "
        "fastrnn cipher train would write, bit for bit. The table is in sweep.csv. If you give "
        "the same command again, it skips the finished runs and resumes the others; another "
        "sweep with the same DIR adds its runs. If a run fails, the others continue, and the exit "
        "code is 1. The workers of Dask and Ray may be on other machines. They need fastrnn, and "
        "DIR and the corpus under the same absolute paths, on a shared file system. Needs joblib: "
        "pip install 'fastrnn[sweep]'.",
    )
    for name, kind, metavar, text in OPTIONS:
        parser.add_argument(
            name,
            type=_several(kind),
            metavar=f"{metavar}[,{metavar}...]",
            help=text,
            default=argparse.SUPPRESS,
        )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="runs at a time; -1 means one per processor, -2 one less (default: -1, divided by "
        "--threads)",
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", default=1, help="threads per run (default: 1)"
    )
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="loky",
        metavar="NAME",
        help="what runs the jobs: loky (processes), threading, dask or ray (default: loky)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a running Dask cluster, such as tcp://HOST:8786, or Ray cluster, such as "
        "auto (default: start a cluster of --jobs workers on this machine)",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        default="runs/sweep",
        help="directory of the runs (default: runs/sweep)",
    )
    parser.add_argument(
        "--save-steps", type=int, metavar="N", help="also save within an epoch, every N steps"
    )
    parser.add_argument(
        "--save-seconds", type=float, metavar="N", help="also save within an epoch, every N seconds"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=run, work_comes_first=True)


def _several(kind: type) -> Callable[[str], list[Any]]:
    """Return a function that reads values of a type, separated by commas."""
    wanted = {int: "a whole number", float: "a number"}.get(kind, "a text")

    def read(text: str) -> list[Any]:
        values: list[Any] = []
        for entry in re.split(r"(?<!\\),", text):
            word = entry.strip().replace(r"\,", ",")
            if not word:
                raise argparse.ArgumentTypeError(
                    f"{text!r} has nothing before or after a comma, but should have a value there"
                )
            try:
                value = kind(word)
            except ValueError:
                raise argparse.ArgumentTypeError(
                    f"{word!r}, but it should be {wanted}, or several with commas between them"
                ) from None
            if value in values:
                raise argparse.ArgumentTypeError(
                    f"{word!r} is in {text!r} twice, but it should be there once"
                )
            values.append(value)
        return values

    return read


def run(arguments: argparse.Namespace) -> int:
    """Train all, tell how it goes, and return the exit code."""
    _check(arguments)
    from fastrnn.cipher.sweeps import sweep
    from fastrnn.cipher.sweeps.grid import Grid
    from fastrnn.cipher.sweeps.plan import directories
    from fastrnn.cli.backends import backend
    from fastrnn.cli.watching import Watch

    names = [option[0].removeprefix("--").replace("-", "_") for option in OPTIONS]
    given = {name: getattr(arguments, name) for name in names if name in arguments}
    # What is wrong with the settings should be said before a cluster is waited for.
    points = Grid.of(given).points()
    runs = len(points)
    out = Path(arguments.out)
    with backend(arguments.backend, arguments.scheduler, arguments.jobs, arguments.threads, runs):
        try:
            with ExitStack() as stack:
                report: Callable[..., None] | None = None
                if not arguments.quiet:
                    _tell_start(arguments, runs)
                    epochs = sum(point.settings.epochs for point in points)
                    watch = stack.enter_context(Watch(directories(out, points), epochs))

                    def report(*told: Any) -> None:
                        watch.quietly(lambda: _tell_run(*told))

                result = sweep(
                    given,
                    out,
                    jobs=arguments.jobs,
                    threads=arguments.threads,
                    save_steps=arguments.save_steps,
                    save_seconds=arguments.save_seconds,
                    report=report,
                )
        except KeyboardInterrupt as interrupt:
            said = str(interrupt) or "interrupted"
            raise KeyboardInterrupt(f"{said}; to continue, give the same command again") from None
    if not arguments.quiet:
        _tell_end(result, out)
    if result.failed:
        first = result.failed[0]
        print(
            f"fastrnn: {len(result.failed)} of {runs} runs failed, such as {first.path.name}: "
            f"{first.error}",
            file=sys.stderr,
        )
        return 1
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """End with a usage error where options that are no settings are wrong."""
    error = arguments.parser.error
    if arguments.jobs == 0:
        error("--jobs: 0, but it should be at least 1, or negative: -1 means one per processor")
    if arguments.threads is not None:
        from fastrnn.cipher.threads import check_threads

        check_threads(arguments.threads)
    for name in ("save_steps", "save_seconds"):
        value, option = getattr(arguments, name), name.replace("_", "-")
        if value is not None and not value > 0:
            error(f"--{option}: {value}, but it should be above 0")
    if arguments.scheduler is not None:
        if arguments.backend not in CLUSTERS:
            error(f"--scheduler: only with --backend {' or '.join(CLUSTERS)}")
        if arguments.jobs is not None:
            error("--jobs: not with --scheduler; the number of its workers decides")


def _tell_start(arguments: argparse.Namespace, runs: int) -> None:
    """Print how much there is to do."""
    from fastrnn.cipher.sweeps.running import runs_at_once

    at_once = runs_at_once(arguments.jobs, arguments.threads, runs)
    print(
        f"runs: {runs}, {at_once} at a time, with {counted(arguments.threads, 'thread')} each; "
        f"writing to {arguments.out}",
        flush=True,
    )


def _tell_run(run: SweepRun, done: int, runs: int) -> None:
    """Print the result of a run."""
    best = run.best_epoch
    if run.error is not None or best is None:
        said = f"failed: {run.error}"
    else:
        name, value = ("loss", best.loss) if best.val_loss is None else ("val_loss", best.val_loss)
        said = f"{name} {value:.5f}, {counted(len(run.history), 'epoch')}, {run.seconds:.1f} s"
    before = " (finished before)" if run.state == "skipped" else ""
    print(f"{done}/{runs}  {run.path.name}  {said}{before}", flush=True)


def _tell_end(result: SweepResult, out: Path) -> None:
    """Print the table, and how to go on with the best."""
    print(f"\n{result}")
    best = result.best
    if best is not None:
        what, command = (
            ("decipher", "decode") if best.settings.deciphers else ("encipher", "encode")
        )
        model = shlex.quote(str(out / best.path.name))
        print(f"\nto {what} with the best: fastrnn cipher {command} --model {model} TEXT")
