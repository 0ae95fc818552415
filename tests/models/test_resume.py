"""Trainings that are ended anywhere, and go on to the bits of one that never stopped."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fastrnn import seeding
from fastrnn.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from fastrnn.formats import own
from fastrnn.layers import GRU, Bidirectional, Dense, Dropout, Input
from fastrnn.models import CheckpointError, Sequential, load_model
from fastrnn.optimizers import SGD, Adam, RMSprop
from fastrnn.optimizers.schedules import CosineDecay

from .builders import CLASSES, TIME, shifted

EPOCHS, STEPS = 4, 5


class Killed(BaseException):
    """What ends a training in the middle."""


class Kill(Callback):
    """Ends a training as if it were killed: before, in or after a step, or between epochs."""

    def __init__(self, epoch, step=None):
        self.at, self.epoch = (epoch, step), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.at == (self.epoch, batch):
            raise Killed

    def on_epoch_end(self, epoch, logs=None):
        if self.at == (epoch, None):
            raise Killed


def made(optimizer=None, stateful=False):
    """Return a model with whatever a training may have to remember."""
    seeding.set_seed(11)
    layers = [
        Input((TIME, 1), batch_size=8 if stateful else None),
        Dropout(0.2),
        GRU(6, return_sequences=True, dropout=0.1, stateful=stateful),
        Dense(CLASSES, "softmax"),
    ]
    model = Sequential(layers)
    model.compile(optimizer or SGD(0.3, 0.9), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def fit(model, callbacks=(), **options):
    x, y = shifted(8 * STEPS + 8)
    return model.fit(
        x[:-8],
        y[:-8],
        **{
            "batch_size": 8,
            "epochs": EPOCHS,
            "verbose": 0,
            "callbacks": list(callbacks),
            **options,
        },
        validation_data=(x[-8:], y[-8:]),
    )


def fitted(folder, *callbacks, model=None, **options):
    """Train with callbacks that remember things, as every start of the program would."""
    model = model or made()
    watching = [
        ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=0.3),
        EarlyStopping("loss", patience=3, min_delta=0.5, restore_best_weights=True),
        CSVLogger(folder / "log.csv"),
    ]
    history = fit(model, [*watching, *callbacks], **options)
    model.save(folder / "final")
    return (
        (folder / "final").read_bytes(),
        (folder / "log.csv").read_text(),
        history.history,
        history.epoch,
        seeding.generator().random(),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("whole"))


def test_the_training_is_worth_interrupting(whole):
    rates = whole[2]["learning_rate"]
    assert len(rates) == EPOCHS
    assert len(set(rates)) > 1


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3, 7])
@pytest.mark.parametrize("at", [(0, 0), (0, 3), (0, None), (1, 0), (2, 4), (2, None), (3, 2)])
def test_it_goes_on_after_a_kill(whole, tmp_path, save_freq, at):
    def backup():
        return BackupAndRestore(tmp_path / "backup", save_freq)

    with pytest.raises(Killed):
        fitted(tmp_path, Kill(*at), backup())
    seeding.set_seed(0)
    assert fitted(tmp_path, backup()) == whole
    assert sorted(os.listdir(tmp_path)) == ["final", "log.csv"]


def test_it_goes_on_after_many_kills(whole, tmp_path):
    for at in [(0, 2), (0, 4), (1, 1), (1, None), (2, 0), (2, 3), (3, 1), (3, None)]:
        with pytest.raises(Killed):
            fitted(tmp_path, Kill(*at), BackupAndRestore(tmp_path / "backup", 2))
    assert fitted(tmp_path, BackupAndRestore(tmp_path / "backup", 2)) == whole


def test_it_goes_on_from_any_file_that_was_saved_in_it(whole, tmp_path):
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_freq=4)
    fitted(tmp_path, checkpoint)
    names = [f"{1 + step // STEPS}-{1 + step % STEPS}" for step in range(3, EPOCHS * STEPS, 4)]
    for name in names:
        seeding.set_seed(1)
        model = load_model(tmp_path / name)
        # A file remembers what the callbacks have learned by the time at which it is saved.
        found = fitted(tmp_path, model=model, resume=tmp_path / name)
        assert found == whole, name


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(0.05, amsgrad=True, clipnorm=0.1),
        lambda: RMSprop(0.02, momentum=0.5, centered=True),
        lambda: SGD(CosineDecay(0.5, 20)),
    ],
)
def test_every_optimizer_goes_on(tmp_path, optimizer):
    fit(expected := made(optimizer()))
    with pytest.raises(Killed):
        fit(made(optimizer()), [Kill(2, 2), BackupAndRestore(tmp_path, 2)])
    fit(model := made(optimizer()), [BackupAndRestore(tmp_path, 2)])
    for one, two in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_states_that_layers_carry_go_on(tmp_path):
    options = {"shuffle": False}
    fit(expected := made(stateful=True), **options)
    for at in [(1, 2), (2, None)]:
        with pytest.raises(Killed):
            fit(made(stateful=True), [Kill(*at), BackupAndRestore(tmp_path, 3)], **options)
    fit(model := made(stateful=True), [BackupAndRestore(tmp_path, 3)], **options)
    for one, two in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_both_directions_go_on(tmp_path):
    def both():
        seeding.set_seed(2)
        layer = GRU(3, return_sequences=True, dropout=0.2, stateful=True)
        layers = [Input((TIME, 1), batch_size=8), Bidirectional(layer), Dense(CLASSES, "softmax")]
        model = Sequential(layers)
        model.compile(SGD(0.3), "sparse_categorical_crossentropy")
        return model

    fit(expected := both(), shuffle=False)
    with pytest.raises(Killed):
        fit(both(), [Kill(1, 2), BackupAndRestore(tmp_path, 1)], shuffle=False)
    fit(model := both(), [BackupAndRestore(tmp_path, 1)], shuffle=False)
    for one, two in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_training_that_was_ended_by_a_callback_stays_ended(tmp_path):
    def stopping():
        return EarlyStopping("loss", patience=1, min_delta=100.0)

    with pytest.raises(Killed):
        fit(made(), [stopping(), Late(1), BackupAndRestore(tmp_path)])
    history = fit(made(), [stopping(), BackupAndRestore(tmp_path)])
    assert history.epoch == [0, 1]


class Late(Callback):
    """Ends a training after an epoch was saved."""

    is_last = True

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch > self.epoch:
            raise Killed

    def on_train_end(self, logs=None):
        raise Killed


def test_more_epochs(whole, tmp_path):
    short = BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    fitted(tmp_path, short, epochs=2)
    assert fitted(tmp_path, BackupAndRestore(tmp_path / "backup")) == whole


def position(run):
    return run.epoch, run.step


def test_by_the_clock(tmp_path, monkeypatch):
    now, saved = [0.0], []
    monkeypatch.setattr("fastrnn.callbacks.backup.monotonic", lambda: now[0])
    backup = BackupAndRestore(tmp_path, None, save_seconds=10)
    monkeypatch.setattr(
        Sequential,
        "save",
        lambda self, path: saved.append(position(self._setup.training.run)),
    )

    def tick(batch, logs):
        now[0] += 4

    fit(made(), [LambdaCallback(on_train_batch_end=tick), backup], epochs=2)
    assert saved == [(0, 3), (1, 1), (1, 4)]


def test_history_objects_of_one_s_own_go_on(tmp_path):
    with pytest.raises(Killed):
        fit(made(), [Kill(1, 2), BackupAndRestore(tmp_path)])
    mine = History()
    history = fit(made(), [mine, BackupAndRestore(tmp_path)])
    assert mine.epoch == history.epoch == [0, 1, 2, 3]


def test_what_is_another_training_is_refused(tmp_path):
    with pytest.raises(Killed):
        fit(made(), [Kill(1, 2), BackupAndRestore(tmp_path, 1)])
    path = tmp_path / "training.safetensors"
    model = made(Adam())
    before = model.get_weights()
    for options, error, message in [
        ({"batch_size": 4}, ValueError, "40 samples and batches of 8; this one .* batches of 4"),
        ({"shuffle": False}, ValueError, "had shuffle=True"),
        ({}, CheckpointError, "had the optimizer SGD; the model has Adam"),
    ]:
        one = made(SGD(0.1, 0.9)) if options else model
        with pytest.raises(error, match=message):
            fit(one, resume=path, **options)
    with pytest.raises(CheckpointError, match=r"lacks optimizer:velocity|velocity.* lacks"):
        fit(made(SGD(0.1)), resume=path)
    plain = made()
    plain.compile(SGD(0.1, 0.9), "sparse_categorical_crossentropy")
    with pytest.raises(CheckpointError, match="other losses or metrics"):
        fit(plain, resume=path)
    model.save(tmp_path / "other")
    with pytest.raises(CheckpointError, match="was not saved in a training"):
        fit(model, resume=tmp_path / "other")
    with pytest.raises(FileNotFoundError):
        fit(model, resume=tmp_path / "nowhere")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        fit(made(), [BackupAndRestore(tmp_path)])
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "key", ["seed", "root", "epoch", "totals", "epochs", "layers", "callbacks"]
)
@pytest.mark.parametrize("value", [3.5, "x", [1], {"entropy": -1, "spawn_key": [], "spawned": 0}])
def test_what_a_file_says_of_its_training_is_checked_first(tmp_path, key, value):
    with pytest.raises(Killed):
        fit(made(), [Kill(1, 2), BackupAndRestore(tmp_path, 1)])
    path = tmp_path / "training.safetensors"
    found = own.read(path)
    own.write(path, replace(found, run={**found.run, key: value}))
    model = made()
    before = model.get_weights()
    with pytest.raises(CheckpointError, match=r"training\.safetensors"):
        fit(model, resume=path)
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "backup_dir is ''"),
        (("x", 0.5), "save_freq is 0.5"),
        (("x", "batch"), "save_freq is 'batch'"),
        (("x", None, 0), "save_seconds is 0"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        BackupAndRestore(*arguments)


# Ctrl-C ------------------------------------------------------------------------------------------


class Interrupt(Callback):
    """Presses Ctrl-C in a step's or an epoch's hook."""

    def __init__(self, epoch, step=None, times=1):
        self.at, self.epoch, self.times, self.after = (epoch, step), 0, times, []

    def _press(self):
        for _ in range(self.times):
            signal.raise_signal(signal.SIGINT)
        self.after.append("the hook has come to its end")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.at == (self.epoch, batch):
            self._press()

    def on_epoch_end(self, epoch, logs=None):
        if self.at == (epoch, None):
            self._press()


@pytest.fixture
def default_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_ctrl_c")
@pytest.mark.parametrize("at", [(0, 1), (1, None), (2, 3)])
def test_ctrl_c_saves_and_says_how_to_go_on(whole, tmp_path, capsys, at):
    press = Interrupt(*at)
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path, press, BackupAndRestore(tmp_path / "backup"))
    assert press.after
    told = capsys.readouterr().out
    assert "start the program again to go on" in told
    assert str(tmp_path / "backup") in told
    assert fitted(tmp_path, BackupAndRestore(tmp_path / "backup")) == whole


@pytest.mark.usefixtures("default_ctrl_c")
def test_ctrl_c_within_a_step_leaves_it_out(whole, tmp_path, monkeypatch):
    model = made()
    trainer = model._setup.trainer(model)
    gradients, calls = trainer.gradients, []

    def pressed(data):
        found = gradients(data)  # random numbers were drawn, states were changed
        calls.append(1)
        if len(calls) == 7:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(trainer, "gradients", pressed)
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path, BackupAndRestore(tmp_path / "backup"), model=model)
    assert model.optimizer.iterations == 6
    assert fitted(tmp_path, BackupAndRestore(tmp_path / "backup")) == whole


@pytest.mark.usefixtures("default_ctrl_c")
def test_a_second_ctrl_c_ends_it_at_once(tmp_path):
    press = Interrupt(0, 1, times=2)
    with pytest.raises(KeyboardInterrupt):
        fit(made(), [press, BackupAndRestore(tmp_path)])
    assert not press.after


@pytest.mark.usefixtures("default_ctrl_c")
def test_without_anybody_who_saves_ctrl_c_is_what_it_was():
    press = Interrupt(0, 1)
    with pytest.raises(KeyboardInterrupt):
        fit(made(), [press])
    assert not press.after


# Kills -------------------------------------------------------------------------------------------

#: Starts trainings in forks of one process that has imported everything, and kills them.
KILLS = """
import json, os, random, signal, sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")  # the threads of the parent are idle
from fastrnn.callbacks import BackupAndRestore
from tests.models.test_resume import fitted

def start(folder):
    folder.mkdir(exist_ok=True)
    child = os.fork()
    if child:
        return child
    try:
        fitted(folder, BackupAndRestore(folder / "backup", 1))
    except BaseException:
        os._exit(1)
    os._exit(0)

def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

root, moments = Path(sys.argv[1]), random.Random(5)
begun = time.monotonic()
assert ended(start(root / "whole")) == 0
lasts = time.monotonic() - begun
tried = same = killed = saving = 0
while killed < 22 and tried < 100:
    tried += 1
    folder = root / str(tried)
    child = start(folder)
    time.sleep(lasts * moments.random())
    os.kill(child, signal.SIGKILL)
    if ended(child) == 0:
        lasts *= 0.8  # the machine has become faster: at the old pace most would end unharmed
        continue
    killed += 1
    saving += any(folder.rglob("*.tmp"))
    assert ended(start(folder)) == 0
    assert not (folder / "backup").exists()  # nothing is left of a save that was killed
    same += all(
        (folder / name).read_bytes() == (root / "whole" / name).read_bytes()
        for name in ("final", "log.csv")
    )
print(json.dumps({"same": same, "killed": killed, "saving": saving}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
def test_kills_at_random_moments(tmp_path):
    command = [sys.executable, "-c", KILLS, str(tmp_path)]
    root = Path(__file__).parents[2]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["same"] == found["killed"] == 22
    assert found["saving"]  # most of the time goes there, since every step is saved
