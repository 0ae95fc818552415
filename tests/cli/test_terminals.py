"""What the program shows in a terminal: lines that fit, and what it is doing meanwhile."""

import os
import subprocess

import pytest

from fastrnn.cipher.history import Epoch
from fastrnn.cipher.progress import _line
from tests.patience import PATIENCE

terminals = pytest.importorskip("tests.terminals")

WORDS = "-m fastrnn cipher train --sentences 300 --units 4 --epochs 2 --out"
TRAIN = WORDS.split()


@pytest.mark.parametrize("columns", [80, 40])
def test_training_fits(tmp_path, columns):
    code, text = terminals.in_terminal(*TRAIN, "run", columns=columns, cwd=tmp_path)
    assert code == 0
    rows = terminals.rows(text)
    assert any(row.startswith("epoch 1/2: ") for row in rows)  # the bar
    assert any(row.startswith("epoch 1/2 ") for row in rows)  # the line
    about = [row for row in rows if not row.startswith(("model:", "to decipher:"))]
    assert max(map(len, about)) <= columns
    assert max(map(len, rows)) <= 80


def test_epoch_lines_have_the_digits_that_fit():
    row = Epoch(5, 12.345678, 0.5, 123.456789, 0.75, 12345.6)
    for width in (120, 80, 60, 40, 20):
        lines = _line("epoch 100/100", row, width).splitlines()
        assert max(map(len, lines)) < width
        assert "val_accuracy" in "".join(lines)


def test_evaluate_and_plot_say_what_they_do(trained, tmp_path):
    words = ["-m", "fastrnn", "cipher"]
    code, text = terminals.in_terminal(*words, "evaluate", "--model", trained)
    assert code == 0
    assert "evaluating: 0 of 60 sentences" in terminals.rows(text)
    # and none of that is left on the screen
    assert "sentences: 60, held out by the run" in terminals.rows(text)


def test_convert_says_what_it_does(trained, tmp_path):
    words = ["-m", "fastrnn", "convert", trained / "best.safetensors", tmp_path / "net.h"]
    code, text = terminals.in_terminal(*words, columns=1000)
    assert code == 0
    rows = terminals.rows(text)
    assert f"reading {trained / 'best.safetensors'}" in rows
    assert f"writing {tmp_path / 'net.h'}" in rows


def test_decode_into_a_file_says_how_far_it_is(trained, tmp_path):
    texts, answers = tmp_path / "texts", tmp_path / "answers"
    texts.write_text("YMJ QNRJ\n" * 600, encoding="utf-8")
    words = ["-m", "fastrnn", "cipher", "decode", "--model", trained]
    with open(texts, "rb") as source, open(answers, "wb") as target:
        code, text = terminals.in_terminal(*words, stdin=source, stdout=target, columns=1000)
    assert code == 0
    assert f"{trained}: 512 lines so far" in terminals.rows(text)
    assert len(answers.read_text(encoding="utf-8").splitlines()) == 600


def test_decode_into_a_pipe_says_nothing_where_nobody_looks(trained):
    done = subprocess.run(
        [*terminals.PYTHON, "-m", "fastrnn", "cipher", "decode", "--model", str(trained)],
        input=b"YMJ QNRJ\n" * 600,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert (done.stderr, done.stdout.count(b"\n")) == (b"", 600)


def test_a_sweep_shows_how_many_epochs_are_done(tmp_path):
    pytest.importorskip("joblib")
    words = "-m fastrnn cipher sweep --sentences 200 --units 3,4 --epochs 2 --backend threading"
    code, text = terminals.in_terminal(*words.split(), "--out", "sweep", cwd=tmp_path)
    assert code == 0
    rows = terminals.rows(text)
    assert "epochs done: 0 of 4, after 0 s" in rows
    assert any(row.startswith("2/2  ") for row in rows)


def test_a_watch_reads_the_histories(tmp_path):
    from fastrnn.cli.watching import Watch

    paths = [tmp_path / name for name in ("one", "two", "none")]
    for path in paths[:2]:
        path.mkdir()
    (paths[0] / "history.csv").write_text("epoch,loss\n1,0.5\n2,0.25\n")
    (paths[1] / "history.csv").write_text("epoch,loss\n")
    with Watch(paths, 9) as watch:
        assert watch.done() == 2


def test_the_bar_of_fit_fits(tmp_path):
    code = """
import numpy as np
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
model = Sequential([Input((3,)), Dense(1, "sigmoid")])
model.compile("sgd", "binary_crossentropy", ["accuracy", "mse", "mae"])
x = np.ones((640, 3)); y = x[:, :1]
model.fit(x, y, epochs=2, validation_split=0.5, verbose=1)
"""
    done, text = terminals.in_terminal("-c", code)
    assert done == 0
    rows = terminals.rows(text)
    assert max(map(len, rows)) <= 80
    assert any(row.endswith("]") for row in rows)  # the bar
    assert " - val_mae: " in "".join(rows) or "  val_mae: " in "".join(rows)


def test_an_epoch_of_fit_is_one_line_of_80_characters(capsys):
    from fastrnn.callbacks.progress import ProgressLines

    lines = ProgressLines()
    lines.params = {"epochs": 1}
    lines.on_epoch_begin(0)
    logs = {"loss": 0.5, "accuracy": 0.5, "val_loss": 0.5, "val_accuracy": 0.5}
    lines.on_epoch_end(0, logs)
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.endswith(
        "s - loss: 0.5000 - accuracy: 0.5000 - val_loss: 0.5000 - val_accuracy: 0.5000"
    )
    assert len(line) <= 80
    lines.on_epoch_begin(0)
    lines.on_epoch_end(0, {f"metric_{i}": 0.5 for i in range(9)})  # a file keeps it in a line
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_status_is_taken_away(monkeypatch, capsys):
    from fastrnn import terminal

    monkeypatch.setattr(terminal, "is_terminal", lambda stream: True)
    monkeypatch.setattr(terminal, "columns", lambda stream=None: 20)
    with terminal.Status() as status:
        status.say("a long text that does not fit")
        status.say("short")
    shown = capsys.readouterr().err
    assert shown == "\ra long text that do\rshort" + " " * 14 + "\r     \r"
    assert "\x1b" not in shown
    with terminal.Status():
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr", None)
    terminal.Status().say("nothing is there to write to")


@pytest.mark.skipif(os.name != "posix", reason="a terminal of POSIX")
def test_bench_says_what_it_measures():
    words = "-m fastrnn bench --quick --table fb --case notebook --peers fastrnn --threads 1"
    code, text = terminals.in_terminal(*words.split(), "--dtype", "float32")
    assert code == 0
    said = "measuring tanh RNN forward and backward, notebook, f32: fastrnn"
    assert said in terminals.rows(text)
