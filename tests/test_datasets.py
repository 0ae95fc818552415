"""The datasets give the numbers that Keras gives, and run nothing that a file may hold."""

import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fastrnn.datasets import imdb, mnist, reuters


def lists(rng, count):
    result = np.empty(count, object)
    result[:] = [[int(w) for w in rng.integers(1, 30, rng.integers(2, 9))] for _ in range(count)]
    return result


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder like Keras's, with small files of the same layout."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    folder.mkdir()
    rng = np.random.default_rng(0)
    first, y_train = lists(rng, 6), rng.integers(0, 2, 6)
    second, y_test = lists(rng, 5), rng.integers(0, 2, 5)
    np.savez(folder / "imdb.npz", x_train=first, y_train=y_train, x_test=second, y_test=y_test)
    np.savez(folder / "reuters.npz", x=lists(rng, 10), y=rng.integers(0, 46, 10))
    images = rng.integers(0, 256, (4, 28, 28)).astype(np.uint8)
    labels = rng.integers(0, 10, 4).astype(np.uint8)
    np.savez(folder / "mnist.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    return folder


def as_lists(data):
    return [[list(map(list, x)), y.tolist()] for x, y in data]


# Printed by Keras 3.15 for the same files.
RECORDED = json.loads(Path(__file__).with_name("datasets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("module", [imdb, reuters], ids=["imdb", "reuters"])
@pytest.mark.parametrize("number", range(4))
def test_lists_are_what_keras_gives(home, module, number):
    options, expected = RECORDED[module.__name__.rpartition(".")[2]][number]
    assert as_lists(module.load_data(**options)) == expected


def test_mnist_and_a_path(home):
    (x_train, y_train), _ = mnist.load_data(home / "mnist.npz")
    assert x_train.shape == (4, 28, 28)
    assert x_train.dtype == y_train.dtype == np.uint8


def test_word_index(home):
    (home / "imdb_word_index.json").write_text(json.dumps({"the": 1}))
    assert imdb.get_word_index() == {"the": 1}
    with pytest.raises(FileNotFoundError, match="reuters_word_index"):
        reuters.get_word_index()


def test_a_missing_file_is_named_with_its_source(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"download https://.*/imdb\.npz"):
        imdb.load_data()


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_is_read_for_its_lists_only(home, tmp_path):
    harmful = np.empty(1, object)
    harmful[0] = Harmful(str(tmp_path / "made"))
    np.savez(home / "reuters.npz", x=harmful, y=[0])
    with pytest.raises(ValueError, match="open"):
        reuters.load_data()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "other"])
def test_damaged_files_are_one_error(home, kind):
    path = home / "reuters.npz"
    data = path.read_bytes()
    if kind == "missing":
        np.savez(path, x=np.zeros(2))
    elif kind == "text":
        path.write_text("not an archive")
    elif kind == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", pickle.dumps([1]))
            archive.writestr("y.npy", b"")
    with pytest.raises(ValueError, match=r"reuters\.npz"):
        reuters.load_data()


@pytest.mark.parametrize("module", [imdb, reuters], ids=["imdb", "reuters"])
def test_the_name_of_keras_1_for_the_number_of_words(home, module):
    assert as_lists(module.load_data(nb_words=9)) == as_lists(module.load_data(num_words=9))
    with pytest.raises(TypeError, match="got nb_words and num_words"):
        module.load_data(nb_words=9, num_words=9)
