"""One run of a sweep, as a worker of joblib does it, perhaps on another machine.

What goes in and what comes out is small and made of Python's own types. Paths are absolute: another
machine needs the same file system, and nothing else of the one that asked.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import monotonic, sleep

from fastrnn import seeding
from fastrnn._core import thread_count as threads
from fastrnn.cipher.directory import RunDirectory
from fastrnn.cipher.errors import RunError, line_of
from fastrnn.cipher.history import Epoch
from fastrnn.cipher.lesson import Lesson
from fastrnn.cipher.settings import Settings
from fastrnn.cipher.sweeps.stopping import Watch, end_with_parent
from fastrnn.cipher.training import Training
from fastrnn.models import training_position

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "SKIPPED",
    "TRAINED",
    "Outcome",
    "Task",
    "perform",
    "wait_until_idle",
]

#: Seconds to wait for a directory: a job of a sweep that was killed may be about to end.
PATIENCE = 6.0

#: How a run may end: it was finished before, finishes now, is interrupted, or fails.
SKIPPED, TRAINED, INTERRUPTED, FAILED = "skipped", "trained", "interrupted", "failed"


@dataclass(frozen=True)
class Task:
    """What to do.

    Attributes
    ----------
    number : int
        Which run of the sweep it is.
    path : str
        The directory of the run, absolute; it need not exist.
    settings : Settings
        What to train.
    threads : int
        How many to use.
    save_steps, save_seconds : int or float or None
        As in `Training`.
    watched : str
        A file, absolute; the run ends when it is gone.
    parent : int or None
        The process that waits for the outcome, where it starts the worker; see `Watch`.
    """

    number: int
    path: str
    settings: Settings
    threads: int
    save_steps: int | None = None
    save_seconds: float | None = None
    watched: str = ""
    parent: int | None = None


@dataclass(frozen=True)
class Outcome:
    """Its result.

    Attributes
    ----------
    number : int
        Which run of the sweep it is.
    state : str
        `SKIPPED`, `TRAINED`, `INTERRUPTED` or `FAILED`.
    epochs : tuple of Epoch
        The figures of the finished epochs.
    error : str or None
        Why it failed, in one line.
    """

    number: int
    state: str
    epochs: tuple[Epoch, ...] = ()
    error: str | None = None


def perform(task: Task) -> Outcome:
    """Train a run to its end, from where it was saved, unless it is finished already.

    Parameters
    ----------
    task : Task
        Which.

    Returns
    -------
    Outcome
        Also of a run that failed: other runs are none the worse for it.
    """
    directory = RunDirectory(task.path)
    # joblib may run a job in the process of the sweep itself.
    parent = None if task.parent == os.getpid() else task.parent
    watch = Watch(task.watched, parent)
    if parent is not None:
        end_with_parent(parent, wait_until_idle)
    try:
        # Other runs may be at work in other threads of this process.
        with seeding.apart(), _at_most(task.threads):
            watch.look()
            state = SKIPPED
            if not _is_finished(directory, task.settings):
                _train(directory, task, watch)
                state = TRAINED
        return Outcome(task.number, state, tuple(directory.read_history()))
    except KeyboardInterrupt:
        return Outcome(task.number, INTERRUPTED)
    except Exception as error:
        if os.environ.get("FASTRNN_TRACEBACK"):
            traceback.print_exc()
        return Outcome(task.number, FAILED, _epochs(directory), line_of(error))


def _train(directory: RunDirectory, task: Task, watch: Watch) -> None:
    if directory.config_file.exists():
        training = Training.resume(directory, asdict(task.settings), patience=PATIENCE)
    else:
        # A corpus that cannot be used should leave no directory behind.
        lesson = Lesson.prepare(task.settings)
        training = Training.start(lesson, RunDirectory.fresh(directory.path, PATIENCE))
    training.save_steps, training.save_seconds = task.save_steps, task.save_seconds
    training.run([watch])
    _is_finished(directory, task.settings)  # for what it has to say of files from before


def _is_finished(directory: RunDirectory, settings: Settings) -> bool:
    """Return whether a run has all its epochs, and its files whole."""
    if not directory.config_file.exists() or directory.read_config().settings != settings:
        return False
    if len(directory.read_history()) < settings.epochs or not directory.last_file.exists():
        return False
    if training_position(directory.last_file) != (settings.epochs, 0):
        return False
    if not directory.best_file.exists():
        raise RunError(
            f"{directory}: its {directory.best_file.name} is gone; bring it back, or remove the "
            "directory to train the run again"
        )
    training_position(directory.best_file)  # reads it all, and says so if it is damaged
    return True


def _epochs(directory: RunDirectory) -> tuple[Epoch, ...]:
    try:
        return tuple(directory.read_history())
    except (RunError, OSError):
        return ()


_lock = threading.Lock()
_limits: list[int] = []
_before = 1


@contextmanager
def _at_most(number: int) -> Iterator[None]:
    """Set the number of threads of this process, which other runs in it may do as well.

    The least of their numbers is in force, and after the last of them what was before the first. It
    is no number that the user has said: a training on several processes would go by it.
    """
    global _before
    with _lock:
        if not _limits:
            _before = threads.get_num_threads()
        _limits.append(number)
        threads.use_for_now(min(_limits))
    try:
        yield
    finally:
        with _lock:
            _limits.remove(number)
            threads.use_for_now(min(_limits, default=_before))


def wait_until_idle(seconds: float) -> None:
    """Wait until no run is at work in this process, but not for longer than some seconds."""
    end = monotonic() + seconds
    while _limits and monotonic() < end:
        sleep(0.01)
