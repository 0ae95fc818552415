"""``fastrnn cipher train --distributed``: one run, whoever computes it."""

import csv
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fastrnn.cli import main
from fastrnn.models import load_model
from tests.patience import PATIENCE
from tests.tolerances import PROCESSES

SIZES = ("--sentences", 200, "--units", 8, "--epochs", 3, "--seed", 5)
RANDOM_KEYS = "--cipher autokey --key random --text random --curriculum 0.5 --schedule cosine"
TRAIN = ("-m", "fastrnn", "cipher", "train", "--distributed")


def figures(directory):
    """Return the history of a run without its seconds."""
    with open(directory / "history.csv", newline="") as file:
        return [[float(figure) for figure in row[:5]] for row in list(csv.reader(file))[1:]]


def weights(directory):
    return load_model(directory / "last.safetensors").get_weights()


def assert_same_run(a, b):
    within = PROCESSES[np.dtype(np.float32)]
    np.testing.assert_allclose(figures(a), figures(b), rtol=within)
    for v, w in zip(weights(a), weights(b), strict=True):
        np.testing.assert_allclose(v, w, rtol=0, atol=within * np.abs(v).max())


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Return the directory of the run of one process."""
    directory = tmp_path_factory.mktemp("alone") / "run"
    assert main(["cipher", "train", *map(str, SIZES), "--out", str(directory), "--quiet"]) == 0
    return directory


def test_three_ranks_write_the_run_of_one(mpiexec, alone, tmp_path):
    code, out, err = mpiexec(3, *TRAIN, *SIZES, "--out", "run")
    assert (code, err) == (0, "")
    assert out.count("writing to run") == 1
    assert [
        line.partition(" loss")[0].strip() for line in out.splitlines() if line.startswith("epoch")
    ] == [
        "epoch 1/3",
        "epoch 2/3",
        "epoch 3/3",
    ]
    assert sorted(os.listdir(tmp_path / "run")) == sorted(os.listdir(alone))
    assert_same_run(alone, tmp_path / "run")


@pytest.mark.slow
def test_two_ranks_draw_the_same_random_keys(mpiexec, tmp_path):
    words = RANDOM_KEYS.split()
    out = str(tmp_path / "alone")
    assert main(["cipher", "train", *map(str, SIZES), *words, "--out", out, "--quiet"]) == 0
    code, _, err = mpiexec(2, *TRAIN, *SIZES, *words, "--out", "run")
    assert (code, err) == (0, "")
    assert_same_run(tmp_path / "alone", tmp_path / "run")


def processes_in(folder):
    """Return the Python processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            program, at = os.readlink(entry / "exe"), os.readlink(entry / "cwd")
        except OSError:
            continue  # no process, or it has ended meanwhile
        if Path(program).name.startswith("python") and Path(at) == folder:
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/exe").exists(), reason="it looks for ranks in /proc")
@pytest.mark.parametrize(("ranks", "number"), [(2, signal.SIGKILL), (3, signal.SIGINT)])
def test_a_job_that_was_ended_goes_on_with_any_number_of_ranks(
    start, mpiexec, tmp_path, ranks, number
):
    directory = tmp_path / "run"
    words = [*SIZES[:4], *SIZES[6:], "--out", "run", "--quiet"]
    job = start(ranks, *TRAIN, *words, "--epochs", 10_000, "--save-steps", 2)
    until = time.monotonic() + PATIENCE
    while not (directory / "history.csv").exists():
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)
    # To a rank: what a launcher does with a Ctrl-C of its own differs from one MPI to another.
    os.kill(processes_in(tmp_path)[-1], number)
    _, err = job.communicate(timeout=PATIENCE)
    assert job.returncode != 0
    if number == signal.SIGINT:
        assert err.count("to continue: fastrnn cipher train --resume --out run") == 1

    epochs = len(figures(directory)) + 2
    resume = ("--resume", "--out", "run", "--epochs", epochs, "--quiet")
    code, out, err = mpiexec(5 - ranks, *TRAIN, *resume)
    assert (code, out, err) == (0, "", "")
    whole = tmp_path / "whole"
    words = [*SIZES[:4], *SIZES[6:], "--out", whole, "--epochs", epochs, "--quiet"]
    assert main(["cipher", "train", *map(str, words)]) == 0
    # What rounding makes of many epochs; a run that went on elsewhere is far off.
    within = 10 * PROCESSES[np.dtype(np.float32)]
    np.testing.assert_allclose(figures(directory), figures(whole), rtol=within)


@pytest.mark.parametrize(
    ("options", "about"),
    [
        ("['--units', str(4 + rank)]", "units (rank 0: 4; rank 1: 5)"),
        ("['--units', '4', '--plaintext', f'{rank}.txt']", "the corpus (rank 0: SHA-256 "),
    ],
    ids=["settings", "corpus"],
)
def test_ranks_that_are_told_different_things_are_one_line(mpiexec, tmp_path, options, about):
    sentences = [f"{'abc' * (i % 5)} {i % 7}" for i in range(40)]
    for rank in (0, 1):
        (tmp_path / f"{rank}.txt").write_text("\n".join(sentences))
        sentences[30] = "abd"
    program = tmp_path / "different.py"
    program.write_text(
        "import sys\n"
        "from mpi4py import MPI\n"
        "from fastrnn.cli import main\n"
        "rank = MPI.COMM_WORLD.rank\n"
        f"sys.exit(main([*sys.argv[1:], *{options}]))\n"
    )
    words = (*TRAIN[2:], "--sentences", 40, "--epochs", 1, "--out", "run")
    code, _, err = mpiexec(2, program, *words)
    assert code != 0
    assert err.count("\n") == 1
    assert err.startswith(f"fastrnn: the processes disagree about {about}")
    assert not (tmp_path / "run").exists()


def test_without_mpi_a_line_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    assert main(["cipher", "train", "--distributed", "--out", str(tmp_path / "run")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert 'pip install "fastrnn[mpi]"' in err
    assert not (tmp_path / "run").exists()
