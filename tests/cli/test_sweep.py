"""``fastrnn cipher sweep``."""

import csv
import re
import sys

import pytest

from fastrnn.cipher import Training
from fastrnn.cli import backends

pytest.importorskip("joblib")

FIGURES = ["epochs", "loss", "val_loss", "val_accuracy", "seconds"]
TINY = "--sentences 200 --units 8 --epochs 1"
SWEEP = ("cipher", "sweep", "--jobs", "1", *TINY.split())

pytestmark = pytest.mark.usefixtures("quick_runs")


def test_what_it_prints(fastrnn, tmp_path):
    out = tmp_path / "out"
    code, text, err = fastrnn(*SWEEP, "--cell", "gru, rnn", "--seed", "1,2", "--out", out)
    assert (code, err) == (0, "")
    lines = text.splitlines()
    assert lines[0] == f"runs: 4, 1 at a time, with 1 thread each; writing to {out}"
    for number, line in enumerate(lines[1:5], start=1):
        assert re.fullmatch(
            rf"{number}/4  sentences-200_cell-\w+_units-8_seed-\d  val_loss \d\.\d{{5}}, 1 epoch,"
            r" \d+\.\d s",
            line,
        )
    assert lines[5] == ""
    assert lines[6].split() == ["cell", "seed", *FIGURES]
    rows = [line.split() for line in lines[7:11]]
    assert [float(row[4]) for row in rows] == sorted(float(row[4]) for row in rows)
    assert [row[-1] == "best" for row in rows] == [True, False, False, False]
    name = f"sentences-200_cell-{rows[0][0]}_units-8_seed-{rows[0][1]}"
    assert lines[11:] == [
        "",
        f"to decipher with the best: fastrnn cipher decode --model {out / name} TEXT",
    ]
    assert fastrnn("cipher", "decode", "--model", out / name, "YMJ").code == 0
    with open(out / "sweep.csv", newline="") as file:
        assert next(csv.DictReader(file))["run"] == name


def test_runs_are_those_of_train(fastrnn, tmp_path):
    words = "--learning-rate 0.01,0.02 --input scalar --clip-norm 1 --quiet --backend threading"
    assert fastrnn(*SWEEP, *words.split(), "--out", tmp_path / "out") == (0, "", "")
    words = f"cipher train {TINY} --learning-rate 0.02 --input scalar --clip-norm 1 --quiet --out"
    assert fastrnn(*words.split(), tmp_path / "run").code == 0
    name = "sentences-200_units-8_input-scalar_learning-rate-0.02_clip-norm-1.0"
    for file in ("best.safetensors", "last.safetensors", "config.json"):
        assert (tmp_path / "out" / name / file).read_bytes() == (
            tmp_path / "run" / file
        ).read_bytes()


def test_the_same_command_again(fastrnn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fastrnn(*SWEEP, "--seed", "1,2")
    code, text, _ = fastrnn(*SWEEP, "--seed", "1,2,3")
    assert code == 0
    assert text.count("(finished before)") == 2
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"sweep"}
    assert len(list((tmp_path / "runs" / "sweep").iterdir())) == 4


def test_a_run_that_fails(fastrnn, tmp_path):
    words = (*SWEEP, "--learning-rate", "1e300,0.01", "--out", tmp_path)
    reason = "epoch 1, step 2: the gradient is not finite"
    code, text, err = fastrnn(*words)
    assert code == 1
    assert f"learning-rate-1e+300  failed: {reason}" in text
    assert re.search(r"\n +0\.01 .* best\n +1e\+300 +0 .* failed: epoch 1", text)
    assert err.startswith("fastrnn: 1 of 2 runs failed, such as ")
    assert reason in err
    assert err.count("\n") == 1
    assert fastrnn(*words, "--quiet") == (1, "", err)


def test_a_corpus_that_is_not_there(fastrnn, tmp_path):
    words = ("--plaintext", tmp_path / "none,such.txt".replace(",", r"\,"), "--out")
    code, text, _ = fastrnn(*SWEEP, *words, tmp_path / "out")
    assert code == 1
    assert f"failed: {tmp_path / 'none,such.txt'}: No such file or directory; check" in text
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["sweep.csv"]


def test_no_held_out_sentences(fastrnn, tmp_path):
    code, text, _ = fastrnn(*SWEEP, "--validation-split", 0, "--seed", "1,2", "--out", tmp_path)
    assert code == 0
    assert len(re.findall(r"^\d/2 .* loss \d", text, re.MULTILINE)) == 2
    assert re.search(r"^ +\d +1 +\d\.\d+ +- +- .*best$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--units 8,x", "argument --units: 'x', but it should be a whole number, or several"),
        ("--units 8,,9", "argument --units: '8,,9' has nothing before or after a comma"),
        ("--units 8,", "argument --units: '8,' has nothing before or after a comma"),
        ("--units 8,9,8", "argument --units: '8' is in '8,9,8' twice"),
        ("--learning-rate 0.01,1e-2", "argument --learning-rate: '1e-2' is in '0.01,1e-2' twice"),
        ("--learning-rate 0.01,small", "'small', but it should be a number, or several"),
        ("--units 8,0", "units: 0, but it should be a whole number of at least 1"),
        ("--cell gru,tanh", "cell: 'tanh', but it should be one of gru, rnn, lstm"),
        ("--key 5,05", "key: two values make the same run"),
        ("--cipher caesar,vigenere --key LEMON", "caesar: the key is 'LEMON', but it should be"),
        ("--jobs 0", "--jobs: 0, but it should be at least 1, or negative"),
        ("--threads 0", "--threads: 0, but it should be 1 to"),
        ("--save-seconds 0", "--save-seconds: 0.0, but it should be above 0"),
        ("--backend mpi", "argument --backend: 'mpi', but it should be"),
        ("--scheduler tcp://host:1", "--scheduler: only with --backend dask or ray"),
        ("--jobs 2 --backend dask --scheduler host", "--jobs: not with --scheduler"),
        ("--resume", "unrecognized arguments: --resume"),
    ],
)
def test_usage_errors(misused, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in misused("cipher", "sweep", *words.split())
    assert not list(tmp_path.iterdir())


def test_another_run_in_the_way(fastrnn, refused, tmp_path):
    words = f"cipher train {TINY} --quiet --out".split()
    assert fastrnn(*words, tmp_path / "sentences-200_cell-rnn_units-8").code == 0
    err = refused(*SWEEP, "--cell", "rnn,lstm", "--out", tmp_path)
    assert "--cell: 'rnn', but " in err
    assert "cell-rnn_units-8 holds a run with 'gru'" in err


def test_an_interrupt_says_how_to_continue(fastrnn, tmp_path, monkeypatch):
    def interrupt(self, callbacks=()):
        raise KeyboardInterrupt

    monkeypatch.setattr(Training, "run", interrupt)
    assert fastrnn(*SWEEP, "--quiet", "--out", tmp_path) == (
        130,
        "",
        "fastrnn: interrupted after 0 of 1 runs; to continue, give the same command again\n",
    )


@pytest.mark.parametrize(
    ("module", "words", "what"),
    [
        ("joblib", "", 'a sweep needs joblib, .* pip install "fastrnn[sweep]"'),
        ("distributed", "--backend dask", 'needs Dask, .* pip install "dask[distributed]"'),
        ("ray", "--backend ray", "needs Ray, .* pip install ray"),
    ],
)
def test_what_is_not_installed(refused, tmp_path, monkeypatch, module, words, what):
    monkeypatch.setitem(sys.modules, module, None)
    err = refused(*SWEEP, *words.split(), "--out", tmp_path / "out")
    assert re.search(what.replace("[", r"\["), err)
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_does_not_answer(refused, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(backends, "PATIENCE", 0.2)
    words = f"cipher sweep {TINY} --backend dask --scheduler tcp://127.0.0.1:9 --out".split()
    assert "tcp://127.0.0.1:9" in refused(*words, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("default")  # those of Dask are not ours
def test_a_cluster_of_dask(fastrnn, tmp_path):
    """Workers with two threads each: runs share processes there, and not this one."""
    distributed = pytest.importorskip("distributed")
    words = f"cipher sweep {TINY} --quiet --backend dask --seed 1,2,3,4 --out".split()
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None
    ) as cluster:
        at = ("--scheduler", cluster.scheduler_address)
        assert fastrnn(*words, tmp_path / "out", *at) == (0, "", "")
    assert (
        fastrnn(*f"cipher train {TINY} --seed 3 --quiet --out".split(), tmp_path / "run").code == 0
    )
    for file in ("best.safetensors", "last.safetensors"):
        there = tmp_path / "out" / "sentences-200_units-8_seed-3" / file
        assert there.read_bytes() == (tmp_path / "run" / file).read_bytes()
