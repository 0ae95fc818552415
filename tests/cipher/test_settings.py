"""What a run may be told."""

import math

import numpy as np
import pytest

from fastrnn import layers
from fastrnn.cipher import CipherError, Corpus, InvalidKeyError, RunError, Settings, SettingsError
from fastrnn.cipher.network import CELLS, build


def test_defaults():
    settings = Settings()
    assert (settings.cipher, settings.key, settings.cell, settings.units) == (
        "caesar",
        "5",
        "gru",
        64,
    )
    assert (settings.epochs, settings.batch_size, settings.learning_rate) == (5, 32, 1e-3)
    assert (settings.validation_split, settings.seed, settings.input) == (0.2, 0, "one-hot")
    assert len(settings.corpus()) == 10_001


def test_numbers_of_numpy_become_those_of_python():
    settings = Settings(seed=np.int64(3), units=np.int8(5), learning_rate=np.float32(0.5))
    values = settings.seed, settings.units, settings.learning_rate
    assert [*map(type, values)] == [int, int, float]
    assert values == (3, 5, 0.5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sentences": 0}, "sentences: 0, but it should be a whole number of at least 1"),
        ({"units": 0}, "units: 0, but"),
        ({"units": 2.5}, "units: 2.5, but"),
        ({"units": True}, "units: True, but"),
        ({"epochs": 0}, "epochs: 0, but"),
        ({"batch_size": -3}, "batch_size: -3, but"),
        ({"seed": -1}, "seed: -1, but it should be a whole number of at least 0"),
        ({"units": 10**400}, "units: 1000+[.]{3}, but it should be at most 2147483647"),
        ({"sentences": 200_001}, "sentences: 200001, but of the built-in corpus there are at most"),
        ({"learning_rate": 10**400}, "learning_rate: 100"),
        ({"learning_rate": "fast"}, "learning_rate: 'fast', but it should be a number"),
        ({"validation_split": "half"}, "validation_split: 'half', but"),
        ({"cipher": ["caesar"]}, r"cipher: \['caesar'\], but it should be a text"),
        ({"plaintext": "a\0b"}, "plaintext: 'a.x00b', but it should be the name of a file"),
        ({"plaintext": 5}, "plaintext: 5, but it should be the name of a file"),
        ({"cell": []}, r"cell: \[\], but"),
        ({"learning_rate": 0.0}, "learning_rate: 0.0, but it should be a number above 0"),
        ({"learning_rate": math.inf}, "learning_rate: inf, but"),
        ({"learning_rate": math.nan}, "learning_rate: nan, but"),
        ({"validation_split": 1.0}, "validation_split: 1.0, but it should be at least 0"),
        ({"validation_split": -0.1}, "validation_split: -0.1, but"),
        ({"validation_split": math.nan}, "validation_split: nan, but"),
        ({"direction": "sideways"}, "direction: 'sideways', but it should be one of decrypt, enc"),
        ({"input": "two-hot"}, "input: 'two-hot', but it should be one of one-hot, scalar, emb"),
        ({"clip_norm": 0.0}, "clip_norm: 0.0, but it should be a number above 0"),
        ({"clip_norm": math.nan}, "clip_norm: nan, but"),
        ({"forget_bias": math.nan}, "forget_bias: nan, but it should be a number"),
        ({"forget_bias": "3"}, "forget_bias: '3', but it should be a number"),
        ({"forget_bias": 3, "cell": "rnn"}, "forget_bias, cell: a cell rnn has no gate"),
        ({"cell": "tanh"}, "cell: 'tanh', but it should be one of gru, rnn, lstm"),
        ({"ciphertext": "c.txt"}, "ciphertext, plaintext: the first should come with"),
        (
            {"plaintext": "p", "ciphertext": "c", "cipher": "caesar"},
            "ciphertext, cipher: the sentences",
        ),
        ({"plaintext": "p", "ciphertext": "c", "key": "5"}, "ciphertext, key: the sentences"),
    ],
)
def test_what_is_out_of_range_or_does_not_go_together(given, message):
    with pytest.raises(SettingsError, match=f"^{message}"):
        Settings(**given)


@pytest.mark.parametrize(
    "given", [{"cipher": "rot13"}, {"key": "Q"}, {"cipher": "autokey", "key": ""}]
)
def test_bad_ciphers_and_keys(given):
    with pytest.raises(InvalidKeyError):
        Settings(**given)


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_has_its_layer(cell):
    assert isinstance(build(cell, 8, 5, 4, 4).layers[2], getattr(layers, CELLS[cell]))
    assert build(cell, 8, 5, 4, 4).output_shape == (None, 5, 4)
    assert Settings(cell=cell).cell == cell


def test_the_bias_of_the_gate_that_keeps_the_state():
    for cell, place in (("lstm", np.s_[8:16]), ("gru", np.s_[:8])):
        bias = build(cell, 8, 5, 4, 4, forget_bias=2.5).get_weights()[2]
        assert (bias[place] == 2.5).all()
        assert np.count_nonzero(bias) == 8


def test_the_model_of_the_seed():
    layer_sizes = [12_672, 2_080]
    model = build("gru", 64, 101, 32, 32, "scalar")
    sizes = [sum(p.value.size for p in layer.parameters) for layer in model.layers]
    assert [size for size in sizes if size] == layer_sizes
    assert model.count_params() == 14_752


def test_files_make_the_corpus(tmp_path):
    plain, cipher = tmp_path / "p", tmp_path / "c"
    plain.write_text("Ab\nc\nD")
    cipher.write_text("Xy\nz\nW")
    both = Settings(plaintext=str(plain), ciphertext=str(cipher), sentences=2)
    assert both.corpus().loaded() == Corpus(["Ab", "c"], ["Xy", "z"])
    assert (both.cipher, both.key) == (None, None)
    alone = Settings(plaintext=str(plain), cipher="vigenere", key="b")
    assert alone.corpus().loaded() == Corpus(["Ab", "c", "D"], ["Bc", "d", "E"])
    assert alone.key == "B"


def test_paths_do_not_depend_on_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings(plaintext="p").plaintext == str(tmp_path / "p")


def test_a_run_continues_with_its_settings():
    settings = Settings(cipher="vigenere", key="LEMON", units=8)
    assert settings.continued({}) == settings
    same = {"cipher": "vigenere", "key": "lemon", "units": 8, "epochs": 5}
    assert settings.continued(same) == settings
    assert settings.continued({"cipher": "vigenere"}) == settings
    assert settings.continued({"epochs": 9}).epochs == 9


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"units": 9}, "units: 9, but .* was started with 8"),
        ({"cipher": "caesar"}, "cipher: 'caesar', but .* was started with 'vigenere'"),
        ({"key": "MELON"}, "key: 'MELON', but .* was started with 'LEMON'"),
        ({"plaintext": "p"}, "plaintext: '.*p', but .* was started with None"),
        ({"ciphertext": "c"}, "ciphertext, "),
    ],
)
def test_a_run_does_not_continue_with_others(given, name):
    with pytest.raises(CipherError, match=f"^{name}") as caught:
        Settings(cipher="vigenere", key="LEMON", units=8).continued(given)
    assert isinstance(caught.value, RunError | SettingsError)
