"""Callbacks that watch a value, over many histories: they decide what Keras's decide."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from fastrnn import callbacks as ours
from tests import recorded
from tests.keras_oracle import double_precision, require_keras

FILE = "keras_callbacks"
CASES = range(120)


def case_of(number):
    """Return the class, its arguments and a history: numbers that float32 holds too."""
    rng = np.random.default_rng(number)
    values = rng.choice([1.0, 0.75, 0.5, 0.25, 0.125, 2.0], 12)
    for odd, share in ((np.nan, 0.1), (np.inf, 0.05), (-np.inf, 0.03)):
        values[rng.random(12) < share * rng.integers(0, 2)] = odd
    if number % 10 == 7:
        values[0] = rng.choice([np.nan, np.inf, -np.inf])
    arguments = {"monitor": "loss", "mode": str(rng.choice(["min", "max"]))}
    kind = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")[number % 3]
    if kind != "ModelCheckpoint":
        arguments["patience"] = int(rng.integers(0, 4))
        arguments["min_delta"] = float(rng.choice([0.0, 0.25, 0.5]))
    if kind == "EarlyStopping":
        arguments["baseline"] = [None, 0.5, 0.25, 1.0][int(rng.integers(0, 4))]
        arguments["restore_best_weights"] = bool(rng.integers(0, 2))
        arguments["start_from_epoch"] = int(rng.integers(0, 4))
    elif kind == "ModelCheckpoint":
        arguments["filepath"] = "{epoch}.keras"
        arguments["save_best_only"] = bool(rng.random() < 0.8)
        if rng.random() < 0.3:
            arguments["initial_value_threshold"] = 0.5
    else:
        arguments |= {"factor": 0.5, "min_lr": 0.125, "cooldown": int(rng.integers(0, 3))}
    logs = [{"loss": float(value)} for value in values]
    if number % 11 == 5:
        logs = [{} if rng.random() < 0.3 else one for one in logs]
    return kind, arguments, logs


def decisions(module, number):
    """Return what a callback does to a model, epoch by epoch."""
    kind, arguments, logs = case_of(number)
    saved, weights = [], [[-1]]
    model = SimpleNamespace(
        stop_training=False,
        optimizer=SimpleNamespace(learning_rate=1.0),
        get_weights=lambda: weights[0],
        set_weights=lambda given: weights.__setitem__(0, given),
        save=lambda path, **_: saved.append(path),
        metrics=[],
    )
    callback = getattr(module, kind)(**arguments)
    callback.set_model(model)
    rates, last = [], 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        callback.on_train_begin()
        for last, values in enumerate(logs):
            weights[0] = [last]
            callback.on_epoch_begin(last)
            callback.on_epoch_end(last, dict(values))
            rates.append(float(model.optimizer.learning_rate))
            if model.stop_training:
                break
        callback.on_train_end()
    return {"last": last, "weights": weights[0], "saved": saved, "rates": rates}


@pytest.mark.parametrize("number", CASES)
def test_the_decisions_are_keras_s(number):
    recorded.assert_alike(decisions(ours, number), recorded.load(FILE, number), 1e-12)


@pytest.mark.slow
def test_keras_decides_so():
    keras = require_keras()
    with double_precision():
        for number in CASES:
            recorded.check(FILE, number, decisions(keras.callbacks, number), 1e-12)


def test_the_cases_have_all_kinds_of_histories():
    firsts = [logs[0].get("loss") for _, _, logs in map(case_of, CASES)]
    assert any(first is None for first in firsts)
    assert any(first is not None and np.isnan(first) for first in firsts)
    ends = [recorded.load(FILE, number)["last"] for number in CASES]
    assert 11 in ends
    assert min(ends) < 3
