"""The program as a whole: help, exit codes, one line for every failure."""

import errno
import os
import subprocess
import sys

import pytest

import fastrnn as package
from fastrnn.cli import encode


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
        [sys.executable, *words], input=stdin, capture_output=True, check=False, timeout=60
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
        assert process.wait(60) == 1
