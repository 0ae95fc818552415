"""However a training on several ranks ends, it ends everywhere, and says why."""

import os

import pytest

from fastrnn.config import config

from .conftest import PROGRAMS

ENDS = PROGRAMS / "ends.py"


def test_all_ranks_make_all_steps_and_one_prints(mpiexec):
    code, out, err = mpiexec(3, ENDS, "prints", 0)
    assert (code, err) == (0, "")
    assert out.count("Epoch 1/3") == 1
    assert out.splitlines()[-3:] == ["30 steps"] * 3


def test_a_rank_uses_one_thread_unless_it_was_told_otherwise(mpiexec, monkeypatch):
    code, out, _ = mpiexec(2, ENDS, "threads", 0, FASTRNN_NUM_THREADS="3")
    assert code == 0
    assert out.splitlines() == ["{3}, then 3"] * 2
    for name in ("FASTRNN_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    code, out, _ = mpiexec(2, ENDS, "threads", 0)
    assert code == 0
    processors = len(os.sched_getaffinity(0))
    assert out.splitlines() == [f"{{1}}, then {processors}"] * 2


@pytest.mark.parametrize(
    ("comm", "said"),
    [
        ("'world'", "TypeError: comm is of type builtins.str; it should be a communicator"),
        ("MPI.COMM_NULL", "ValueError: comm is MPI.COMM_NULL, which has no processes"),
        ("MPI.COMM_SELF", "trained"),
    ],
)
def test_what_comm_may_be(mpiexec, comm, said):
    code, out, err = mpiexec(1, PROGRAMS / "one_comm.py", comm)
    assert (code, err) == (0, "")
    assert out.startswith(said)


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("data", "the data (ranks 0, 2: 300 samples of float32[10, 2], int64[10]"),
        ("units", "the model, layers 1, config, units (ranks 0, 2: 8; rank 1: 9)"),
        ("rate", "compile, optimizer, config, learning_rate (ranks 0, 2: 0.01; rank 1: 0.5)"),
    ],
)
def test_ranks_that_disagree_are_told_before_the_first_step(mpiexec, kind, about):
    code, out, _ = mpiexec(3, ENDS, kind, 1)
    assert code == 0  # the program went on, on every rank
    lines = out.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("DistributedError: the processes disagree about ")
        assert about in line


@pytest.mark.skipif(len(config()["supported"]) < 2, reason="this machine has one level")
def test_another_instruction_set_is_told(mpiexec):
    code, out, _ = mpiexec(2, PROGRAMS / "other_level.py")
    assert code == 0
    assert out.count("DistributedError: the processes disagree about the instruction set") == 2


def test_arguments_that_are_wrong_on_one_rank_are_an_error_on_all(mpiexec):
    code, out, _ = mpiexec(3, ENDS, "shape", 1)
    assert code == 0
    reason = "ValueError: x has shape (300, 10, 1); it should be (samples, 10, 2)"
    told = f"DistributedError: rank 1 of 3 has failed: {reason}"
    assert out.splitlines() == [told, reason, told]


@pytest.mark.parametrize(
    ("kind", "culprit", "reason"),
    [
        ("callback", 1, "ArithmeticError: one too many"),
        ("dataset", 1, "OSError: the disk is gone"),
        ("late", 0, "ArithmeticError: one too many"),
    ],
)
def test_an_exception_on_one_rank_ends_the_job_with_its_message(mpiexec, kind, culprit, reason):
    code, _, err = mpiexec(2, ENDS, kind, culprit)
    assert code != 0
    assert f"fastrnn: rank {culprit} of 2: Traceback" in err
    assert reason in err


def test_an_exception_on_all_ranks_is_one_as_ever(mpiexec):
    code, out, err = mpiexec(2, ENDS, "callback", -1)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["ArithmeticError: one too many"] * 2


def test_a_killed_rank_ends_the_job(mpiexec):
    code, out, _ = mpiexec(2, ENDS, "kill", 1)
    assert code != 0
    assert "steps" not in out


@pytest.mark.parametrize("culprit", [0, 1])
def test_one_rank_may_stop_all(mpiexec, culprit):
    code, out, _ = mpiexec(3, ENDS, "stop", culprit)
    assert code == 0
    # After the very step: nobody makes another.
    assert out.splitlines() == ["4 steps"] * 3


def test_ctrl_c_on_one_rank_is_one_on_all(mpiexec):
    code, out, err = mpiexec(3, ENDS, "interrupt", 2)
    assert (code, err) == (0, "")
    assert out.splitlines() == ["KeyboardInterrupt: "] * 3
