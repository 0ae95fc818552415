"""A sweep through joblib: many runs at once, on whatever back end joblib is told to use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastrnn.cipher.errors import RunError, SettingsError
from fastrnn.cipher.lock import Lock
from fastrnn.cipher.sweeps.grid import Grid
from fastrnn.cipher.sweeps.job import (
    FAILED,
    INTERRUPTED,
    Outcome,
    Task,
    perform,
    wait_until_idle,
)
from fastrnn.cipher.sweeps.plan import directories
from fastrnn.cipher.sweeps.result import SweepResult, SweepRun
from fastrnn.cipher.sweeps.stopping import GRACE, PREFIX, Stop, shielded
from fastrnn.cipher.threads import check_threads
from fastrnn.files import make_folder, replace_file

__all__ = ["sweep"]

#: The table of a sweep, in its folder.
TABLE = "sweep.csv"

#: Where joblib has the back ends of this machine.
OWN_BACKENDS = "joblib._parallel_backends"

#: What `sweep` tells of: a run that has ended, how many have, and of how many.
Report = Callable[[SweepRun, int, int], None]


# Over 80 lines, for half of it documents its arguments.
def sweep(
    grid: Mapping[str, Any],
    out: str | os.PathLike[str],
    *,
    jobs: int | None = None,
    threads: int = 1,
    save_steps: int | None = None,
    save_seconds: float | None = None,
    report: Report | None = None,
) -> SweepResult:
    """Train a run for every combination of settings, and compare them.

    Each run is the one that ``fastrnn cipher train`` makes of the same settings, to the bit.

    Parameters
    ----------
    grid : mapping
        For names of `Settings`, a value or several, such as ``{"units": [32, 64], "cell": "rnn"}``.
    out : str or path-like
        The folder of the runs. What it holds of them is used: a finished run is skipped, any other
        continued from where it was kept last. Other runs in it stay as they are.
    jobs : int, optional
        How many runs at once; -1 for as many as there are processors, -2 for one less, and so on,
        divided by `threads`. What `joblib.parallel_config` says, or else -1, where left out.
    threads : int, default 1
        How many threads each run has. Its result is the same.
    save_steps, save_seconds : int or float, optional
        Keep the runs within epochs too: every so many steps, or after so many seconds.
    report : callable, optional
        Called with a `SweepRun` that has ended, how many have ended, and how many there are.

    Returns
    -------
    SweepResult
        The runs, the best first; also written to ``sweep.csv`` in `out`. A run that fails ends no
        other, and is in it with its reason.

    Raises
    ------
    SettingsError, InvalidKeyError
        A setting is unknown, out of its range, does not go with another, or is there twice.
    RunError
        A directory in `out` holds another run, or another sweep or training is writing to `out`.
    ImportError
        joblib is not installed.
    KeyboardInterrupt
        At Ctrl-C; the same call goes on from there.

    Notes
    -----
    The runs go through `joblib.Parallel`, so that ``joblib.parallel_config(backend="dask")`` around
    the call has them done by a Dask cluster, and likewise with Ray. The workers need fastrnn, and
    `out` and the files of the corpus under the same paths, on a shared file system.

    Examples
    --------
    >>> result = sweep({"units": [4, 8], "sentences": 200, "epochs": 1}, "runs", jobs=1)
    >>> [run.path.name for run in sorted(result.runs, key=lambda run: run.settings.units)]
    ['sentences-200_units-4', 'sentences-200_units-8']
    """
    joblib = joblib_or_say()
    if jobs == 0:
        raise SettingsError("0, but it should be at least 1, or less than 0", ("jobs",))
    check_threads(threads)
    chosen = Grid.of(grid)
    points = chosen.points()
    folder = Path(os.path.abspath(out))
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file, but should be a directory; give another name")
    paths = directories(folder, points)
    make_folder(folder)
    runs = [SweepRun(path, point.settings, "") for path, point in zip(paths, points, strict=True)]
    jobs = jobs_for(jobs, threads, len(runs))
    tasks = [
        Task(number, str(run.path), run.settings, threads, save_steps, save_seconds)
        for number, run in enumerate(runs)
    ]
    lock = Lock(folder)
    try:
        for left in folder.glob(f"{PREFIX}*"):  # of a sweep that was killed
            left.unlink(missing_ok=True)
        stop = Stop(folder, handles=joblib.effective_n_jobs(jobs) != 1)
        _work(runs, tasks, jobs, stop, report)
        result = SweepResult.of(folder, chosen.varied, runs)
        replace_file(folder / TABLE, result.to_csv().encode())
    finally:
        lock.release()
    return result


def _work(
    runs: list[SweepRun], tasks: list[Task], jobs: int | None, stop: Stop, report: Report | None
) -> None:
    """Run all tasks, and replace the runs by their results."""
    done = 0
    fault: Exception | None = None
    try:
        with stop.going_on():
            for outcome in _outcomes(tasks, jobs, stop):
                if outcome.state == INTERRUPTED:
                    stop.stop()
                    continue
                run = runs[outcome.number] = replace(
                    runs[outcome.number],
                    state=outcome.state,
                    history=outcome.epochs,
                    error=outcome.error,
                )
                done += 1
                fault = fault or _fault(report, run, done, len(runs))
                if fault is not None:
                    stop.stop()  # and wait for the others, which are kept
        if fault is not None:
            raise fault
        if done < len(runs):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        # Threads outlive joblib's end; they should be done with their directories before the next
        # sweep, and with the compiled code before the interpreter ends.
        wait_until_idle(GRACE / 2)
        raise KeyboardInterrupt(f"interrupted after {done} of {len(runs)} runs") from None


def _fault(report: Report | None, run: SweepRun, done: int, runs: int) -> Exception | None:
    """Report a run, and return the error of the report, such as a closed pipe."""
    try:
        if report is not None:
            report(run, done, runs)
    except Exception as error:
        return error
    return None


def joblib_or_say() -> Any:
    """Return the module `joblib`.

    Raises
    ------
    ImportError
        It is not installed; the message says how to.
    """
    try:
        import joblib
    except ImportError as error:
        raise ImportError(
            'a sweep needs joblib, which is not installed: pip install "fastrnn[sweep]"'
        ) from error
    return joblib


def jobs_for(jobs: int | None, threads: int, runs: int) -> int | None:
    """Return how many jobs to ask of joblib, in the back end that it uses now.

    Parameters
    ----------
    jobs : int or None
        What was asked for, see `sweep`.
    threads : int
        Of a run.
    runs : int
        How many there are.

    Returns
    -------
    int or None
        None for what joblib's configuration says.
    """
    import joblib
    from joblib.parallel import get_active_backend

    backend, configured = get_active_backend()
    if jobs is None and configured is not None:
        return None
    if type(backend).__module__ != OWN_BACKENDS:
        return -1 if jobs is None else jobs  # a cluster knows how many it can do
    if jobs is None or jobs < 0:
        jobs = max(joblib.cpu_count() // threads + 1 + (jobs or -1), 1)
    return min(jobs, runs)


def runs_at_once(jobs: int | None, threads: int, runs: int) -> int:
    """Return how many runs go on at a time; the arguments are those of `jobs_for`."""
    import joblib

    number: int = joblib.effective_n_jobs(jobs_for(jobs, threads, runs))
    return number


def _outcomes(tasks: list[Task], jobs: int | None, stop: Stop) -> Iterator[Outcome]:
    """Yield the results of the runs, as they end.

    When a worker dies, those beside it are lost too, and nothing says which run it was. So all that
    had begun are put aside, the rest goes on, and at the end each of the former is tried alone.
    """
    import joblib

    left = {task.number: task for task in tasks}
    aside: list[Task] = []
    while left:
        for outcome in _until_a_death([*left.values()], jobs, stop):
            if isinstance(outcome, Outcome):
                del left[outcome.number]
                yield outcome
            else:
                begun = [*left][: joblib.effective_n_jobs(jobs)]
                aside += [left.pop(number) for number in begun]
    for task in aside:
        for outcome in _until_a_death([task], jobs, stop):
            if isinstance(outcome, Outcome):
                yield outcome
            else:
                said, _, _ = " ".join(str(outcome).split()).partition(". ")
                why = f"its worker failed, {type(outcome).__name__}: {said}"
                yield Outcome(task.number, FAILED, error=why)


def _until_a_death(
    tasks: list[Task], jobs: int | None, stop: Stop
) -> Iterator[Outcome | Exception]:
    """Yield the results of the runs, and last the error of a back end that cannot go on."""
    try:
        yield from _parallel(tasks, jobs, stop)
    except Exception as error:
        stop.renew()
        yield error


def _parallel(tasks: list[Task], jobs: int | None, stop: Stop) -> Iterable[Outcome]:
    """Yield the results of the runs; all at once where the back end cannot do better."""
    import joblib
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend()
    streams = getattr(backend, "supports_return_generator", False)
    parallel = joblib.Parallel(
        n_jobs=jobs, batch_size=1, return_as="generator_unordered" if streams else "list"
    )
    # Workers of a cluster are not this process's children.
    parent = os.getpid() if type(backend).__module__ == OWN_BACKENDS else None
    calls = [
        joblib.delayed(perform)(replace(task, watched=str(stop.file), parent=parent))
        for task in tasks
    ]
    starts_processes = streams and not getattr(backend, "uses_threads", False)
    with shielded() if starts_processes else nullcontext():
        outcomes: Iterable[Outcome] = parallel(calls)
    return outcomes
