"""Masks through whole models: what is padding does not count, whoever says that it is."""

import numpy as np
import pytest

from fastrnn.layers import (
    Activation,
    Dense,
    Dropout,
    Input,
    Masking,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential, load_model
from tests.compare import assert_close
from tests.tolerances import PARITY

from .recurrent import RECURRENT

LENGTHS = [7, 3, 1, 0, 5, 7, 2]
TIME, FEATURES, CLASSES = 7, 3, 4


def ragged(rng, dtype="float64"):
    """Return sequences that are padded with zeros, and which of their steps count."""
    counts = np.arange(TIME) < np.array(LENGTHS)[:, np.newaxis]
    x = rng.normal(size=(len(LENGTHS), TIME, FEATURES)).astype(dtype)
    return np.where(counts[..., np.newaxis], x, 0).astype(dtype), counts


def stack(cell, masked, sequences=True, **options):
    """Return two layers of a cell and a softmax, the first with or without a mask before it."""
    made = RECURRENT[cell]
    model = Sequential(
        [
            Input((None, FEATURES), dtype="float64"),
            *([Masking()] if masked else []),
            made(6, return_sequences=True, **options),
            Activation("tanh"),
            made(5, return_sequences=sequences),
            Dropout(0),
            TimeDistributed(Dense(CLASSES, "softmax")) if sequences else Dense(CLASSES, "softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    rng = np.random.default_rng(3)
    model.set_weights([rng.normal(scale=0.6, size=w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("cell", RECURRENT)
def test_padding_is_as_if_it_were_not_there(cell):
    rng = np.random.default_rng(1)
    (x, counts), y = ragged(rng), rng.integers(0, CLASSES, (len(LENGTHS), TIME))
    model, plain = stack(cell, True), stack(cell, False)
    predictions = model.predict(x, batch_size=4)
    assert not predictions[~counts].any()
    loss, right, gradients = 0.0, 0.0, [np.zeros_like(w) for w in plain.get_weights()]
    for one, length in enumerate(LENGTHS):
        if not length:
            continue
        alone, labels = x[one : one + 1, :length], y[one : one + 1, :length]
        assert_close(predictions[one : one + 1, :length], plain.predict(alone), PARITY)
        value, accuracy = plain.evaluate(alone, labels, verbose=0)
        loss, right = loss + length * value, right + length * accuracy
        for total, gradient in zip(gradients, plain.compute_gradients(alone, labels), strict=True):
            total += length * gradient
    expected = [loss / sum(LENGTHS), right / sum(LENGTHS)]
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx(expected, rel=1e-12)
    assert_close(
        model.compute_gradients(x, y), [g / sum(LENGTHS) for g in gradients], PARITY, "gradients"
    )


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_last_state_is_the_last_true_one(cell, backwards):
    rng = np.random.default_rng(2)
    x, _ = ragged(rng)
    y = rng.integers(0, CLASSES, len(LENGTHS))
    options = {"go_backwards": backwards}
    model, plain = stack(cell, True, False, **options), stack(cell, False, False, **options)
    predictions, gradients = model.predict(x), [np.zeros_like(w) for w in plain.get_weights()]
    for one, length in enumerate(LENGTHS):
        if length:
            alone = x[one : one + 1, :length]
            assert_close(predictions[one : one + 1], plain.predict(alone), PARITY)
            found = plain.compute_gradients(alone, y[one : one + 1])
        else:  # only the bias of the output layer has anything to learn from zeros
            zeros = Sequential([Input((5,), dtype="float64"), Dense(CLASSES, "softmax")])
            zeros.compile("sgd", "sparse_categorical_crossentropy")
            zeros.set_weights(plain.get_weights()[-2:])
            assert_close(predictions[one : one + 1], zeros.predict(np.zeros((1, 5))), PARITY)
            found = [np.zeros_like(g) for g in gradients[:-2]]
            found += zeros.compute_gradients(np.zeros((1, 5)), y[one : one + 1])
        for total, gradient in zip(gradients, found, strict=True):
            total += gradient / len(LENGTHS)
    assert_close(model.compute_gradients(x, y), gradients, PARITY)


@pytest.mark.parametrize("cell", RECURRENT)
def test_a_mask_that_comes_with_the_data(cell):
    """Any pattern, garbage where it is zero: as if those steps were cut out."""
    rng = np.random.default_rng(4)
    counts = rng.random((6, TIME)) < 0.6
    counts[0] = False
    x = rng.normal(size=(6, TIME, FEATURES))
    x[~counts] = np.inf
    made = RECURRENT[cell](5, return_sequences=True)
    data = Input((None, FEATURES), dtype="float64")
    mask = Input((None,), dtype="bool", name="which")
    model = Model([data, mask], made(data, mask=mask))
    plain = Model(data, made(data))
    found = model.predict({"input_1": x, "which": counts})
    assert not found[~counts].any()
    for one in range(1, 6):
        expected = plain.predict(x[one : one + 1, counts[one]])[0] if counts[one].any() else []
        np.testing.assert_allclose(found[one, counts[one]], expected, rtol=1e-12, atol=1e-14)


def test_a_batch_that_is_masked_whole_adds_nothing():
    rng = np.random.default_rng(5)
    x, _ = ragged(rng)
    y = rng.integers(0, CLASSES, (len(x), TIME))
    nothing = np.zeros_like(x)
    model = stack("gru", True)
    expected = model.evaluate(x, y, verbose=0)
    both = np.concatenate([nothing, x]), np.concatenate([y, y])
    assert model.evaluate(*both, batch_size=len(x), verbose=0) == pytest.approx(expected)
    before = model.get_weights()
    assert model.train_on_batch(nothing, y) == [0.0, 0.0]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    history = model.fit(nothing, y, validation_split=0.5, epochs=2, verbose=0).history
    assert all(value == 0 for values in history.values() for value in values)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert not model.predict(nothing).any()


def test_the_mean_of_an_epoch_is_over_what_counts():
    """Not the mean of the batches' means: batches count by their steps."""
    rng = np.random.default_rng(6)
    x, counts = ragged(rng)
    y = rng.integers(0, CLASSES, (len(x), TIME))
    model = stack("rnn", True)
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy", lambda a, b: a == 1])
    model.optimizer.learning_rate = 0.0
    history = model.fit(x, y, batch_size=2, validation_data=(x[2:], y[2:]), verbose=0).history
    predictions = model.predict(x)
    picked = np.take_along_axis(predictions, y[..., None], -1)[..., 0]
    right = predictions.argmax(-1) == y
    assert history["loss"][0] == pytest.approx(-np.log(picked[counts]).mean(), rel=1e-12)
    assert history["accuracy"][0] == pytest.approx(right[counts].mean(), rel=1e-12)
    assert history["<lambda>"][0] == pytest.approx((y == 1)[counts].mean(), rel=1e-12)
    counted, picked = counts[2:], picked[2:]
    assert history["val_loss"][0] == pytest.approx(-np.log(picked[counted]).mean(), rel=1e-12)
    assert history["val_accuracy"][0] == pytest.approx(right[2:][counted].mean(), rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("mse", "linear"),
        ("binary_crossentropy", "sigmoid"),
        ("binary_crossentropy", "softmax"),
        ("categorical_crossentropy", "softmax"),
        ("categorical_crossentropy", "sigmoid"),
        ("sparse_categorical_crossentropy", "sigmoid"),
    ],
)
def test_every_loss_leaves_out_what_is_masked(loss, activation):
    rng = np.random.default_rng(7)
    x, counts = ragged(rng)
    y = rng.integers(0, 2, (len(x), TIME, CLASSES)).astype(float)
    if loss.startswith("sparse"):
        y = y[..., 0]
    end = Dense(CLASSES, activation)
    masked = Sequential([Input((None, FEATURES), dtype="float64"), Masking(), end])
    flat = Sequential([Input((FEATURES,), dtype="float64"), end])
    for model in (masked, flat):
        model.compile("sgd", loss, ["accuracy"])
    expected = flat.evaluate(x[counts], y[counts], verbose=0)
    assert masked.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-12)
    gradients = flat.compute_gradients(x[counts], y[counts])
    assert_close(masked.compute_gradients(x, y), gradients, PARITY)


def test_what_an_earlier_batch_left_behind_does_not_matter():
    rng = np.random.default_rng(10)
    x, _ = ragged(rng)
    y = rng.integers(0, CLASSES, (len(x), TIME))
    short = x.copy()
    short[:, 3:] = 0
    model = stack("gru", True)
    expected, predictions = model.compute_gradients(short, y), model.predict(short)
    model.compute_gradients(x, y)
    assert_close(model.compute_gradients(short, y), expected, 0.0)
    both = model.predict(np.concatenate([x, short]), batch_size=len(x))
    assert both[: len(x), 3:].any()
    np.testing.assert_array_equal(both[len(x) :], predictions)


def test_another_value_may_pad():
    x = np.random.default_rng(8).normal(size=(2, 4, 3))
    x[0, 2:], x[1, 1] = -9.5, 0
    x[1, 3, :2] = -9.5  # not all of them
    model = Sequential([Input((None, 3)), Masking(-9.5)])
    found = model.predict(x)
    assert not found[0, 2:].any()
    np.testing.assert_array_equal(found[0, :2], x[0, :2].astype("float32"))
    np.testing.assert_array_equal(found[1], x[1].astype("float32"))


def test_masks_live_in_files(tmp_path):
    x, counts = ragged(np.random.default_rng(9))
    data = Input((None, FEATURES), dtype="float64")
    mask = Input((None,), dtype="bool")
    made = RECURRENT["gru"](3, return_sequences=True)(Masking(0.5)(data), mask=mask)
    model = Model([data, mask], made)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict([x, counts]), model.predict([x, counts]))
    assert again.get_config() == model.get_config()


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Masking("0"), TypeError, "mask_value of Masking is '0'"),
        (lambda: Masking()(Input((3,))), ValueError, r"should be \(None, time, features\)"),
        (
            lambda: RECURRENT["rnn"](2)(Input((4, 3)), mask=Input((4, 3))),
            ValueError,
            r"mask has shape .*it should be an Input",
        ),
        (
            lambda: RECURRENT["rnn"](2)(Input((4, 3)), mask=np.ones((2, 4))),
            TypeError,
            "ndarray beside symbolic tensors",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
