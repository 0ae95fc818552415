"""Callbacks: when they are called, with what, and what they do."""

import csv
import os

import numpy as np
import pytest

from fastrnn.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    TerminateOnNaN,
)
from fastrnn.models import load_model
from fastrnn.optimizers import SGD
from tests.models.builders import shifted, tagger


class Fake:
    """Stands for a model: remembers what it was asked to do."""

    def __init__(self):
        self.stop_training = False
        self.weights = [0]
        self.saved = []

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path):
        self.saved.append(("model", path))

    def save_weights(self, path):
        self.saved.append(("weights", path))


def run(callback, values, name="val_loss"):
    """Let `callback` see an epoch for every value; return the fake model and the last epoch."""
    model, last = Fake(), None
    callback.set_model(model)
    callback.on_train_begin()
    for last, value in enumerate(values):
        model.weights = [last]
        callback.on_epoch_end(last, {name: value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model, last


def test_hooks_in_order():
    called = []

    class Recorder(Callback):
        pass

    def recording(name):
        def hook(self, *arguments):
            called.append((name, *[a for a in arguments if isinstance(a, int)]))

        return hook

    for name in dir(Callback):
        if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
            setattr(Recorder, name, recording(name))
    x, y = shifted(8)
    model = tagger()
    model.fit(x, y, batch_size=4, validation_split=0.25, callbacks=[Recorder()], verbose=0)
    steps = [(f"on_train_batch_{end}", number) for number in (0, 1) for end in ("begin", "end")]
    test = [
        ("on_test_begin",),
        ("on_test_batch_begin", 0),
        ("on_test_batch_end", 0),
        ("on_test_end",),
    ]
    assert called == [
        ("on_train_begin",),
        ("on_epoch_begin", 0),
        *steps,
        *test,
        ("on_epoch_end", 0),
        ("on_train_end",),
    ]
    called.clear()
    model.evaluate(x[:4], y[:4], callbacks=[Recorder()], verbose=0)
    assert called == test
    called.clear()
    model.predict(x[:4], callbacks=Recorder())
    assert called == [(n[0].replace("test", "predict"), *n[1:]) for n in test]


def test_callbacks_know_the_model_and_the_run():
    seen = {}

    class Look(Callback):
        def on_train_begin(self, logs=None):
            seen.update(self.params, model=self.model)

    model = tagger()
    model.fit(*shifted(50), epochs=3, validation_split=0.2, callbacks=Look(), verbose=0)
    assert seen["model"] is model
    assert (seen["epochs"], seen["steps"], seen["samples"], seen["batch_size"]) == (3, 2, 40, 32)
    assert seen["metrics"] == ["loss", "accuracy"]


def test_batch_hooks_see_running_means():
    logs = []
    model = tagger()
    history = model.fit(
        *shifted(20),
        batch_size=8,
        callbacks=[LambdaCallback(on_batch_end=lambda batch, values: logs.append(values))],
        verbose=0,
    )
    assert len(logs) == 3
    assert logs[-1]["loss"] == history.history["loss"][0]
    assert logs[0]["loss"] != logs[1]["loss"]


def test_what_a_callback_adds_to_the_logs_is_recorded():
    def add(epoch, logs):
        logs["rate"] = 0.5 + epoch

    history = tagger().fit(
        *shifted(), epochs=2, callbacks=[LambdaCallback(on_epoch_end=add)], verbose=0
    )
    assert history.history["rate"] == [0.5, 1.5]


def test_a_callback_can_end_the_training():
    def stop(epoch, logs):
        model.stop_training = True

    model = tagger()
    history = model.fit(
        *shifted(), epochs=9, callbacks=[LambdaCallback(on_epoch_end=stop)], verbose=0
    )
    assert history.epoch == [0]
    assert model.fit(*shifted(), epochs=2, verbose=0).epoch == [0, 1]


def test_lambda_callback_knows_its_hooks():
    with pytest.raises(TypeError, match="no hook 'on_sunday'"):
        LambdaCallback(on_sunday=print)
    with pytest.raises(TypeError, match="should be a function"):
        LambdaCallback(on_epoch_end=3)


def test_history_starts_anew():
    history = History()
    for _ in range(2):
        history.on_train_begin()
        history.on_epoch_end(4, {"loss": 1.0})
    assert history.history == {"loss": [1.0]}
    assert history.epoch == [4]


def test_checkpoint_prints_as_the_seed_document(capsys):
    checkpoint = ModelCheckpoint("best.file", verbose=1, save_best_only=True)
    model, _ = run(checkpoint, [0.95687, 0.5694, 0.6, np.nan])
    assert capsys.readouterr().out == (
        "\nEpoch 00001: val_loss improved from inf to 0.95687, saving model to best.file\n"
        "\nEpoch 00002: val_loss improved from 0.95687 to 0.56940, saving model to best.file\n"
        "\nEpoch 00003: val_loss did not improve from 0.56940\n"
        "\nEpoch 00004: val_loss did not improve from 0.56940\n"
    )
    assert model.saved == [("model", "best.file")] * 2


def test_checkpoint_saves_every_epoch_under_its_name(capsys):
    checkpoint = ModelCheckpoint("w.{epoch:02d}-{val_loss:.2f}", save_weights_only=True)
    model, _ = run(checkpoint, [0.5, 0.75])
    assert model.saved == [("weights", "w.01-0.50"), ("weights", "w.02-0.75")]
    assert capsys.readouterr().out == ""
    run(ModelCheckpoint("all", verbose=1), [0.5])
    assert capsys.readouterr().out == "\nEpoch 00001: saving model to all\n"


@pytest.mark.parametrize(
    ("monitor", "mode", "saves"),
    [("val_accuracy", "auto", 2), ("val_loss", "auto", 1), ("val_loss", "max", 2)],
)
def test_which_way_is_better(monitor, mode, saves):
    checkpoint = ModelCheckpoint("x", monitor=monitor, save_best_only=True, mode=mode)
    assert len(run(checkpoint, [0.5, 0.6], monitor)[0].saved) == saves


def test_what_is_not_reported_is_warned_of():
    for callback, saves in ((ModelCheckpoint("x", save_best_only=True), 1), (EarlyStopping(), 0)):
        with pytest.warns(UserWarning, match="watches 'val_loss', which this training does not"):
            model, _ = run(callback, [0.5], "loss")
        assert len(model.saved) == saves


def test_checkpoint_by_steps(tmp_path):
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}-{batch}-{accuracy:.0f}", save_freq=3)
    model, ends = tagger(), []
    ended = LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(len(os.listdir(tmp_path))))
    model.fit(*shifted(40), batch_size=8, epochs=2, callbacks=[checkpoint, ended], verbose=0)
    assert sorted(os.listdir(tmp_path)) == ["1-3-0", "2-1-0", "2-4-0"]
    assert ends == [1, 3]
    assert load_model(tmp_path / "2-1-0").optimizer.iterations == 6


def test_checkpoint_by_steps_can_be_the_best(tmp_path):
    fake = Fake()
    checkpoint = ModelCheckpoint("x", "loss", save_best_only=True, save_freq=2)
    checkpoint.set_model(fake)
    for batch, loss in enumerate([9, 5, 1, 6, 8, 4]):
        checkpoint.on_train_batch_end(batch, {"loss": loss})
        checkpoint.on_epoch_end(0, {"loss": 0})
    assert [len(fake.saved), checkpoint.best] == [2, 4]


def test_checkpoint_needs_to_beat_a_threshold():
    checkpoint = ModelCheckpoint("x", save_best_only=True, initial_value_threshold=0.5)
    assert len(run(checkpoint, [0.7, 0.6, 0.4])[0].saved) == 1


@pytest.mark.parametrize("save_freq", [0, -1, 2.5, True, "batch", None])
def test_checkpoint_by_what_makes_no_sense(save_freq):
    with pytest.raises(ValueError, match=r"save_freq is .*; it should be 'epoch' or a number"):
        ModelCheckpoint("x", save_freq=save_freq)


def test_unknown_fields_of_a_path_are_named():
    with pytest.raises(ValueError, match="asks for the field 'lr'; it may hold epoch, val_loss"):
        run(ModelCheckpoint("{lr}"), [0.5])
    with pytest.raises(ValueError, match="mode is 'best'"):
        ModelCheckpoint("x", mode="best")


def test_a_checkpoint_is_a_model(tmp_path):
    x, y = shifted()
    model = tagger()
    path = tmp_path / "new folder" / "best.safetensors"
    model.fit(
        x,
        y,
        epochs=2,
        validation_split=0.2,
        callbacks=[ModelCheckpoint(path, monitor="loss", save_best_only=True)],
        verbose=0,
    )
    np.testing.assert_array_equal(load_model(path).predict(x), model.predict(x))


@pytest.mark.parametrize(
    ("options", "values", "last", "weights"),
    [
        ({}, [3, 2, 2, 1], 2, 2),
        ({"patience": 2}, [3, 2, 2, 2, 1], 3, 3),
        ({"patience": 2}, [3, 2, 2, 1, 1], 4, 4),
        ({"patience": 1, "restore_best_weights": True}, [3, 2, 4, 1], 2, 1),
        ({"patience": 9, "restore_best_weights": True}, [3, 2, 4], 2, 1),
        ({"min_delta": 0.5, "patience": 1}, [3, 2.8, 1], 1, 1),
        ({"mode": "max"}, [1, 2, 3, 2, 9], 3, 3),
        ({"baseline": 1.5, "patience": 2}, [3, 2, 1, 1], 3, 3),
        ({"baseline": 1.5, "patience": 1}, [3, 2, 1.8, 1.9], 3, 3),
        ({"start_from_epoch": 3}, [1, 2, 3, 5, 6, 7], 4, 4),
        ({"restore_best_weights": True}, [np.nan, np.nan, 1], 1, 0),
    ],
)
def test_early_stopping(options, values, last, weights):
    model, ended = run(EarlyStopping(**options), values)
    assert ended == last
    assert model.weights == [weights]


def test_early_stopping_says_so(capsys):
    stopping = EarlyStopping(verbose=1)
    run(stopping, [1, 2])
    assert capsys.readouterr().out == "Epoch 00002: early stopping\n"
    assert stopping.stopped_epoch == 1
    assert (stopping.best, stopping.best_epoch) == (1, 0)
    run(stopping, [2, 1, 0.5])
    assert stopping.stopped_epoch == 0


def test_terminate_on_nan_ends_within_the_epoch(capsys):
    steps = []
    model = tagger()
    model.compile(SGD(0.1), "sparse_categorical_crossentropy")
    weights = model.get_weights()
    weights[0][...] = np.nan
    model.set_weights(weights)
    model.fit(
        *shifted(),
        batch_size=8,
        epochs=3,
        callbacks=[
            TerminateOnNaN(),
            LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch)),
        ],
        verbose=0,
    )
    assert steps == [0]
    assert "Batch 0: the loss is nan" in capsys.readouterr().out


def rows_of(path, delimiter=","):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_csv_logger(tmp_path):
    path = tmp_path / "logs" / "history.csv"
    model = tagger()
    history = model.fit(*shifted(), epochs=2, callbacks=[CSVLogger(path)], verbose=0).history
    rows = rows_of(path)
    assert rows[0] == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert [row[0] for row in rows[1:]] == ["0", "1"]
    assert [float(row[2]) for row in rows[1:]] == history["loss"]
    model.fit(*shifted(), epochs=1, callbacks=[CSVLogger(path, append=True)], verbose=0)
    assert len(rows_of(path)) == 4
    model.fit(*shifted(), epochs=1, callbacks=[CSVLogger(path, separator=";")], verbose=0)
    assert len(rows_of(path, ";")) == 2


def test_csv_logger_begins_a_file_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tagger().fit(*shifted(), callbacks=[CSVLogger("new.csv", append=True)], verbose=0)
    assert os.listdir(tmp_path) == ["new.csv"]
    assert len(rows_of("new.csv")) == 2


def test_the_best_weights_are_in_files_as_weights_are(tmp_path):
    """With the gates of a GRU in the order of files, whatever `get_weights` has."""
    model, stopping = tagger(), EarlyStopping("loss", restore_best_weights=True)
    model.fit(*shifted(), epochs=1, callbacks=[stopping], verbose=0)
    state = stopping.get_state()
    for weight, array in zip(model.weights, state["_best_weights"], strict=True):
        np.testing.assert_array_equal(weight.value, array)
    other = EarlyStopping("loss", restore_best_weights=True)
    other.set_model(model)
    other.set_state(state)
    model.set_weights([weight * 0 for weight in model.get_weights()])
    other.on_train_end()
    for weight, array in zip(model.weights, state["_best_weights"], strict=True):
        np.testing.assert_array_equal(weight.value, array)
