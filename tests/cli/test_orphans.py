"""A sweep that is killed takes its workers with it."""

import os
import signal
import subprocess
import sys
from time import monotonic, sleep

import pytest

from fastrnn.cipher import lock
from fastrnn.cipher.sweeps import job
from fastrnn.cipher.sweeps.stopping import PREFIX, Stop, Watch
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="looks for processes in /proc"
)

SWEEP = "cipher sweep --sentences 300 --units 8 --epochs 100000 --seed 1,2,3,4,5,6 --jobs 2 --quiet"


def until(true):
    """Wait until something is so, and return whether it came to be."""
    end = monotonic() + PATIENCE
    while not true():
        if monotonic() > end:
            return False
        sleep(0.05)
    return True


def those_with(mark):
    """Return the processes whose environment has a mark."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid():
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    environment = file.read()
                with open(f"/proc/{name}/stat") as file:
                    is_dead = file.read().rpartition(")")[2].split()[0] in "ZX"
            except OSError:
                continue
            if mark in environment and not is_dead:
                found.append(int(name))
    return found


def begun(folder):
    return sorted(path.parent.name for path in folder.glob("*/config.json"))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_end_with_a_sweep_that_is_killed(fastrnn, tmp_path, backend):
    pytest.importorskip("joblib")
    words = [*SWEEP.split(), "--backend", backend, "--out", str(tmp_path / "out")]
    mark = f"FASTRNN_TEST_MARK={tmp_path}"
    name, value = mark.split("=", 1)
    process = subprocess.Popen(
        [sys.executable, "-m", "fastrnn", *words], env={**os.environ, name: value}
    )
    try:
        assert until(lambda: len(list((tmp_path / "out").glob("*/history.csv"))) == 2)
        before = begun(tmp_path / "out")
        process.kill()
        process.wait()
        assert until(lambda: not those_with(mark.encode()))
    finally:
        for left in [
            *those_with(mark.encode()),
            *([process.pid] if process.poll() is None else []),
        ]:
            os.kill(left, signal.SIGKILL)
        process.wait()
    assert begun(tmp_path / "out") == before
    if backend == "loky":
        assert not list((tmp_path / "out").glob(f"{PREFIX}*"))
    # The folder is free: the same sweep, with fewer epochs to make, would say so at once.
    lock.Lock(tmp_path / "out").release()
    for run in before:
        lock.Lock(tmp_path / "out" / run).release()


def test_a_job_that_was_queued_starts_nothing(tmp_path):
    from fastrnn.cipher import Settings

    stop = Stop(tmp_path, handles=False)
    with stop.going_on():
        outside = 1 if os.getppid() != 1 else 2  # no parent of this process
        task = job.Task(0, str(tmp_path / "run"), Settings(), 1, watched=str(stop.file))
        watch = Watch(task.watched, outside)
        assert watch.is_orphaned
        with pytest.raises(KeyboardInterrupt):
            watch.look()
        assert not stop.file.exists()
        # Nobody else's jobs are there any more, either.
        assert job.perform(task).state == job.INTERRUPTED
    assert not (tmp_path / "run").exists()


def test_a_job_elsewhere_sees_the_lock(tmp_path):
    stop = Stop(tmp_path, handles=False)
    with stop.going_on():
        watch = Watch(str(stop.file))
        watch.look()
        assert not watch.is_orphaned
        if lock.fcntl is None:
            pytest.skip("this system locks no files")
        stop._lock.release()  # as the system does when a process is killed
        assert watch.is_orphaned
        watch._next = 0.0
        with pytest.raises(KeyboardInterrupt):
            watch.look()
        assert not stop.file.exists()


def test_two_sweeps_and_one_folder(refused, tmp_path):
    pytest.importorskip("joblib")
    held = lock.Lock(tmp_path)
    words = ["--sentences", 100, "--units", 3, "--epochs", 1, "--seed", "1,2", "--out", tmp_path]
    assert "another process is writing there" in refused("cipher", "sweep", *words)
    assert not list(tmp_path.iterdir())
    held.release()


def test_what_a_sweep_that_was_killed_left_is_removed(fastrnn, tmp_path):
    pytest.importorskip("joblib")
    (tmp_path / f"{PREFIX}0123").write_text("somewhere")
    words = "cipher sweep --sentences 100 --units 3 --epochs 1 --seed 1,2 --quiet --jobs 1 --out"
    assert fastrnn(*words.split(), tmp_path).code == 0
    assert not list(tmp_path.glob(f"{PREFIX}*"))
