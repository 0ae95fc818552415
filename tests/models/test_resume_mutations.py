"""Files of trainings with a right checksum and odd content: one error, and nothing has changed."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest

from fastrnn import seeding
from fastrnn.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from fastrnn.formats import own
from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Input
from fastrnn.models import CheckpointError, Sequential
from fastrnn.optimizers import Adam
from fastrnn.optimizers.schedules import ExponentialDecay

STRANGE = [
    None,
    True,
    -1,
    3,
    10**30,
    10**400,
    0.5,
    math.nan,
    "",
    "\ud800",
    [],
    [[None]],
    {},
    {"tensor": "run:nothing"},
    {"tensor": []},
]
RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(8, 5, 2)).astype("f4"), RNG.integers(0, 3, 8)


def made(schedule):
    seeding.set_seed(4)
    model = Sequential(
        [
            Input((5, 2), batch_size=4),
            Dropout(0.2),
            GRU(2, return_sequences=True, stateful=True, dropout=0.1),
            Bidirectional(LSTM(2, dropout=0.1)),
            Dense(3, "softmax"),
        ]
    )
    optimizer = Adam(ExponentialDecay(0.1, 1, 2.0)) if schedule else Adam(0.1, amsgrad=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    return model


def fresh(schedule):
    model = made(schedule)
    model.compute_gradients(X[:4], Y[:4])  # so that its optimizer has slots
    return model


def watching(folder):
    return [
        EarlyStopping("loss", patience=5, restore_best_weights=True),
        CSVLogger(folder / "log.csv"),
        ModelCheckpoint(folder / "best", "loss", save_best_only=True),
    ]


def fit(model, folder, schedule, *callbacks, **options):
    listed = [*watching(folder), *([] if schedule else [ReduceLROnPlateau("loss")]), *callbacks]
    model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=listed, **options)


class Ended(Exception):
    pass


def checkpoints(folder, schedule):
    """Return a file from within an epoch, and one from between two."""
    model, found = made(schedule), []

    def keep(*_):
        model.save(folder / f"{len(found)}")
        found.append(own.read(folder / f"{len(found)}", keep=lambda name: True))

    hooks = LambdaCallback(on_train_batch_end=keep)
    ends = LambdaCallback(on_epoch_end=keep)
    fit(model, folder, schedule, hooks, ends)
    return [found[3], found[2]]


def places(value, path=()):
    """Yield the way to everything in a JSON value."""
    yield path
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value[:3]) if isinstance(value, list) else parts
    for key, part in parts:
        yield from places(part, (*path, key))


def changed(content, path, value):
    content = copy.deepcopy(content)
    if not path:
        return value
    *way, last = path
    place = content
    for key in way:
        place = place[key]
    place[last] = value
    return content


def everything(model):
    optimizer = model.optimizer
    return [
        *model.get_weights(),
        *(slot.copy() for slot in optimizer.slots.values()),
        optimizer.iterations,
        repr(optimizer),
        repr([layer.get_state() for layer in model.layers]),
        repr(seeding.described(seeding.root())),
    ]


def same(one, other):
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("schedule", [True, False])
@pytest.mark.parametrize("within", [True, False])
def test_every_field_of_a_run(tmp_path, schedule, within):
    checkpoint = checkpoints(tmp_path, schedule)[not within]
    rng = np.random.default_rng(5)
    refused = taken = 0
    contents = {"run": checkpoint.run, "training": checkpoint.training}
    model = fresh(schedule)
    before = everything(model)
    fields = {("training", "optimizer"), ("training", "iterations")}
    for path in places(contents):
        if path[:1] != ("run",) and path[:2] not in fields:
            continue
        for index in rng.permutation(len(STRANGE))[:1]:
            odd = changed(contents, path, STRANGE[index])
            try:
                own.write(tmp_path / "odd", replace(checkpoint, **odd))
            except (TypeError, AttributeError):
                continue
            try:
                fit(model, tmp_path, schedule, resume=tmp_path / "odd")
            except CheckpointError:
                refused += 1
                assert same(everything(model), before), (path, STRANGE[index])
            else:
                taken += 1
                model = fresh(schedule)
                before = everything(model)
    assert refused > taken


class Stubborn(Callback):
    """A callback of one's own that refuses what a file says."""

    def get_state(self):
        return {"number": 3}

    def set_state(self, state):
        raise KeyError("number")


def test_a_callback_of_one_s_own_that_refuses_its_state(tmp_path):
    model = made(False)
    fit(
        model,
        tmp_path,
        False,
        Stubborn(),
        BackupAndRestore(tmp_path / "b", delete_checkpoint=False),
    )
    again = made(False)
    again.train_on_batch(X[:4], Y[:4])
    before = everything(again)
    with pytest.raises(CheckpointError, match="number"):
        fit(again, tmp_path, False, Stubborn(), resume=tmp_path / "b" / "training.safetensors")
    assert same(everything(again), before)
