"""Sweeps: the product and its names, what is skipped and resumed, and what each job may use."""

import csv
import os
import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

import fastrnn
from fastrnn import seeding
from fastrnn.callbacks import Callback
from fastrnn.cipher import (
    InvalidKeyError,
    RunDirectory,
    RunError,
    Settings,
    SettingsError,
    Training,
    sweep,
)
from fastrnn.cipher.lesson import Lesson
from fastrnn.cipher.sweeps import running, stopping
from fastrnn.cipher.sweeps.grid import Grid
from tests.core import child

joblib = pytest.importorskip("joblib")

TINY = {"sentences": 200, "units": 8, "epochs": 1}

pytestmark = pytest.mark.usefixtures("quick_runs")


def names(**given):
    return [point.name for point in Grid.of(given).points()]


def contents(folder):
    """Return every file under a folder with its bytes and the time it was written."""
    return {
        path.relative_to(folder): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "sweep.csv"
    }


def alone(path, **settings):
    """Return the directory of a run that was trained without a sweep."""
    directory = RunDirectory.fresh(path)
    Training.start(Lesson.prepare(Settings(**{**TINY, **settings})), directory).run()
    return directory


def same_models(directory, path):
    other = RunDirectory(path)
    return all(
        getattr(directory, file).read_bytes() == getattr(other, file).read_bytes()
        for file in ("best_file", "last_file")
    )


class Break(Callback):
    """Interrupts a training at its third step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise KeyboardInterrupt


def interrupted(directory, **settings):
    training = Training.start(Lesson.prepare(Settings(**{**TINY, **settings})), directory)
    with pytest.raises(KeyboardInterrupt):
        training.run([Break()])


def test_the_product_and_its_names():
    points = Grid.of({"units": [8, 16], "cell": ("rnn", "gru"), "epochs": 2}).points()
    assert [point.name for point in points] == [
        "cell-rnn_units-8",
        "cell-rnn_units-16",
        "cell-gru_units-8",
        "cell-gru_units-16",
    ]
    assert points[1].settings == Settings(units=16, cell="rnn", epochs=2)
    assert names(units=64) == ["default"]
    assert names(sentences=200, units=[8, 64]) == [
        "sentences-200_units-8",
        "sentences-200_units-64",
    ]
    assert names(epochs=[1, 2]) == ["epochs-1", "epochs-2"]
    assert names(clip_norm=[None, 1.0]) == ["clip-norm-none", "clip-norm-1.0"]
    assert names(units=np.array([4, 5])) == ["units-4", "units-5"]
    assert names(learning_rate=np.geomspace(1e-5, 1e-4, 2)) == [
        "learning-rate-1e-05",
        "learning-rate-0.0001",
    ]


def test_names_are_those_of_no_other_run(tmp_path):
    files = [tmp_path / "a" / "plain_1.txt", tmp_path / "b" / "plain_1.txt", "plain/1.txt", "-.txt"]
    different = names(plaintext=list(map(str, files)))
    assert len({name.casefold() for name in different}) == 4
    assert all(name.startswith("plaintext-") and "/" not in name for name in different)
    keys = ["A" * 300, "A" * 301]
    long = names(cipher="vigenere", key=keys, plaintext=str(files[0]), direction="encrypt")
    assert len(set(long)) == 2
    assert max(map(len, long)) < 255


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"unit": 8}, SettingsError, "unit: no setting; it should be one of plaintext, "),
        ({"units": []}, SettingsError, "units: no value"),
        ({"units": [8, 8]}, SettingsError, "units: 8 is there twice"),
        ({"units": [8, 0]}, SettingsError, "units: 0, but it should be"),
        ({"key": ["5", "05"]}, SettingsError, "key: two values make the same run, key-5"),
        ({"cipher": ["caesar", "autokey"], "key": "LEMON"}, InvalidKeyError, "caesar: the key"),
    ],
)
def test_grids_that_are_none(given, error, message):
    with pytest.raises(error, match=message):
        Grid.of(given).points()


@pytest.mark.parametrize(("jobs", "threads"), [(0, 1), (1, 0)])
def test_numbers_of_jobs_and_threads(tmp_path, jobs, threads):
    with pytest.raises(SettingsError, match=r": 0, but it should be (at least 1|1 to)"):
        sweep(TINY, tmp_path / "out", jobs=jobs, threads=threads)
    assert not (tmp_path / "out").exists()


def test_runs_in_threads_are_those_of_train(tmp_path, monkeypatch):
    """Runs side by side in a process share neither seeds nor the number of threads."""
    used = []
    run = Training.run
    monkeypatch.setattr(
        Training,
        "run",
        lambda self, callbacks=(): used.append(fastrnn.get_num_threads()) or run(self, callbacks),
    )
    seeding.set_seed(5)
    wanted = seeding.generator().random()
    seeding.set_seed(5)
    before = fastrnn.get_num_threads()
    fastrnn.set_num_threads(7)
    told = []
    try:
        with joblib.parallel_config(backend="threading"):
            result = sweep(
                {**TINY, "cell": ["gru", "rnn"], "seed": [0, 3]},
                tmp_path / "out",
                jobs=3,
                threads=2,
                report=lambda *said: told.append(said),
            )
        assert fastrnn.get_num_threads() == 7
    finally:
        fastrnn.set_num_threads(before)
    assert used == [2] * 4
    assert seeding.generator().random() == wanted
    assert [said[1:] for said in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert all(said[0] in result.runs for said in told)
    for cell, seed in (("gru", 0), ("gru", 3), ("rnn", 0), ("rnn", 3)):
        trained = alone(tmp_path / f"{cell}{seed}", cell=cell, seed=seed)
        name = f"sentences-200_cell-{cell}_units-8_seed-{seed}"
        assert same_models(trained, tmp_path / "out" / name)


def test_the_threads_of_runs_are_none_that_the_user_has_said(tmp_path):
    """A training on several processes, which comes after a sweep, still limits its own."""
    program = f"""
import joblib
import fastrnn
from fastrnn._core import thread_count as threads
from fastrnn.cipher import sweep
before = fastrnn.get_num_threads()
with joblib.parallel_config(backend="threading"):
    sweep({TINY}, {str(tmp_path / "out")!r}, jobs=1, threads=2)
print(fastrnn.get_num_threads() == before)
threads.use_for_now(2)
threads.limit_unless_told(1)
print(fastrnn.get_num_threads())
"""
    assert child.run(program).split() == ["True", "1"]


def test_runs_at_a_time(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 8)
    asked = {(None, 1): 8, (None, 3): 2, (-1, 1): 8, (-2, 1): 7, (-9, 1): 1, (5, 1): 5, (5, 4): 5}
    for (jobs, threads), wanted in asked.items():
        assert running.jobs_for(jobs, threads, 20) == wanted
        assert running.jobs_for(jobs, threads, 2) == min(wanted, 2)
    with joblib.parallel_config(n_jobs=3):
        assert running.jobs_for(None, 1, 20) is None
        assert running.runs_at_once(None, 1, 20) == 3
        assert running.jobs_for(2, 1, 20) == 2


def test_the_table(tmp_path):
    grid = {**TINY, "cell": ["gru", "rnn"], "learning_rate": [0.01, 1e300]}
    result = sweep({**grid, "epochs": 2}, tmp_path, jobs=1)
    losses = [run.best_epoch.val_loss for run in result.runs if not run.error]
    assert losses == sorted(losses)
    assert [run.state for run in result.runs] == ["trained", "trained", "failed", "failed"]
    assert result.best is result.runs[0]
    assert result.failed == result.runs[2:]
    head, *rows = str(result).splitlines()
    assert head.split() == [
        *("cell", "learning_rate", "epochs", "loss", "val_loss", "val_accuracy", "seconds"),
    ]
    assert [row.endswith("best") for row in rows] == [True, False, False, False]
    assert rows[2].split()[:7] == ["gru", "1e+300", "0", "-", "-", "-", "-"]
    assert "failed: epoch 1, step 2: the gradient is not finite" in rows[2]
    end = head.index("epochs") + len("epochs")
    assert [row[:end].split()[2] for row in rows] == ["2", "2", "0", "0"]
    assert {row[end : end + 2] for row in rows} == {"  "}
    with open(tmp_path / "sweep.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["run"] for row in table] == [run.path.name for run in result.runs]
    best = result.best.best_epoch
    assert float(table[0]["val_loss"]) == best.val_loss
    assert (table[0]["epochs"], table[0]["best_epoch"]) == ("2", str(best.epoch))
    assert float(table[0]["seconds"]) == sum(epoch.seconds for epoch in result.best.history)
    assert table[0]["error"] == ""
    assert table[2]["val_loss"] == ""
    assert "not finite" in table[2]["error"]


def test_finished_runs_are_skipped_and_others_added(tmp_path):
    sweep({**TINY, "cell": ["gru", "rnn"]}, tmp_path, jobs=1)
    before = contents(tmp_path)
    again = sweep({**TINY, "cell": ["gru", "rnn"]}, tmp_path, jobs=1)
    assert [run.state for run in again.runs] == ["skipped", "skipped"]
    assert all(run.best_epoch is not None for run in again.runs)
    assert contents(tmp_path) == before
    more = sweep({**TINY, "cell": "gru", "units": [8, 9]}, tmp_path, jobs=1)
    # The run that is there keeps the name that the first sweep gave it.
    assert {run.path.name: run.state for run in more.runs} == {
        "sentences-200_cell-gru_units-8": "skipped",
        "sentences-200_units-9": "trained",
    }
    after = contents(tmp_path)
    assert {path: after[path] for path in before} == before


def test_a_run_that_is_named_otherwise_is_found(tmp_path):
    alone(tmp_path / "mine", seed=1)
    result = sweep({**TINY, "seed": [1, 2]}, tmp_path, jobs=1)
    assert {run.path.name: run.state for run in result.runs} == {
        "mine": "skipped",
        "sentences-200_units-8_seed-2": "trained",
    }


def test_unfinished_runs_are_resumed(tmp_path):
    grid = {**TINY, "epochs": 2, "seed": [1, 2, 3]}
    for seed in (1, 2):
        directory = RunDirectory.fresh(tmp_path / "out" / f"sentences-200_units-8_seed-{seed}")
        interrupted(directory, epochs=2, seed=seed)
    directory.last_file.unlink()  # as if it had been killed before anything was saved
    result = sweep(grid, tmp_path / "out", jobs=1)
    assert [run.state for run in result.runs] == ["trained"] * 3
    for seed in (1, 2, 3):
        trained = alone(tmp_path / str(seed), epochs=2, seed=seed)
        assert same_models(trained, tmp_path / "out" / f"sentences-200_units-8_seed-{seed}")


def test_more_epochs(tmp_path):
    sweep({**TINY, "seed": [1, 2]}, tmp_path / "out", jobs=1)
    result = sweep({**TINY, "seed": [1, 2], "epochs": 2}, tmp_path / "out", jobs=1)
    assert [(run.state, len(run.history)) for run in result.runs] == [("trained", 2)] * 2
    trained = alone(tmp_path / "alone", seed=2, epochs=2)
    assert same_models(trained, tmp_path / "out" / "sentences-200_units-8_seed-2")
    with pytest.raises(RunError, match="seed-1: holds a run of 2 epochs, but the sweep has 1"):
        sweep({**TINY, "seed": [1, 2]}, tmp_path / "out", jobs=1)


def test_a_directory_of_another_run(tmp_path):
    alone(tmp_path / "cell-gru", cell="rnn")
    before = contents(tmp_path)
    with pytest.raises(RunError, match=r"sentences: None, but .*cell-gru holds a run with 200;"):
        sweep({"cell": ["lstm", "gru"]}, tmp_path, jobs=1)
    assert contents(tmp_path) == before


def test_damage_is_of_one_run(tmp_path):
    grid = {**TINY, "seed": [1, 2, 3, 4]}
    first = sweep(grid, tmp_path, jobs=1)
    paths = sorted(run.path for run in first.runs)
    (paths[0] / "best.safetensors").unlink()
    (paths[1] / "last.safetensors").write_bytes(b"short")
    (paths[2] / "config.json").write_text("{}")
    result = sweep(grid, tmp_path, jobs=1)
    errors = {run.path: run.error for run in result.runs}
    assert "its best.safetensors is gone; bring it back, or remove" in errors[paths[0]]
    assert "last.safetensors is a text file" in errors[paths[1]]
    assert "config.json: damaged" in errors[paths[2]]
    assert errors[paths[3]] is None


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_keeps_the_runs(tmp_path, jobs, monkeypatch):
    """A sweep in this thread and one in others: both end, and go on to the same bits."""
    grid = {**TINY, "epochs": 3, "seed": [1, 2, 3, 4]}
    sent = []

    class Signal(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1 and not sent:
                sent.append(os.kill(os.getpid(), signal.SIGINT))
                # In this thread the training itself knows what to do; others see the file go.
                while jobs > 1 and list((tmp_path / "out").glob(".sweep-*")):
                    time.sleep(0.01)
                time.sleep(stopping.OFTEN)

    run = Training.run
    monkeypatch.setattr(Training, "run", lambda self, more=(): run(self, [Signal(), *more]))
    with (
        joblib.parallel_config(backend="threading"),
        pytest.raises(KeyboardInterrupt, match=r"interrupted after [01] of 4 runs"),
    ):
        sweep(grid, tmp_path / "out", jobs=jobs)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    begun = sorted(path.name for path in (tmp_path / "out").iterdir())
    # Of two, the second may not have got as far as its directory.
    names = [f"sentences-200_units-8_seed-{seed}" for seed in range(1, jobs + 1)]
    assert begun in (names, names[:1])
    monkeypatch.setattr(Training, "run", run)
    sweep({**grid, "seed": [1, 2]}, tmp_path / "out", jobs=1)
    trained = alone(tmp_path / "alone", epochs=3, seed=1)
    assert same_models(trained, tmp_path / "out" / begun[0])


def test_a_report_that_fails_ends_the_sweep(tmp_path):
    def fail(run, done, runs):
        raise BrokenPipeError

    with joblib.parallel_config(backend="threading"), pytest.raises(BrokenPipeError):
        sweep({**TINY, "epochs": [1, 200, 201, 202]}, tmp_path, jobs=2, report=fail)
    names = {path.name for path in tmp_path.iterdir()}
    assert names <= {f"sentences-200_units-8_epochs-{epochs}" for epochs in (1, 200, 201)}
    assert len(RunDirectory(tmp_path / "sentences-200_units-8_epochs-200").read_history()) < 200


def test_without_joblib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(ImportError, match=r'pip install "fastrnn\[sweep\]"'):
        sweep(TINY, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_processes(tmp_path, monkeypatch):
    # Half of a worker's time would go by until matplotlib is imported.
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "matplotlib.py").write_text("raise ImportError")
    monkeypatch.syspath_prepend(tmp_path / "none")
    result = sweep({**TINY, "seed": [1, 2]}, tmp_path / "out", jobs=2)
    assert [run.state for run in result.runs] == ["trained"] * 2
    trained = alone(tmp_path / "alone", seed=2)
    assert same_models(trained, tmp_path / "out" / "sentences-200_units-8_seed-2")


def test_a_run_that_kills_its_worker_fails_alone(tmp_path, monkeypatch):
    """Which one it was is unknown at first; whoever waits for a dead run's end waits no more."""
    files = set()

    def dying(tasks, jobs, stop):
        """Do the runs one by one, until one of them is deadly."""
        files.add(stop.file)
        for task in tasks:
            if task.settings.seed == 1:
                raise TerminatedError("A worker was ended. This could be\n\na fault")
            yield running.perform(replace(task, watched=str(stop.file)))

    class TerminatedError(RuntimeError):
        pass

    monkeypatch.setattr(running, "_parallel", dying)
    result = sweep({**TINY, "seed": [2, 1, 3, 4]}, tmp_path, jobs=1)
    assert [run.settings.seed for run in result.failed] == [1]
    assert result.failed[0].error == "its worker failed, TerminatedError: A worker was ended"
    assert [len(run.history) for run in result.runs] == [1, 1, 1, 0]
    assert len(files) == 2
    assert not any(file.exists() for file in files)
