"""``fastrnn cipher train``."""

import errno
import json
import os
import re
from functools import partial

import numpy as np
import pytest
import tqdm

import fastrnn as package
from fastrnn.callbacks import Callback
from fastrnn.cipher import Training
from fastrnn.cipher.history import Epoch
from fastrnn.cipher.lock import Lock
from fastrnn.cipher.progress import _line
from fastrnn.models import load_model

SIZES = "--sentences 120 --units 8 --epochs 2 --batch-size 16 --learning-rate 0.02"
TRAIN = ("cipher", "train", *SIZES.split())


@pytest.fixture
def pair(tmp_path):
    """Return two files of a small corpus."""
    plain, cipher = tmp_path / "plain.txt", tmp_path / "cipher.txt"
    plain.write_text("".join(f"THE {word} IS HERE .\n" for word in ("CAT", "DOG", "HEN") * 20))
    cipher.write_text(plain.read_text().translate(str.maketrans("ACDEGHINORST", "CDEGHINORSTA")))
    return plain, cipher


def weights(directory):
    return load_model(directory / "last.safetensors").get_weights()


def same_weights(a, b):
    return all(np.array_equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def test_what_it_prints(fastrnn, tmp_path):
    out = tmp_path / "run"
    code, text, err = fastrnn(*TRAIN, "--out", out)
    assert (code, err) == (0, "")
    lines = text.splitlines()
    assert lines[0] == (
        "corpus: built-in sentences, caesar with key 5; 96 to train on, 24 held out"
    )
    assert re.fullmatch(r"model: gru with 8 units, \d+ parameters", lines[1])
    assert lines[2] == f"writing to {out}"
    number = r"\d+\.\d{3,5}"
    for epoch in (1, 2):
        line = lines[2 + epoch]
        assert re.fullmatch(
            rf"epoch {epoch}/2 +loss {number} +accuracy {number} +val_loss {number}"
            rf" +val_accuracy {number} +\d+(\.\d)? s",
            line,
        )
        assert len(line) < 80
    shown = lines[5:-1]
    assert [line[:10].strip() for line in shown] == ["", "cipher", "prediction", "truth"] * 3 + [""]
    for _, cipher, prediction, truth in (shown[i : i + 4] for i in range(0, 12, 4)):
        assert len(cipher) == len(prediction) == len(truth)
    assert lines[-1] == f"to decipher: fastrnn cipher decode --model {out} TEXT"


@pytest.mark.parametrize("epoch", ["epoch 5/5", "epoch 100/100"])
@pytest.mark.parametrize("loss", [0.5, 12.5])
@pytest.mark.parametrize("seconds", [0.2, 1234.5])
def test_the_line_of_an_epoch_fits_a_terminal(epoch, loss, seconds):
    row = Epoch(5, loss, 1.0, loss, 1.0, seconds)
    line = _line(epoch, row, 80)
    assert len(line) < 80
    assert line.startswith(f"{epoch} loss ")
    assert _line("epoch 1/1", Epoch(1, 0.5, 1.0, None, None, 1.0), 80) == (
        "epoch 1/1  loss 0.50000  accuracy 1.00000  1.0 s"
    )


def test_the_history_has_its_columns(fastrnn, tmp_path):
    fastrnn(*TRAIN, "--quiet", "--out", tmp_path)
    head, *rows = (tmp_path / "history.csv").read_text().splitlines()
    assert head == "epoch,loss,accuracy,val_loss,val_accuracy,seconds"
    assert [row.split(",")[0] for row in rows] == ["1", "2"]


def test_quiet(fastrnn, tmp_path):
    assert fastrnn(*TRAIN, "--quiet", "--out", tmp_path) == (0, "", "")


def test_a_bar_on_a_terminal(fastrnn, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    # An epoch as short as these would be over before the bar is drawn again.
    monkeypatch.setattr("tqdm.tqdm", partial(tqdm.tqdm, mininterval=0))
    code, out, err = fastrnn(*TRAIN, "--out", tmp_path)
    assert code == 0
    assert "epoch 1/2:" in err
    assert "/6 [" in err
    assert re.search(r"6 \[.*loss \d\.\d{4}, accuracy \d\.\d{4}", err)
    assert out.count("\nepoch ") == 2


def test_an_interrupt_takes_the_bar_away(fastrnn, tmp_path, monkeypatch):
    run = Training.run
    monkeypatch.setattr(
        Training, "run", lambda self, callbacks=(): run(self, [*callbacks, Interrupt()])
    )
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    code, _, err = fastrnn(*TRAIN, "--out", tmp_path)
    assert code == 130
    assert "/6 [" in err
    assert err.rpartition("\r")[2].startswith("fastrnn: interrupted, ")


def test_a_directory_of_its_own_by_default(fastrnn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = fastrnn(*TRAIN, "--epochs", 1)
    second = fastrnn(*TRAIN, "--epochs", 1, "--cell", "rnn")
    third = fastrnn(*TRAIN, "--epochs", 1)
    assert [run.code for run in (first, second, third)] == [0, 0, 0]
    assert "writing to runs/caesar-gru\n" in first.out
    made = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert made == ["caesar-gru", "caesar-gru-2", "caesar-rnn"]
    assert same_weights(tmp_path / "runs" / "caesar-gru", tmp_path / "runs" / "caesar-gru-2")


def test_files(fastrnn, tmp_path, pair, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = (
        "--plaintext",
        pair[0],
        "--ciphertext",
        pair[1],
        "--epochs",
        6,
        "--learning-rate",
        0.05,
    )
    code, out, _ = fastrnn("cipher", "train", "--units", 16, *words)
    assert code == 0
    assert f"corpus: {pair[0]} and {pair[1]}; 48 to train on, 12 held out\n" in out
    assert "writing to runs/cipher-gru\n" in out
    config = json.loads((tmp_path / "runs" / "cipher-gru" / "config.json").read_text())
    assert config["settings"]["plaintext"] == str(pair[0])


def test_a_plain_text_alone_is_enciphered(fastrnn, tmp_path, pair):
    words = ("--plaintext", pair[0], "--cipher", "vigenere", "--key", "LEMON")
    code, out, _ = fastrnn("cipher", "train", "--epochs", 1, *words, "--out", tmp_path / "run")
    assert code == 0
    assert f"corpus: {pair[0]}, vigenere with key LEMON; " in out
    assert "cipher      ELQ " in out


@pytest.mark.parametrize("cipher", ["caesar", "substitution", "vigenere", "autokey"])
@pytest.mark.parametrize("cell", ["gru", "rnn", "lstm"])
def test_every_cipher_and_cell(fastrnn, tmp_path, cipher, cell):
    words = ("--cipher", cipher, "--cell", cell, "--epochs", 1, "--out", tmp_path / "run")
    code, out, _ = fastrnn(*TRAIN, *words)
    assert code == 0
    assert f"{cipher} with key" in out
    assert f"model: {cell} with 8 units" in out


def test_no_held_out_sentences(fastrnn, tmp_path):
    code, out, _ = fastrnn(*TRAIN, "--validation-split", 0, "--out", tmp_path)
    assert code == 0
    assert "0 held out" in out
    assert "val_loss" not in out
    assert "prediction" not in out


def test_threads(fastrnn, tmp_path):
    before = package.get_num_threads()
    try:
        code, _, _ = fastrnn(*TRAIN, "--threads", 1, "--out", tmp_path)
        assert code == 0
        assert package.get_num_threads() == 1
    finally:
        package.set_num_threads(before)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--sentences 0", "sentences: 0, but it should be"),
        ("--units 0", "units: 0, but it should be"),
        ("--units many", "--units"),
        ("--epochs 0", "epochs: 0, but it should be"),
        ("--batch-size 0", "--batch-size: 0, but it should be"),
        ("--learning-rate 0", "--learning-rate: 0.0, but it should be"),
        ("--learning-rate nan", "--learning-rate: nan, but it should be"),
        ("--validation-split 1", "--validation-split: 1.0, but it should be"),
        ("--seed -1", "seed: -1, but it should be"),
        ("--threads 0", "--threads: 0, but it should be 1 to"),
        ("--threads 1000", "--threads: 1000, but it should be 1 to"),
        ("--cipher rot13", "cipher: 'rot13', but it should be"),
        ("--key 99", "caesar: the key is '99', but it should be"),
        ("--direction up", "direction: 'up', but it should be one of decrypt, encrypt"),
        ("--cell tanh", "cell: 'tanh', but it should be"),
        ("--ciphertext c.txt", "--ciphertext, --plaintext: the first should come with the second"),
        ("--plaintext p --ciphertext c --key 5", "--ciphertext, --key: the sentences of"),
        ("--resume", "--resume needs --out"),
        ("SOME TEXT", "unrecognized arguments: SOME TEXT"),
    ],
)
def test_usage_errors(misused, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in misused("cipher", "train", *words.split())
    assert not list(tmp_path.iterdir())


def test_too_few_sentences(refused, tmp_path):
    assert "1 sentence is too few" in refused("cipher", "train", "--sentences", 1)


@pytest.mark.parametrize(
    ("plain", "cipher", "message"),
    [
        ("A\nB\nC\n", "B\nC\n", r"plain\.txt, line 3: has no partner, .*cipher\.txt has 2 lines"),
        ("A\n", "B\nC\nD", r"cipher\.txt, line 2: has no partner, .*plain\.txt has 1 lines"),
        ("AB\nCD\n", "BC\nD\n", r"cipher\.txt, line 2: has 1 characters, .*plain\.txt has 2"),
        ("", "B\n", r"plain\.txt, line 1: the file is empty"),
        ("A\n", "", r"cipher\.txt, line 1: the file is empty"),
        ("A\nB\n", b"B\n\xe9\n", r"cipher\.txt, line 2: not UTF-8"),
        (b"A\n\xff", "B\nC", r"plain\.txt, line 2: not UTF-8"),
        (None, "B\n", r"plain\.txt: No such file or directory; check the name"),
    ],
)
def test_files_that_cannot_be_trained_on(refused, tmp_path, monkeypatch, plain, cipher, message):
    monkeypatch.chdir(tmp_path)
    for name, content in (("plain.txt", plain), ("cipher.txt", cipher)):
        if content is not None:
            (tmp_path / name).write_bytes(
                content if isinstance(content, bytes) else content.encode()
            )
    words = "--plaintext plain.txt --ciphertext cipher.txt"
    assert re.search(message, refused("cipher", "train", *words.split()))
    assert not (tmp_path / "runs").exists()


def test_another_run_is_never_overwritten(refused, trained):
    before = {path.name: path.read_bytes() for path in trained.iterdir()}
    err = refused(*TRAIN, "--out", trained)
    assert f"{trained}: holds a run already" in err
    assert "--resume" in err
    assert {path.name: path.read_bytes() for path in trained.iterdir()} == before


def test_a_directory_that_cannot_be_made(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in refused(*TRAIN, "--out", tmp_path / "file" / "run")


def test_resume_ends_with_the_same_bits(fastrnn, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    fastrnn(*TRAIN, "--epochs", 3, "--out", whole)
    fastrnn(*TRAIN, "--epochs", 1, "--out", parts)
    code, out, _ = fastrnn("cipher", "train", "--resume", "--epochs", 3, "--out", parts)
    assert code == 0
    assert f"writing to {parts}, after epoch 1\n" in out
    assert re.findall(r"^epoch (\d/\d)", out, re.MULTILINE) == ["2/3", "3/3"]
    assert same_weights(whole, parts)
    rows = [
        [line.rsplit(",", 1)[0] for line in (run / "history.csv").read_text().splitlines()]
        for run in (whole, parts)
    ]
    assert rows[0] == rows[1]


def test_resume_of_a_run_that_is_done(fastrnn, trained):
    before = (trained / "last.safetensors").read_bytes()
    code, out, _ = fastrnn("cipher", "train", "--resume", "--out", trained)
    assert code == 0
    assert "all 2 epochs are done; for more of them, give a higher --epochs\n" in out
    assert "prediction" in out
    assert (trained / "last.safetensors").read_bytes() == before


def test_resume_with_other_settings(refused, trained):
    err = refused("cipher", "train", "--resume", "--out", trained, "--units", 13)
    assert "units: 13, but the run to resume was started with 12" in err


@pytest.mark.parametrize("there", [None, (), (".fastrnn-0123.tmp",)])
def test_resume_where_nothing_was_saved_starts_the_run(fastrnn, tmp_path, there):
    out, alone = tmp_path / "run", tmp_path / "alone"
    if there is not None:
        out.mkdir()
        for name in there:
            (out / name).touch()
    code, text, err = fastrnn(*TRAIN, "--resume", "--out", out)
    assert (code, err) == (0, "")
    assert text.startswith("nothing was saved there yet: starting from the beginning\n")
    assert fastrnn(*TRAIN, "--quiet", "--out", alone).code == 0
    assert same_weights(out, alone)
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    # The same command again has nothing left to do.
    assert "all 2 epochs are done" in fastrnn(*TRAIN, "--resume", "--out", out).out


def test_resume_after_a_kill_before_the_first_epoch_was_saved(fastrnn, tmp_path):
    fastrnn(*TRAIN, "--quiet", "--out", tmp_path / "run")
    for name in ("history.csv", "best.safetensors", "last.safetensors"):
        (tmp_path / "run" / name).unlink()
    code, text, _ = fastrnn("cipher", "train", "--resume", "--out", tmp_path / "run")
    assert code == 0
    assert text.startswith("nothing was saved there yet: starting from the beginning\n")
    assert "epoch 1/2" in text


def test_resume_beside_other_files(refused, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    err = refused(*TRAIN, "--resume", "--out", tmp_path)
    assert "no training run is there, but other files, such as thesis.tex" in err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("words", [(), ("--resume",)])
def test_a_file_where_the_directory_should_be(refused, tmp_path, words):
    (tmp_path / "run").write_text("mine")
    assert "run: is a file, but should be a directory" in refused(
        *TRAIN, *words, "--out", tmp_path / "run"
    )
    assert (tmp_path / "run").read_text() == "mine"


FILES = ["history.png", "history.csv", "last.safetensors", "best.safetensors", "config.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_full_disk_says_what_is_safe(fastrnn, refused, tmp_path, monkeypatch, name):
    out = tmp_path / "run"
    assert fastrnn(*TRAIN, "--epochs", 1, "--quiet", "--out", out).code == 0
    replace = os.replace

    def full(source, target):
        if str(target).endswith(name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    words = (*TRAIN, "--resume", "--epochs", 2, "--out", out)
    if name == "history.png":
        pytest.importorskip("matplotlib")
        code, text, err = fastrnn(*words)
        assert code == 0
        assert "prediction" in text
        assert err.startswith("fastrnn: there is no history.png: ")
        assert "disk is full" in err
        return
    err = refused(*words)
    assert "the disk is full; make room on it; " in err
    if name == "config.json":
        assert f"the training in {out} is as it was; then give the same command again" in err
    else:
        assert f"in {out} the training is safe, after epoch 1; to continue: fastrnn cipher" in err
    monkeypatch.undo()
    assert fastrnn(*words).code == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3


def test_a_directory_that_another_process_has(refused, tmp_path, monkeypatch):
    held = Lock(tmp_path)
    err = refused(*TRAIN, "--out", tmp_path)
    assert "another process is writing there" in err
    assert "--distributed" not in err
    monkeypatch.setenv("PMI_SIZE", "2")
    assert "to train one model on all, --distributed" in refused(*TRAIN, "--out", tmp_path)
    held.release()
    assert not list(tmp_path.iterdir())


class Interrupt(Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise KeyboardInterrupt


def test_an_interrupt_says_how_to_continue(fastrnn, tmp_path, monkeypatch):
    run = Training.run
    monkeypatch.setattr(
        Training, "run", lambda self, callbacks=(): run(self, [*callbacks, Interrupt()])
    )
    out = tmp_path / "a run"
    code, _, err = fastrnn(*TRAIN, "--out", out)
    assert code == 130
    assert [path.name for path in out.glob("*.safetensors")] == ["last.safetensors"]
    assert err == (
        "fastrnn: interrupted, after step 1 of epoch 1; to continue: "
        f"fastrnn cipher train --resume --out '{out}'\n"
    )
    monkeypatch.setattr(Training, "run", run)
    assert fastrnn("cipher", "train", "--quiet", "--resume", "--out", out).code == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3
