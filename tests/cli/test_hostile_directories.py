"""A directory that somebody else made: what it may cost is bounded, and what is wrong is said."""

import copy
import json
import os
import shutil
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

HUGE = [10**9, 2**31 - 1, 2**63, 10**400, -1, 0, 1e308, 1e-308, float("nan"), float("inf")]
ODD = [None, True, [], {}, [[[]]], "", "x", "\x1b[2J", "\ud800", "a\0b", "9" * 5000, "é" * 2000]
FILES = ["/dev/zero", "/dev/stdin", "/proc/self/mem", "/", "/nowhere/at/all"]
NAMES = [
    ("format",),
    ("length",),
    ("corpus",),
    ("characters",),
    ("characters", "plain"),
    ("characters", "cipher"),
    ("settings",),
    *(
        ("settings", name)
        for name in (
            "plaintext",
            "ciphertext",
            "sentences",
            "cipher",
            "key",
            "direction",
            "cell",
            "units",
            "forget_bias",
            "readout",
            "input",
            "batch_size",
            "learning_rate",
            "warmup_steps",
            "clip_norm",
            "validation_split",
            "seed",
        )
    ),
    ("settings", "more"),
]

#: Bytes that a command may take beside those of a good directory.
BOUND = 1 << 26


@pytest.fixture
def victim(trained, tmp_path):
    """Return a run, and a function that writes another config.json into it."""
    run = tmp_path / "run"
    shutil.copytree(trained, run)
    good = json.loads((run / "config.json").read_text())

    def change(path, value):
        content = copy.deepcopy(good)
        *parents, last = path
        part = content
        for name in parents:
            part = part[name]
        part[last] = value
        (run / "config.json").write_text(json.dumps(content))

    return run, change


def commands(run):
    model = ("--model", run)
    return [
        ("cipher", "decode", *model, "YMJ QNRJ"),
        ("cipher", "evaluate", *model),
        ("cipher", "train", "--resume", "--quiet", "--out", run),
    ]


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.sampled_from(NAMES), value=st.sampled_from(HUGE + ODD + FILES))
def test_any_value_of_any_setting(fastrnn, victim, path, value):
    run, change = victim
    change(path, value)
    for words in commands(run):
        tracemalloc.start()
        code, _, err = fastrnn(*words)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert code in (0, 1)
        assert err.count("\n") == code
        assert "report" not in err
        assert "\x1b" not in err
        assert len(err) < 1000
        assert peak < BOUND


@pytest.mark.parametrize("length", [10**6, 10**9])
def test_a_length_that_is_not_the_model_s(fastrnn, victim, length):
    run, change = victim
    change(["length"], length)
    for words in commands(run):
        code, _, err = fastrnn(*words)
        assert code == 1
        assert "config.json" in err


@pytest.mark.parametrize("name", ["config.json", "history.csv"])
@pytest.mark.parametrize("kind", ["device", "pipe", "nested", "long"])
def test_files_without_an_end(fastrnn, victim, name, kind):
    run, _ = victim
    file = run / name
    file.unlink()
    if kind == "device":
        if not os.path.exists("/dev/zero"):
            pytest.skip("this system has no such device")
        file.symlink_to("/dev/zero")
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no such pipes")
        os.mkfifo(file)
    else:
        file.write_text("[" * 10**5 if kind == "nested" else "9" * 10**6)
    code, _, err = fastrnn("cipher", "train", "--resume", "--quiet", "--out", run)
    assert (code, err.count("\n")) == (1, 1)
    assert f"{name}: damaged" in err


def test_sentences_in_a_pipe(fastrnn, victim, tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no such pipes")
    run, change = victim
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    change(["settings", "plaintext"], str(pipe))
    code, _, err = fastrnn("cipher", "evaluate", "--model", run)
    assert code == 1
    assert f"its sentences are in {pipe}, which is no regular file" in err


def test_a_model_too_large_for_the_machine(fastrnn, victim):
    run, change = victim
    change(["settings", "units"], 10**7)
    for name in ("history.csv", "best.safetensors", "last.safetensors"):
        (run / name).unlink()
    code, _, err = fastrnn("cipher", "train", "--resume", "--quiet", "--out", run)
    assert code == 2
    assert "--units: 10000000, but to train such a model takes" in err
