"""One process has a run's directory, and the others are told."""

import os
import subprocess
import sys

import pytest

from fastrnn.cipher import RunDirectory, RunError, Training, lock
from fastrnn.cipher.lock import LOCK_FILE, Lock

HOLD = """
import sys
from pathlib import Path
from fastrnn.cipher import lock
if sys.argv[2] == "file":
    lock.fcntl = None
held = lock.Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(params=["folder", "file"])
def way(request, monkeypatch):
    """Lock folders, or as where the system cannot do that."""
    if request.param == "folder" and lock.fcntl is None:
        pytest.skip("this system locks no folders")
    if request.param == "file":
        monkeypatch.setattr(lock, "fcntl", None)
    return request.param


@pytest.fixture
def elsewhere(way):
    """Return a function that starts a process which holds a folder."""
    started = []

    def hold(folder):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(folder), way],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield hold
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_one_at_a_time_in_this_process(way, tmp_path):
    first = Lock(tmp_path)
    with pytest.raises(RunError, match="another process is writing there"):
        Lock(tmp_path)
    first.release()
    second = Lock(tmp_path)
    first.release()
    with pytest.raises(RunError):
        Lock(tmp_path)
    del second
    Lock(tmp_path).release()
    assert not list(tmp_path.iterdir())


def test_another_process_has_it(elsewhere, tmp_path):
    process = elsewhere(tmp_path)
    with pytest.raises(RunError, match="wait until it has ended, or give another directory"):
        Lock(tmp_path, patience=0.1)
    process.stdin.close()
    process.wait()
    Lock(tmp_path).release()


def test_a_process_that_was_killed_has_it_no_more(elsewhere, tmp_path):
    process = elsewhere(tmp_path)
    process.kill()
    process.wait()
    held = Lock(tmp_path)
    with pytest.raises(RunError):
        Lock(tmp_path)
    held.release()
    assert not list(tmp_path.iterdir())


def test_a_process_with_the_number_of_one_that_was_killed(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "fcntl", None)
    number, _, host = lock._self().split(" ", 2)
    (tmp_path / LOCK_FILE).write_text(f"{number} 17 {host}")
    if lock._started(os.getpid()) == "-":
        pytest.skip("this system does not say when a process was started")
    Lock(tmp_path).release()


def test_a_process_of_another_machine_is_believed_to_live(monkeypatch, tmp_path):
    monkeypatch.setattr(lock, "fcntl", None)
    (tmp_path / LOCK_FILE).write_text("1 17 another.example")
    with pytest.raises(RunError, match=r"number 1 on another\.example; if it is gone, remove"):
        Lock(tmp_path)


@pytest.mark.filterwarnings("ignore:os.fork")  # where another test has imported JAX
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_neither_keeps_nor_ends_it(way, tmp_path):
    held = Lock(tmp_path)
    ready, ended = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ended)
        os.read(ready, 1)  # ends with the parent's end of the pipe
        os._exit(0)
    with pytest.raises(RunError):
        Lock(tmp_path)
    held.release()
    Lock(tmp_path).release()
    os.close(ended)
    os.close(ready)
    assert os.waitpid(child, 0)[1] == 0


def test_starts_and_resumes(start, tmp_path, elsewhere):
    training = start()
    with pytest.raises(RunError, match="another process is writing there"):
        RunDirectory.fresh(training.directory.path)
    with pytest.raises(RunError, match="another process is writing there"):
        Training.resume(RunDirectory(training.directory.path))
    training.run()
    process = elsewhere(training.directory.path)
    with pytest.raises(RunError, match="another process is writing there"):
        Training.resume(RunDirectory(training.directory.path))
    process.kill()
    process.wait()
    assert Training.resume(RunDirectory(training.directory.path)).epochs == training.epochs


def test_a_run_that_cannot_be_resumed_is_not_held(start):
    training = start(epochs=1)
    training.run()
    for _ in range(2):
        with pytest.raises(RunError, match="units: 9, but"):
            Training.resume(RunDirectory(training.directory.path), {"units": 9})
