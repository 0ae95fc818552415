"""The program as a whole: help, exit codes, one line for every failure."""

import errno
import os
import subprocess
import sys

import pytest

import fastrnn as package
from fastrnn.cli import encode
from tests.patience import PATIENCE


@pytest.fixture
def failing(fastrnn, monkeypatch):
    """Return a function that runs a command which raises an error."""

    def run(error):
        def fail(arguments):
            raise error

        monkeypatch.setattr(encode, "run", fail)
        return fastrnn("cipher", "encode", "--cipher", "caesar", "--key", "5")

    return run


def test_version(fastrnn):
    assert fastrnn("--version") == (0, f"fastrnn {package.__version__}\n", "")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "cipher",
        "--help",
        "cipher --help",
        "cipher train --help",
        "cipher sweep --help",
        "info -h",
    ],
)
def test_help(fastrnn, words):
    code, out, err = fastrnn(*words.split())
    assert (code, err) == (0, "")
    assert out.startswith("usage: fastrnn")


@pytest.mark.parametrize(
    "words",
    [
        "learn",
        "cipher learn",
        "info more",
        "info --more",
        "cipher train --unit 5",
        "cipher train text",
        "--versio",
    ],
)
def test_usage_errors(misused, words):
    misused(*words.split())


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("ciper", "cipher"),
        ("Info", "info"),
        ("train", "cipher train"),
        ("cipher evalute", "evaluate"),
        ("cipher train --unit 5", "--units"),
        ("cipher evaluate --modle run", "--model"),
        ("cipher train --cell gur", "gru"),
        ("cipher train --cell LTSM", "lstm"),
        ("cipher train --cipher ceasar", "caesar"),
        ("cipher train --input onehot", "one-hot"),
        ("cipher train --direction decript", "decrypt"),
        ("cipher encode --cipher vignere --key A", "vigenere"),
        ("cipher sweep --cell gru,ltsm", "lstm"),
        ("cipher sweep --backend loki", "loky"),
        ("completion bsh", "bash"),
    ],
)
def test_the_nearest_name_is_offered(misused, words, near):
    assert misused(*words.split()).endswith(f"; did you mean {near}?")


def test_an_ending_gets_the_nearest(refused, trained, tmp_path):
    model, out = trained / "best.safetensors", tmp_path / "net.onx"
    assert refused("convert", model, out).endswith("; did you mean .onnx?\n")


def test_nothing_is_offered_where_nothing_is_near(misused):
    assert "did you mean" not in misused("learn")
    assert "did you mean" not in misused("cipher", "train", "--cell", "transformer")


@pytest.mark.parametrize("option", ["--epochs", "--learning-rate"])
def test_a_value_of_another_type(misused, option):
    wanted = {"--epochs": "a whole number", "--learning-rate": "a number"}[option]
    said = misused("cipher", "train", option, "five")
    assert said.endswith(f"argument {option}: 'five', but it should be {wanted}")


def test_a_usage_error_is_short(fastrnn):
    code, out, err = fastrnn("cipher", "train", "--cell", "gur")
    assert (code, out) == (2, "")
    assert err.splitlines()[:2] == [
        "usage: fastrnn cipher train [OPTION ...]",
        "(see fastrnn cipher train --help)",
    ]
    assert len(err.splitlines()) == 3


@pytest.mark.parametrize(
    "words",
    ["", "cipher", "cipher train", "cipher sweep", "cipher plot", "convert", "bench", "completion"],
)
def test_help_fits_a_terminal(fastrnn, words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = fastrnn(*words.split(), "--help").out
    assert max(map(len, out.splitlines())) < 80


def test_a_missing_file(failing):
    error = OSError(errno.ENOENT, os.strerror(errno.ENOENT), "some.txt")
    code, _, err = failing(error)
    assert code == 1
    assert err == "fastrnn: some.txt: No such file or directory; check the name and permissions\n"


def test_a_full_disk(failing):
    code, _, err = failing(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert (code, err) == (1, "fastrnn: the disk is full; make room on it\n")


def test_no_memory(failing):
    code, _, err = failing(MemoryError())
    assert code == 1
    assert err.startswith("fastrnn: out of memory; try fewer units")


def test_a_message_of_many_lines_becomes_one(failing):
    assert failing(ValueError("one\n  two\nthree")) == (1, "", "fastrnn: one two three\n")


def test_an_unexpected_error_is_one_line_that_asks_for_a_report(failing):
    code, _, err = failing(ZeroDivisionError("by zero"))
    assert code == 1
    assert err.count("\n") == 1
    assert "ZeroDivisionError: by zero; " in err
    assert "report" in err


def test_an_unexpected_error_shows_where_it_comes_from_where_asked(failing, monkeypatch):
    monkeypatch.setenv("FASTRNN_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError("by zero"))


def test_an_interrupt(failing):
    assert failing(KeyboardInterrupt()) == (130, "", "fastrnn: interrupted\n")


def python(*words, stdin=b""):
    return subprocess.run(
        [sys.executable, *words], input=stdin, capture_output=True, check=False, timeout=PATIENCE
    )


def test_python_m():
    words = "-m fastrnn cipher encode --cipher caesar --key 5"
    done = python(*words.split(), stdin=b"THE LIME\r\n\nis , her's ?")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines() == ["YMJ QNRJ", "", "nx , mjw'x ?"]


def test_help_does_not_wait_for_the_models():
    code = (
        "import sys, fastrnn.cli.program as program\n"
        "program._parse(['info'])\n"
        "print('fastrnn.models' in sys.modules)"
    )
    assert python("-c", code).stdout == b"False\n"


def test_a_reader_that_has_seen_enough():
    words = [sys.executable, "-m", "fastrnn", "cipher", "encode", "--cipher", "caesar", "--key=5"]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        try:
            process.stdin.write(b"A LINE\n" * 20_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 1
