"""The bench: what it times agrees, and what it prints is what it timed."""

import itertools
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from fastrnn.arguments import GRU, LSTM
from fastrnn.benchmark import agreement, cases, levels, main, timing
from fastrnn.benchmark.measure import training_job
from fastrnn.benchmark.peers import NAMES, installed
from fastrnn.benchmark.table import Table, duration, times
from fastrnn.config import config

on_x86 = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="the limits are those of x86-64"
)


def test_prints_the_table_of_a_case(capfd):
    words = ["--quick", "--table", "fb", "--case", "notebook", "--peers", "fastrnn", "numpy"]
    assert main([*words, "--threads", "1", "--dtype", "float64"]) == 0
    out, err = capfd.readouterr()
    assert err == "measuring tanh RNN forward and backward, notebook, f64: fastrnn, NumPy\n"
    rows = [line for line in out.splitlines() if line.startswith("notebook (3, 5, 2, 10, 4)")]
    assert len(rows) == 1
    assert "f64" in rows[0]
    assert rows[0].count("µs") + rows[0].count("ms") == 2
    assert "1 thread;" in out


def test_prints_markdown_for_each_number_of_threads(capfd):
    words = ["--quick", "--table", "inference", "--dtype", "float32", "--peers", "fastrnn", "numpy"]
    cases = ["--case", "GRU step", "GRU live step"]
    assert main([*words, *cases, "--threads", "1", "2", "--markdown"]) == 0
    out, _ = capfd.readouterr()
    assert out.count("| GRU step (1, 64, 32, 1, 1) | f32 |") == 2
    assert out.count("| GRU live step (1, 64, 1, 1, 1) | f32 |") == 2


def test_prints_what_lengths_save(capfd):
    words = ["--quick", "--table", "lengths", "--dtype", "float32", "--threads", "1"]
    assert main([*words, "--peers", "fastrnn", "numpy"]) == 0
    out, err = capfd.readouterr()
    assert [line.partition(",")[0] for line in err.splitlines()] == ["measuring lengths"] * 4
    rows = [line.split() for line in out.splitlines() if " f32 " in line]
    assert [row[row.index("f32") + 1] for row in rows] == ["100%", "50%", "25%", "15%"]
    assert all(row[-1].endswith("x)") for row in rows)


def test_problems_with_lengths_have_no_gradient_past_the_ends():
    sizes = cases.Sizes("odd", 3, 5, 2, 3, 4)
    lengths = (4, 1, 2)
    problem = cases.Problem(sizes, np.dtype(np.float32), lengths=lengths)
    assert problem.runs.sum(axis=1).tolist() == [*lengths]
    assert problem.ds.dtype == np.float32
    assert (problem.ds != 0).any(axis=0).tolist() == problem.runs.tolist()


def test_prints_the_tables_of_an_lstm(capfd):
    words = ["--quick", "--table", "lstm", "inference", "--case", "cipher", "LSTM stream"]
    words += ["--peers", "fastrnn", "numpy", "--threads", "1", "--dtype", "float32"]
    assert main(words) == 0
    out, _ = capfd.readouterr()
    assert "Forward and backward, LSTM" in out
    for row in ("cipher (32, 64, 32, 32, 101)", "LSTM stream (1, 64, 32, 1, 100)"):
        assert sum(line.startswith(row) for line in out.splitlines()) == 1


def test_the_peers_are_limited_to_the_level_of_fastrnn(monkeypatch, capfd):
    monkeypatch.setenv("FASTRNN_ISA", "baseline")
    words = ["--quick", "--table", "fb", "--case", "notebook", "--peers", "fastrnn", "numpy"]
    assert main([*words, "--threads", "1", "--dtype", "float64"]) == 0
    last = capfd.readouterr().out.rstrip().rpartition("\n")[2]
    if platform.machine().lower() in ("x86_64", "amd64"):
        assert last == "All packages are limited to the instruction set baseline."
    else:
        assert last.startswith("fastrnn uses the instruction set baseline, and the other")


@on_x86
def test_notes_name_what_cannot_be_limited():
    said = levels.note("avx2", ["", "products of JAX", "", "Theano"])
    assert said == (
        "All packages are limited to the instruction set avx2, except products of JAX; Theano."
    )
    assert "what they choose" in levels.note("avx512", [])
    assert levels.limits({"FASTRNN_ISA": "avx512"}) == levels.limits({}) == {}
    assert levels.limits({"FASTRNN_ISA": ""}) == {}


@on_x86
def test_limits_keep_other_flags_of_xla():
    environment = {"FASTRNN_ISA": "avx2", "XLA_FLAGS": "--one=1", "OPENBLAS_CORETYPE": "SkylakeX"}
    found = levels.limits(environment)
    assert found["XLA_FLAGS"] == "--one=1 --xla_cpu_max_isa=AVX2"
    assert found["OPENBLAS_CORETYPE"] == "Haswell"


@on_x86
@pytest.mark.parametrize(
    ("level", "blas", "torch_"), [("avx2", "Haswell", "AVX2"), ("baseline", "Nehalem", "DEFAULT")]
)
def test_limits_are_what_the_peers_obey(level, blas, torch_):
    if "avx2" not in config()["supported"]:
        pytest.skip("this machine has no AVX2")
    look = (
        "import importlib.util, numpy, threadpoolctl\n"
        "libraries = threadpoolctl.threadpool_info()\n"
        "blas = [one for one in libraries if one['internal_api'] == 'openblas']\n"
        "print({one['architecture'] for one in blas} <= {sys.argv[1]})\n"
        "core = getattr(numpy, '_core', None) or numpy.core\n"
        "print(core._multiarray_umath.__cpu_features__.get('X86_V4', False))\n"
        "if importlib.util.find_spec('torch'):\n"
        "    import torch\n"
        "    print(torch.backends.cpu.get_cpu_capability())\n"
    )
    environment = {**os.environ, **levels.limits({"FASTRNN_ISA": level})}
    command = [sys.executable, "-c", f"import sys\n{look}", blas]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    limited, has_x86_v4, *capability = run.stdout.split()
    assert (limited, has_x86_v4) == ("True", "False")
    assert capability in ([], [torch_])


@pytest.mark.parametrize(
    "words",
    [["--threads", "0"], ["--rounds", "0"], ["--peers", "theano"], ["--case", "nowhere"]],
)
def test_usage_errors(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_what_differs_is_found():
    expected = {"S": np.linspace(-1, 1, 12).reshape(3, 4)}
    agreement.check("twin", {"S": expected["S"] + 1e-12}, expected)
    with pytest.raises(agreement.Disagreement, match="wrong: S is off"):
        agreement.check("wrong", {"S": expected["S"] + 1e-6}, expected)
    with pytest.raises(agreement.Disagreement, match="S is off"):
        agreement.check("nan", {"S": np.full((3, 4), np.nan)}, expected)
    with pytest.raises(agreement.Disagreement, match="float32"):
        agreement.check("narrow", {"S": expected["S"].astype(np.float32)}, expected)
    with pytest.raises(agreement.Disagreement, match=r"\(4, 3\)"):
        agreement.check("turned", {"S": expected["S"].T}, expected)
    with pytest.raises(agreement.Disagreement, match="expected"):
        agreement.check("less", {}, expected)


def test_competitors_take_turns(monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    order = []
    monkeypatch.setattr(timing, "wait_until_quiet", lambda: order.append("-"))
    calls = {name: (lambda name=name: order.append(name)) for name in "abc"}
    timings = timing.interleaved(calls, rounds=4, seconds=1)
    # Before each of them everybody has come to rest.
    assert "".join(order[-24:]) == "-a-b-c-b-c-a-c-a-b-a-b-c"
    assert [len(timings[name].rounds) for name in "abc"] == [4, 4, 4]


class Machine:
    """A process whose threads work and rest as they are told, without a clock of its own.

    Parameters
    ----------
    works
        For one look after another whether a thread is at work meanwhile.
    """

    def __init__(self, works):
        self.works = iter(works)
        self.now = self.used = 0.0
        self.looks = 0

    def sleep(self, seconds):
        self.looks += 1
        self.now += seconds
        self.used += seconds * (0.5 if next(self.works) else 0.01)

    def looks_until_quiet(self, **options):
        """Return how often one looked before the wait was over."""
        clocks = {"clock": lambda: self.now, "cpu": lambda: self.used, "sleep": self.sleep}
        timing.wait_until_quiet(**options, **clocks)
        return self.looks


@pytest.mark.parametrize(
    ("works", "looks"),
    [
        ([0, 0, 0], 3),
        ([1] * 12 + [0, 0, 0], 15),
        # A rest that is too short is none.
        ([0, 1, 0, 0, 1, 0, 0, 0], 8),
    ],
)
def test_a_turn_begins_when_no_thread_is_at_work(works, looks):
    assert Machine(works).looks_until_quiet() == looks


def test_threads_that_never_rest_are_not_waited_for():
    assert Machine(itertools.repeat(1)).looks_until_quiet(most=0.995) == 100
    assert Machine([]).looks_until_quiet(most=0.0) == 0


def test_ratios_are_taken_within_a_round():
    slow, fast = timing.Timing((4.0, 40.0, 8.0)), timing.Timing((2.0, 20.0, 2.0))
    assert slow.ratio(fast) == 2.0
    assert slow.median == 8.0


def test_tables():
    table = Table("T", ["case", "a", "b"], [["x", "1", "-"], ["longer", "22", "-"]], ["note"])
    table = table.without_empty_columns()
    assert table.text() == "T\n\ncase     a\n------  --\nx        1\nlonger  22\n\nnote"
    assert table.markdown() == (
        "### T\n\n| case | a |\n|---|---:|\n| x | 1 |\n| longer | 22 |\n\nnote"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.5, "2.50 s"), (0.0125, "12.5 ms"), (350e-6, "350 µs"), (2e-6, "2.00 µs"), (4e-8, "40 ns")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_ratios():
    assert times(1.234) == "1.2x"
    assert times(456.7) == "457x"


def test_problems_have_the_shapes_of_the_functional_api():
    sizes = cases.Sizes("odd", 3, 5, 2, 7, 4)
    problem = cases.Problem(sizes, np.dtype(np.float32), GRU)
    shapes = {name: value.shape for name, value in problem.parameters.items()}
    assert shapes == {
        "Wx": (15, 3), "Ws": (15, 5), "Wy": (2, 5), "bs": (15, 1), "by": (2, 1), "bx": (15, 1)
    }  # fmt: skip
    assert problem.X.shape == (3, 7, 4)
    assert problem.S_0.shape == (5, 7)
    assert problem.ds.shape == (5, 7, 4)
    drawn = [*problem.parameters.values(), problem.X, problem.S_0, problem.ds]
    assert {value.dtype for value in drawn} == {np.dtype(np.float32)}
    again = cases.Problem(sizes, np.dtype(np.float32), GRU)
    np.testing.assert_array_equal(problem.X, again.X)
    np.testing.assert_array_equal(cases.time_major(problem.X)[2, 6], problem.X[:, 6, 2])


def test_recurrent_weights_have_a_spectral_radius_of_about_one():
    weights = cases.recurrent_matrix(np.random.default_rng(0), 256)
    assert 0.9 < np.abs(np.linalg.eigvals(weights)).max() < 1.1


def test_operations_are_counted():
    # Forward 2 (3 5 + 5 5 + 2 5) = 100, backward 4 (3 5 + 5 5) = 160, for 10 rows and 4 steps.
    assert cases.FORWARD_BACKWARD[0].forward_backward_flops() == 260 * 40
    # The cell counts four times, the output once.
    assert cases.FORWARD_BACKWARD[0].forward_backward_flops(LSTM) == (4 * 240 + 20) * 40


def test_the_training_job_is_a_substitution():
    job = training_job("rnn", samples=50)
    ids, targets = job.inputs[:, :, 0].astype(int), job.targets
    assert ids.shape == targets.shape == (50, 101)
    pairs = {(int(a), int(b)) for a, b in zip(ids.ravel(), targets.ravel(), strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})
    assert (0, 0) in pairs
    assert targets.max() < job.classes


def test_fastrnn_and_numpy_are_always_there():
    assert installed("fastrnn")
    assert installed("numpy")
    assert NAMES[:2] == ("fastrnn", "numpy")
