"""The job of the seed's second notebook, on its own corpus, end to end."""

import re
from statistics import mean

import pytest

from fastrnn.cipher import Caesar, Decipherer, RunDirectory, Vocabulary, load_data
from fastrnn.cli import main


@pytest.fixture(scope="module")
def files(decipher_data):
    return decipher_data / "plaintext.txt", decipher_data / "cipher.txt"


@pytest.fixture(scope="module")
def gru(files, tmp_path_factory):
    """Return the directory of the default training run."""
    out = tmp_path_factory.mktemp("decipher") / "gru"
    words = ["--plaintext", str(files[0]), "--ciphertext", str(files[1]), "--out", str(out)]
    assert main(["cipher", "train", "--quiet", "--input", "scalar", *words]) == 0
    return RunDirectory(out)


def test_the_files_are_a_caesar_cipher(files):
    plain, cipher = map(load_data, files)
    assert len(plain) == len(cipher) == 10_001
    assert plain[0].startswith("THE LIME IS HER LEAST LIKED FRUIT")
    assert [Caesar().encode(line) for line in plain] == cipher


def test_token_ids(files):
    plain = load_data(files[0])
    numbers = Vocabulary(plain).numbers(plain)
    assert numbers.shape == (10_001, 101)
    assert list(numbers[0, :15]) == [5, 14, 3, 1, 10, 2, 13, 3, 1, 2, 4, 1, 14, 3, 6]


def test_the_default_run_learns_as_the_seed_does(gru):
    epochs = gru.read_history()
    losses = [epoch.val_loss for epoch in epochs]
    assert losses == sorted(losses, reverse=True)
    # The seed's own run has 0.17632; the mean over seeds is measured elsewhere.
    assert losses[-1] < 0.19
    assert epochs[-1].val_accuracy > 0.95
    assert gru.read_config().length == 101


def right(found, plain):
    """Return the share of characters that are deciphered right."""
    pairs = (
        (a, b) for texts in zip(found, plain, strict=True) for a, b in zip(*texts, strict=True)
    )
    return mean(a == b for a, b in pairs)


@pytest.mark.parametrize(("part", "least"), [(slice(1), 0.9), (slice(-300, None), 0.95)])
def test_sentences_are_deciphered(gru, files, part, least):
    plain, cipher = (load_data(file)[part] for file in files)
    found = Decipherer.load(gru).decipher(cipher)
    assert list(map(len, found)) == list(map(len, plain))
    assert right(found, plain) > least


def test_the_rnn_learns_too(files, tmp_path, capsys):
    words = ["--plaintext", str(files[0]), "--ciphertext", str(files[1]), "--out", str(tmp_path)]
    assert main(["cipher", "train", "--cell", "rnn", "--epochs", "2", *words]) == 0
    losses = [float(x) for x in re.findall(r"val_loss (\S+)", capsys.readouterr().out)]
    assert losses[1] < losses[0] < 2


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_one_hot_input_makes_no_mistake_after_an_epoch(files, tmp_path, capsys, cell):
    words = ["--plaintext", str(files[0]), "--ciphertext", str(files[1]), "--out", str(tmp_path)]
    told = ["--cell", cell, "--learning-rate", "0.01", "--epochs", "1", "--quiet"]
    assert main(["cipher", "train", *told, *words]) == 0
    assert main(["cipher", "evaluate", "--model", str(tmp_path)]) == 0
    assert "right by character: 1.00000 (131102 of 131102)" in capsys.readouterr().out
