"""Callbacks that change the learning rate."""

import numpy as np
import pytest

from fastrnn.callbacks import LearningRateScheduler, ReduceLROnPlateau
from fastrnn.optimizers import SGD
from fastrnn.optimizers.schedules import ExponentialDecay
from tests.models.builders import shifted, tagger


class Fake:
    """Stands for a model with an optimizer."""

    def __init__(self, rate):
        self.optimizer = SGD(rate)


def rates(callback, values, start=1.0):
    """Return the learning rates after epochs in which `val_loss` was `values`."""
    callback.set_model(Fake(start))
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(values):
        before, logs = callback.model.optimizer.learning_rate, {"val_loss": value}
        callback.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == before
        found.append(callback.model.optimizer.learning_rate)
    return found


@pytest.mark.parametrize(
    ("options", "values", "expected"),
    [
        ({"factor": 0.5, "patience": 2}, [3, 3, 3, 3, 3], [1, 1, 0.5, 0.5, 0.25]),
        ({"factor": 0.5, "patience": 2}, [3, 3, 2, 2, 2], [1, 1, 1, 1, 0.5]),
        ({"factor": 0.5, "patience": 1, "cooldown": 2}, [3] * 6, [1, 0.5, 0.5, 0.25, 0.25, 0.125]),
        ({"factor": 0.5, "patience": 1, "min_lr": 0.3}, [3] * 4, [1, 0.5, 0.3, 0.3]),
        ({"factor": 0.5, "patience": 1, "min_delta": 0.5}, [3, 2.6, 2.4], [1, 0.5, 0.5]),
        ({"factor": 0.5, "patience": 1, "mode": "max"}, [1, 2, 2], [1, 1, 0.5]),
        ({"factor": 0.5, "patience": 1}, [np.nan, np.nan], [1, 0.5]),
    ],
)
def test_reduce_on_plateau(options, values, expected):
    assert rates(ReduceLROnPlateau(**options), values) == pytest.approx(expected)


def test_reduce_on_plateau_is_keras_s_by_default(capsys):
    callback = ReduceLROnPlateau(verbose=1)
    expected = [1.0] * 10 + [0.1] * 10 + [0.01]
    assert rates(callback, [1.0] * 21) == pytest.approx(expected)
    assert capsys.readouterr().out.splitlines()[1::2] == [
        "Epoch 00011: reducing learning rate to 0.1",
        "Epoch 00021: reducing learning rate to 0.01",
    ]


def test_a_rate_is_lowered_in_a_training():
    model = tagger()
    model.compile(SGD(0.5), model.loss)
    plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100)
    history = model.fit(*shifted(), epochs=4, callbacks=[plateau], verbose=0).history
    assert history["learning_rate"] == [0.5, 0.5, 0.25, 0.125]


def test_scheduler(capsys):
    model = tagger()
    model.compile(SGD(0.5), model.loss)
    for schedule, expected in [
        (lambda epoch: 1.0 / (1 + epoch), [1.0, 0.5, 1 / 3]),
        (lambda epoch, rate: rate / 2 if epoch else 0.25, [0.25, 0.125, 0.0625]),
        (ExponentialDecay(1.0, 1, 0.5), [1.0, 0.5, 0.25]),
        (np.float32, [0.0, 1.0, 2.0]),
        (int, [0.0, 1.0, 2.0]),  # does not tell what it takes
    ]:
        callback = LearningRateScheduler(schedule, verbose=1)
        history = model.fit(*shifted(), epochs=3, callbacks=callback, verbose=0).history
        assert history["learning_rate"] == pytest.approx(expected)
        assert "Epoch 00003: setting learning rate to " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: ReduceLROnPlateau(factor=1.0), ValueError, "factor is 1.0"),
        (lambda: ReduceLROnPlateau(factor=0), ValueError, "factor is 0"),
        (lambda: LearningRateScheduler(0.1), TypeError, "schedule is of type float"),
        (lambda: fit(SGD(0.1), lambda epoch: None), TypeError, "learning_rate is None"),
        (
            lambda: fit(SGD(ExponentialDecay(1.0, 1, 0.5)), lambda epoch: 0.5),
            TypeError,
            "decided by ExponentialDecay",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


def fit(optimizer, schedule):
    model = tagger()
    model.compile(optimizer, model.loss)
    model.fit(*shifted(), callbacks=LearningRateScheduler(schedule), verbose=0)


def test_a_mistake_in_a_schedule_is_not_hidden():
    def schedule(epoch, rate):
        raise TypeError("of its own")

    with pytest.raises(TypeError, match="of its own"):
        fit(SGD(0.1), schedule)
