"""Files: what is written, what is read, and what happens when they are damaged."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from fastrnn import metrics, seeding
from fastrnn.formats import own
from fastrnn.layers import GRU, LSTM, Activation, Dense, Input, SimpleRNN, TimeDistributed
from fastrnn.losses import SparseCategoricalCrossentropy
from fastrnn.models import CheckpointError, Model, Sequential, from_config, load_model
from fastrnn.optimizers import SGD

from .builders import shifted, tagger


def trained(**options):
    model = tagger(**options)
    model.fit(*shifted(), batch_size=8, verbose=0)
    return model


def assert_same_weights(one, two):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_comes_back_as_it_was(tmp_path):
    model = trained()
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert type(again) is Model
    assert again.get_config() == model.get_config()
    assert_same_weights(model, again)
    x, y = shifted()
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_a_training_goes_on_from_a_file_to_the_bit(tmp_path):
    model = trained()
    assert model.optimizer.iterations == 7
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.optimizer.iterations == 7
    for one in (model, again):
        seeding.set_seed(2)
        one.fit(*shifted(), batch_size=8, epochs=2, verbose=0)
    assert_same_weights(model, again)


@pytest.mark.parametrize("ending", ["safetensors", "keras"])
@pytest.mark.parametrize("change", ["a layer is added", "a layer is not frozen any more"])
def test_a_training_continues_with_weights_that_were_not_trained_before(tmp_path, change, ending):
    model = Sequential([Dense(3, input_shape=(2,)), Dense(3)])
    model.layers[0].trainable = change == "a layer is added"
    model.compile("adam", "mse")
    x, y = np.ones((4, 2)), np.ones((4, 3))
    model.fit(x, y, verbose=0)
    if change == "a layer is added":
        model.add(Dense(3))
    model.layers[0].trainable = True
    model.save(tmp_path / f"model.{ending}")
    again = load_model(tmp_path / f"model.{ending}")
    for one in (model, again):
        one.fit(x, y, epochs=2, verbose=0)
    assert_same_weights(model, again)


@pytest.mark.parametrize(
    "optimizer", [SGD(0.1), SGD(0.1, momentum=0.9, nesterov=True)], ids=["plain", "momentum"]
)
def test_other_optimizers_go_on_too(tmp_path, optimizer):
    model = tagger()
    model.compile(optimizer, SparseCategoricalCrossentropy())
    model.train_on_batch(*shifted())
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.optimizer.get_config() == optimizer.get_config()
    for one in (model, again):
        one.train_on_batch(*shifted())
    assert_same_weights(model, again)


def test_a_model_that_was_not_trained_yet(tmp_path):
    tagger().save(tmp_path / "compiled")
    assert load_model(tmp_path / "compiled").optimizer.iterations == 0
    tagger(compiled=False).save(tmp_path / "raw")
    assert load_model(tmp_path / "raw").loss is None
    assert load_model(tmp_path / "compiled", compile=False).loss is None


def test_a_model_that_was_compiled_again_keeps_what_its_optimizer_knows(tmp_path):
    model = trained()
    model.compile(model.optimizer, model.loss)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.optimizer.iterations == 7
    for one in (model, again):
        one.train_on_batch(*shifted())
    assert_same_weights(model, again)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer_comes_back(tmp_path, dtype):
    model = Sequential(
        [
            Input((None, 3), dtype=dtype),
            SimpleRNN(4, return_sequences=True, name="first"),
            Activation("tanh"),
            GRU(5, reset_after=True, return_sequences=True, use_bias=False),
            TimeDistributed(Dense(4, "relu")),
            LSTM(4, return_sequences=True),
            GRU(3),
            Dense(2, "sigmoid"),
        ],
        name="mine",
    )
    model.save_weights(tmp_path / "weights")
    again = load_model(tmp_path / "weights")
    assert type(again) is Sequential
    assert again.name == "mine"
    assert again.dtype == dtype
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    x = np.random.default_rng(1).normal(size=(4, 6, 3))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_a_configuration_alone_makes_a_fresh_model():
    model = tagger()
    again = from_config(json.loads(model.to_json()))
    assert again.get_config() == model.get_config()
    assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])


def test_loading_draws_nothing(tmp_path):
    tagger().save(tmp_path / "model")
    seeding.set_seed(1)
    expected = seeding.generator().random()
    seeding.set_seed(1)
    load_model(tmp_path / "model")
    assert seeding.generator().random() == expected


def test_weights_alone(tmp_path):
    model, other = trained(seed=1), tagger(seed=2)
    model.save_weights(tmp_path / "weights.safetensors")
    other.load_weights(tmp_path / "weights.safetensors")
    assert_same_weights(model, other)
    model.save(tmp_path / "whole.safetensors")
    third = tagger(seed=3)
    third.load_weights(tmp_path / "whole.safetensors")
    assert_same_weights(model, third)


def test_float32_widens_and_float64_does_not_narrow(tmp_path):
    narrow, wide = tagger(), tagger(seed=9, dtype="float64")
    narrow.save_weights(tmp_path / "narrow")
    wide.save_weights(tmp_path / "wide")
    wide.load_weights(tmp_path / "narrow")
    assert wide.get_weights()[0].dtype == np.float64
    assert_same_weights(narrow, wide)
    with pytest.raises(CheckpointError, match="float64 in the file; the model's float32"):
        narrow.load_weights(tmp_path / "wide")


def test_the_file_is_plain_safetensors(tmp_path):
    model = trained()
    model.save(tmp_path / "model")
    with safe_open(tmp_path / "model", "np") as file:
        metadata = file.metadata()
        names = set(file.keys())
    assert list(metadata) == ["fastrnn"]
    content = json.loads(metadata["fastrnn"])
    assert list(content) == ["checksum", "format_version", "model", "training"]
    assert content["format_version"] == 1
    assert content["model"] == model.get_config()
    assert content["training"]["iterations"] == 7
    weights = {
        "gru_1/kernel",
        "gru_1/recurrent_kernel",
        "gru_1/bias",
        "time_distributed_1/kernel",
        "time_distributed_1/bias",
    }
    assert names == weights | {f"optimizer:{slot}/{w}" for slot in "mv" for w in weights}


def test_equal_models_make_equal_files(tmp_path):
    # In one process and in others: an order that changes from run to run would show.
    files = [tmp_path / f"{number}" for number in range(4)]
    for file in files[:2]:
        trained().save(file)
    load_model(files[0]).save(files[2])
    program = (
        "import sys; from tests.models.test_saving import trained; trained().save(sys.argv[1])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12"}
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program, str(files[3])]
    subprocess.run(command, check=True, cwd=root, env=environment)
    content = [file.read_bytes() for file in files]
    assert content[1:] == content[:1] * 3


def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "saved model" / "deep" / "model"
    tagger().save(path)
    tagger().save(path)
    assert os.listdir(path.parent) == ["model"]


def test_a_relative_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tagger().save("model")
    tagger().save("./there/model")
    assert load_model("model").count_params() == load_model("there/model").count_params()


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are another thing there")
def test_permissions_are_those_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        tagger().save(tmp_path / "model")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o640


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch, moment):
    path = tmp_path / "model"
    old = tagger(seed=1)
    old.save(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, moment, full)
        with pytest.raises(OSError, match="No space"):
            tagger(seed=2).save(path)
    assert os.listdir(tmp_path) == ["model"]
    assert_same_weights(load_model(path), old)


def rewritten(path, change):
    """Write the file at `path` anew with other content or tensors, its checksum made right."""
    with safe_open(path, "np") as file:
        content = json.loads(file.metadata()["fastrnn"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del content["checksum"]
    change(content, tensors)
    save_file(tensors, path, {"fastrnn": own._sealed(content, tensors)})


def rewritten_entry(path, change):
    """Write the file at `path` anew with another text for its metadata."""
    with safe_open(path, "np") as file:
        metadata = change(file.metadata()["fastrnn"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata)


DAMAGES = {
    "a newer format": (lambda c, t: c.update(format_version=4), "version 4"),
    "a strange version": (lambda c, t: c.update(format_version="x"), "'x', not a number"),
    "no version": (lambda c, t: c.pop("format_version"), "None, not a number"),
    "no configuration": (lambda c, t: c.pop("model"), "'model' in the metadata is not a JSON obj"),
    "configuration a list": (lambda c, t: c.update(model=[]), "'model' .* not a JSON object"),
    "training a number": (lambda c, t: c.update(training=3), "'training' .* not a JSON object"),
    "a weight less": (lambda c, t: t.pop("gru_1/bias"), "lacks gru_1/bias"),
    "a weight of another shape": (
        lambda c, t: t.update({"gru_1/bias": np.zeros(5, np.float32)}),
        r"gru_1/bias has shape \(5,\)",
    ),
    "a weight of another type": (
        lambda c, t: t.update({"gru_1/bias": np.zeros(24, np.int32)}),
        "gru_1/bias is of type I32",
    ),
    "a slot less": (lambda c, t: t.pop("optimizer:m/gru_1/bias"), "optimizer:m/gru_1/bias"),
    "a huge model": (
        lambda c, t: c["model"]["layers"][1]["config"].update(units=10**7),
        "it should be",
    ),
    "an unknown layer": (
        lambda c, t: c["model"]["layers"][1].update(class_name="os.system"),
        "'os.system'",
    ),
    "an unknown argument": (
        lambda c, t: c["model"]["layers"][1]["config"].update(bogus=1),
        "bogus",
    ),
    "no layers": (lambda c, t: c["model"].update(layers=[]), "makes no model"),
    "no input": (lambda c, t: c["model"]["layers"].pop(0), "InputLayer"),
    "an unknown loss": (
        lambda c, t: c["training"].update(loss={"class_name": "x"}),
        "loss is 'x'",
    ),
    "an unknown optimizer": (
        lambda c, t: c["training"].update(optimizer={"class_name": "x"}),
        "optimizer is 'x'",
    ),
    "a count that is none": (
        lambda c, t: c["training"].update(iterations="many"),
        "count of steps",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_a_file_must_not_say(tmp_path, damage):
    path = tmp_path / "model"
    trained().save(path)
    change, message = DAMAGES[damage]
    rewritten(path, change)
    with pytest.raises(CheckpointError, match=message):
        load_model(path)


ENTRIES = {
    "no metadata": (lambda text: None, "not written by fastrnn.*no entry 'fastrnn'"),
    "another program's": (lambda text: {"format": "pt"}, "not written by fastrnn"),
    "cut short": (lambda text: {"fastrnn": text[:-5]}, "'fastrnn' is not JSON"),
    "empty": (lambda text: {"fastrnn": ""}, "'fastrnn' is not JSON"),
    "too deep": (lambda text: {"fastrnn": "[" * 10**5}, "'fastrnn' is not JSON"),
    "a list": (lambda text: {"fastrnn": "[]"}, "'fastrnn' is not a JSON object"),
    "another checksum": (
        lambda text: {"fastrnn": text.replace('"crc32:', '"crc32:0')},
        "is damaged: its checksum",
    ),
    "no checksum": (
        lambda text: {"fastrnn": text.replace('"checksum"', '"check"')},
        "is damaged: its checksum",
    ),
    "another way to write the same": (
        lambda text: {"fastrnn": text.replace("1e-07", "1E-07")},
        "is damaged: its checksum",
    ),
    "another value": (lambda text: {"fastrnn": text.replace("0.9,", "0.8,")}, "its checksum"),
}


@pytest.mark.parametrize("damage", ENTRIES)
def test_what_the_metadata_must_not_be(tmp_path, damage):
    path = tmp_path / "model"
    trained().save(path)
    before = path.read_bytes()
    change, message = ENTRIES[damage]
    rewritten_entry(path, change)
    assert path.read_bytes() != before
    with pytest.raises(CheckpointError, match=message):
        load_model(path)


def test_metadata_that_is_nested_too_deep_for_one_of_its_readers(tmp_path):
    for depth in range(sys.getrecursionlimit() - 150, sys.getrecursionlimit()):
        text = '{"format_version": 1, "model": ' + "[" * depth + "]" * depth + "}"
        save_file({}, tmp_path / "model", {"fastrnn": text})
        with pytest.raises(CheckpointError, match=r"not JSON|is damaged"):
            load_model(tmp_path / "model")


def test_files_that_are_not_whole(tmp_path):
    path, damaged = tmp_path / "model", tmp_path / "damaged"
    trained().save(path)
    content = path.read_bytes()
    rng = np.random.default_rng(6)
    target = tagger(seed=8)
    before = target.get_weights()
    cuts = [0, 1, 7, 8, 9, 100, len(content) - 1, *rng.integers(0, len(content), 20)]
    variants = [content[:cut] for cut in cuts]
    variants += [content + b"\0", b"", b"\xff" * 16, (10**13).to_bytes(8, "little") + content[8:]]
    for place in [*range(12), *rng.integers(0, len(content), 150)]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        variants.append(bytes(flipped))
    for variant in variants:
        damaged.write_bytes(variant)
        with pytest.raises(CheckpointError, match="damaged"):
            load_model(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            target.load_weights(damaged)
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_file_that_does_not_fit_changes_nothing(tmp_path):
    tagger(units=9).save_weights(tmp_path / "other")
    model = tagger()
    before = model.get_weights()
    with pytest.raises(CheckpointError, match=r"other: gru_1/kernel has shape \(1, 27\)"):
        model.load_weights(tmp_path / "other")
    Sequential([Input((3,)), Dense(2), Dense(2)]).save_weights(tmp_path / "longer")
    with pytest.raises(CheckpointError, match="dense_1/bias"):
        model.load_weights(tmp_path / "longer")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        load_model(tmp_path)


def test_a_pickle_is_refused(tmp_path):
    import pickle

    path = tmp_path / "damaged.pkl"
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))
    with pytest.raises(CheckpointError, match=r"is a pickle.*never opened"):
        load_model(path)


def test_metrics_of_one_s_own_are_left_out_of_files(tmp_path):
    model = tagger()
    model.compile(
        "adam",
        "sparse_categorical_crossentropy",
        ["accuracy", lambda y, p: y == 0, metrics.sparse_categorical_accuracy],
    )
    model.save(tmp_path / "model")
    names = [metric.name for metric in load_model(tmp_path / "model").metrics]
    assert names == ["accuracy", "sparse_categorical_accuracy"]
