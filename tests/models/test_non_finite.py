"""Gradients that are not finite: found at once, told with their place, and without harm."""

import numpy as np
import pytest

from fastrnn.callbacks import EarlyStopping, LambdaCallback, TerminateOnNaN
from fastrnn.layers import Dense, Input, SimpleRNN
from fastrnn.models import NonFiniteGradientError, Sequential, load_model
from fastrnn.optimizers import SGD

RNG = np.random.default_rng(2)
X = RNG.normal(size=(12, 4, 2)).astype("float32")
Y = RNG.normal(size=(12, 1)).astype("float32")


def model(**options):
    made = Sequential([Input((4, 2)), SimpleRNN(3, name="states"), Dense(1, name="answer")])
    made.compile(SGD(0.01, momentum=0.5), "mse", **options)
    return made


def spoilt():
    """Return targets with one that no gradient can bear, in the second step of an epoch."""
    y = Y.copy()
    y[5] = np.inf
    return y


def test_the_error_names_epoch_step_and_weights():
    one = model()
    one.fit(X, Y, batch_size=4, verbose=0)
    before, velocity = one.get_weights(), one.optimizer.slots["velocity"].copy()
    by_hand = one.optimizer.iterations
    with pytest.raises(NonFiniteGradientError) as caught:
        one.fit(X, spoilt(), batch_size=4, shuffle=False, initial_epoch=3, epochs=5, verbose=0)
    error = caught.value
    assert (error.epoch, error.step) == (3, 1)
    assert "answer/kernel" in error.weights or "states/kernel" in error.weights
    assert not np.isfinite(error.logs["loss"])
    for text in ("epoch 4, step 2: ", error.weights[0], "no weight was changed", "learning rate"):
        assert text in str(error)
    # The first step was made, the second left no trace.
    assert one.optimizer.iterations == by_hand + 1
    again = model()
    again.set_weights(before)
    again.optimizer.build(again._setup.trainer(again).vector.values)
    again.optimizer.slots["velocity"][:] = velocity
    again.train_on_batch(X[:4], Y[:4])
    for a, b in zip(one.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_single_step_raises_too():
    one = model()
    with pytest.raises(NonFiniteGradientError, match=r"^the gradient is not finite for") as caught:
        one.train_on_batch(X, spoilt())
    assert caught.value.epoch is None
    assert isinstance(caught.value, ArithmeticError)


def test_weights_that_are_spoilt_already_are_told():
    one = model()
    weights = one.get_weights()
    weights[3][0] = np.nan
    one.set_weights(weights)
    with pytest.raises(NonFiniteGradientError, match=r"weights themselves .*: answer/kernel"):
        one.fit(X, Y, verbose=0)


def test_terminate_on_nan_ends_the_training_in_good_order(capsys):
    one, ended = model(), []
    history = one.fit(
        X,
        spoilt(),
        batch_size=4,
        shuffle=False,
        epochs=5,
        callbacks=[
            TerminateOnNaN(),
            EarlyStopping("loss", patience=9),
            LambdaCallback(on_epoch_end=lambda epoch, logs: ended.append(epoch)),
            LambdaCallback(on_train_end=lambda logs: ended.append("end")),
        ],
        verbose=0,
    ).history
    assert ended == [0, "end"]
    assert not np.isfinite(history["loss"][0])
    assert all(np.isfinite(weight).all() for weight in one.get_weights())
    assert one.optimizer.iterations == 1
    out = capsys.readouterr().out
    assert out.startswith("Batch 1: the loss is inf, terminating training: epoch 1, step 2: the g")
    assert out.count("terminating training") == 1


def test_who_wants_to_can_train_on(tmp_path):
    one = model(check_gradients=False)
    history = one.fit(X, spoilt(), batch_size=4, shuffle=False, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2
    assert one.optimizer.iterations == 6
    one.save(tmp_path / "model")
    assert load_model(tmp_path / "model").check_gradients is False
    model().save(tmp_path / "model")
    assert load_model(tmp_path / "model").check_gradients is True
