"""Standard streams of every kind: the work is done, and nobody is asked to report it."""

import errno
import io
import os
import subprocess
import sys

import pytest

from fastrnn.cli import main
from tests.patience import PATIENCE

TRAIN = [
    "cipher",
    "train",
    "--sentences",
    "120",
    "--units",
    "4",
    "--epochs",
    "2",
    "--batch-size",
    "16",
    "--out",
]
ENCODE = ["cipher", "encode", "--cipher", "caesar", "--key", "5"]


class Bare:
    """A stream of the fewest methods."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make", [lambda: None, closed, Bare])
@pytest.mark.parametrize("name", ["stdout", "stderr", "stdin"])
def test_streams_that_are_not_there(tmp_path, monkeypatch, name, make):
    monkeypatch.setattr(sys, name, make())
    assert main([*TRAIN, str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "last.safetensors").exists()
    assert main([*ENCODE, "A"]) == 0
    assert main(["info"]) == 0
    assert main(["cipher", "evaluate", "--model", str(tmp_path / "run")]) == 0
    with pytest.raises(SystemExit) as stopped:
        main(["cipher", "train", "--unit", "5"])
    assert stopped.value.code == 2


@pytest.mark.parametrize("make", [lambda: None, closed])
def test_no_texts_on_a_closed_standard_input(monkeypatch, capsys, make):
    monkeypatch.setattr(sys, "stdin", make())
    assert main(ENCODE) == 1
    err = capsys.readouterr().err
    assert err == "fastrnn: standard input is closed; give the texts as arguments\n"


def test_standard_input_that_is_text(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("\ufeffA\r\nB"))
    assert main(ENCODE) == 0
    assert capsys.readouterr().out == "F\nG\n"


def test_a_byte_order_mark_is_dropped(fastrnn):
    assert fastrnn(*ENCODE, stdin=b"\xef\xbb\xbfA\nB\n").out == "F\nG\n"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", rb"F\xd7\u03c3"), ("latin-1", b"F\xd7")])
def test_few_characters(monkeypatch, encoding, shown):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert main([*ENCODE, "A×σ"]) == 0
    sys.stdout.flush()
    assert raw.getvalue().startswith(shown)


class Full(io.StringIO):
    def __init__(self, number):
        super().__init__()
        self.number = number

    def write(self, text):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_a_training_does_not_end_when_its_output_is_not_read(tmp_path, monkeypatch, number):
    monkeypatch.setattr(sys, "stdout", Full(number))
    assert main([*TRAIN, str(tmp_path)]) == 0
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


def test_texts_that_cannot_be_written_are_a_failure(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Full(errno.ENOSPC))
    assert main([*ENCODE, "A"]) == 1
    assert (
        capsys.readouterr().err == "fastrnn: standard output: the disk is full; make room on it\n"
    )


def program(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "fastrnn", *map(str, words)],
        check=False,
        timeout=PATIENCE,
        **options,
    )


@pytest.mark.skipif(os.name != "posix", reason="closes the streams as a POSIX shell does")
def test_closed_by_the_shell(tmp_path):
    command = f'"{sys.executable}" -m fastrnn {" ".join(TRAIN)} "{tmp_path}" <&- >&- 2>&-'
    assert subprocess.call(command, shell=True, timeout=PATIENCE) == 0
    assert (tmp_path / "last.safetensors").exists()


def test_a_reader_that_leaves_during_a_training(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "fastrnn", *TRAIN, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(PATIENCE) == 0
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3


def test_orders_to_a_terminal_are_shown_escaped(fastrnn, tmp_path, monkeypatch):
    line = "THE \x1b[2JLIME\x07 .\n"
    plain = tmp_path / "plain\x1b[31m.txt"
    plain.write_text(line * 40)
    words = ["--plaintext", plain, "--out", tmp_path / "run", "--units", 4, "--epochs", 1]
    code, out, err = fastrnn("cipher", "train", *words)
    assert (code, err) == (0, "")
    assert "THE \\x1b[2JLIME\\x07 ." in out
    assert "plain\\x1b[31m.txt" in out
    model = ("--model", tmp_path / "run")
    texts = (out, fastrnn("cipher", "evaluate", *model).out)
    messages = (
        fastrnn("cipher", "decode", *model, "É\x1b[31m").err,
        fastrnn("cipher", "evaluate", "--model", "no\x1b[31m").err,
        fastrnn("cipher", "evaluate", "--mode\x1b[31m").err,
    )
    for text in (*texts, *messages):
        assert text
        assert "\x1b" not in text
        assert "\x07" not in text
    # What is piped on is what it is; what a person sees is not.
    assert fastrnn(*ENCODE, "A\x1b").out == "F\x1b\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert fastrnn(*ENCODE, "A\x1b").out == "F\\x1b\n"


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupted_import_is_no_traceback(tmp_path):
    (tmp_path / "fastrnn.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)\n"
    )
    code = (
        "import sys, fastrnn_program; sys.path.insert(0, sys.argv[1]); "
        "raise SystemExit(fastrnn_program.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (-2, b"")
