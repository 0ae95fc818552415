"""What is measured of several ranks: the programs run, and what they print is what they found."""

import json

import numpy as np
import pytest

from bench import cost, distributed, distributed_job
from bench.distributed_job import Found, Job, Patience, Times, start


@pytest.fixture
def mpi():
    pytest.importorskip("mpi4py")
    if distributed_job.launcher() is None:
        pytest.skip("there is no mpiexec")


def test_two_ranks_are_measured_beside_one(mpi, capsys):
    words = ["--units", "4", "--batch", "4", "--time", "3", "--steps", "4", "--rounds", "1"]
    distributed.main([*words, "--cells", "rnn", "--dtypes", "float64", "--patience", "0"])
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("rnn 4"))
    alone, two, ratio = (float(cell) for cell in row.split()[7:10])
    assert ratio == pytest.approx(two / alone, abs=0.01)


def test_sums_are_measured_between_real_ranks(mpi):
    seconds = start(2, ["bench.cost", "--sums"])
    assert len(seconds) == len(cost.SIZES)
    assert min(seconds) > 0


def found(step=1.0, others=0.0, losses=(2.0, 1.0)):
    times = Times(step, 0.8 * step, 0.1 * step, 0.9 * step, 0.1 * step)
    return Found(times, times, 0.01 * step, list(losses), others, parameters=100)


def test_the_parts_of_a_step_are_those_of_each_step():
    steps, shared, summed = np.array([[3.0, 5.0, 9.0], [2.0, 1.0, 7.0], [0.5, 3.0, 1.0]])
    assert Times.medians(steps, shared, summed) == Times(5.0, 2.0, 1.0, 2.5, 1.0)


def test_curves_that_differ_are_found():
    distributed.check("case", "float64", found(), found())
    with pytest.raises(SystemExit, match=r"the loss curves are 5\.0e-07 apart"):
        distributed.check("case", "float64", found(), found(losses=(2.0, 1.0 + 5e-7)))
    distributed.check("case", "float32", found(), found(losses=(2.0, 1.0 + 5e-7)))
    with pytest.raises(SystemExit):
        distributed.check("case", "float32", found(), found(losses=(2.0, float("nan"))))


def test_what_others_disturb_is_measured_again(monkeypatch):
    monkeypatch.setattr(Patience, "_wait", lambda self: None)
    runs = [found(others=0.8), found(others=0.5), found(others=0.01), found(others=0.0)]
    assert Patience(60).measure(lambda: runs.pop(0)).others == 0.01
    runs = [found(others=0.8), found(others=0.0)]
    assert Patience(0).measure(lambda: runs.pop(0)).others == 0.8


def test_the_cost_is_told_and_drawn(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    kept, plot = tmp_path / "kept.json", tmp_path / "plot.png"
    works = {
        32: {"rows": [1, 64], "seconds": [1e-4, 64e-4], "serial": 1e-4, "parameters": 10_000},
        256: {"rows": [1, 64], "seconds": [1e-3, 64e-3], "serial": 2e-4, "parameters": 250_000},
    }
    kept.write_text(json.dumps({"gru": works}))
    cost.main(["--given", str(kept), "--cells", "gru", "--plot", str(plot)])
    lines = capsys.readouterr().out.splitlines()
    # 2 machines, 1 GbE, 40 kB: 0.44 ms a step. A row takes 0.1 ms, so that 5 spared ones are
    # worth it, and of 24 rows a step takes 2.5 ms / 1.74 ms > 0.7 * 2.
    pays = lines[lines.index(next(line for line in lines if "that pays" in line)) :]
    row = next(line for line in pays if line.startswith("32 "))
    assert row.split()[1:4] == ["10", "/", "24"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert plot.stat().st_size < 150_000


def test_the_work_is_measured(monkeypatch):
    monkeypatch.setattr(cost, "SECONDS", 0.0)
    made = cost.measured_work("rnn", (4,), (1, 3), 1)[4]
    assert made["parameters"] == 4 * (32 + 4 + 1) + 32 * 5
    assert min(made["seconds"]) > 0
    assert made["serial"] > 0


def test_a_job_makes_the_model_that_it_says():
    model = Job("lstm", 8, "float64", time=5, features=3, classes=4).model()
    assert model.count_params() == 4 * 8 * (3 + 8 + 1) + 4 * 9
    assert {weight.dtype.name for weight in model.get_weights()} == {"float64"}
