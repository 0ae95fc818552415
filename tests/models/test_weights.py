"""Weights of samples, steps and classes."""

import numpy as np
import pytest

from fastrnn.layers import GRU, Dense, Input, Masking
from fastrnn.models import Sequential, load_model

from .builders import CLASSES, TIME, shifted, tagger

RNG = np.random.default_rng(21)
X = RNG.normal(size=(9, TIME, 2))
BY_SAMPLE, BY_STEP = RNG.random(9), RNG.random((9, TIME))
# Loss, activation, targets.
ENDS = [
    ("mse", "linear", RNG.normal(size=(9, TIME, CLASSES))),
    ("binary_crossentropy", "sigmoid", RNG.integers(0, 2, (9, TIME, CLASSES))),
    ("categorical_crossentropy", "softmax", np.eye(CLASSES)[RNG.integers(0, CLASSES, (9, TIME))]),
    ("sparse_categorical_crossentropy", "softmax", RNG.integers(0, CLASSES, (9, TIME))),
    ("sparse_categorical_crossentropy", "sigmoid", RNG.integers(0, CLASSES, (9, TIME))),
]


def model_of(loss, activation, **options):
    model = Sequential([Input((TIME, 2), dtype="float64"), Dense(CLASSES, activation)])
    model.compile("sgd", loss, **options)
    return model


@pytest.mark.parametrize(("loss", "activation", "y"), ENDS)
@pytest.mark.parametrize("weights", [BY_SAMPLE, BY_STEP, BY_SAMPLE[:, np.newaxis]])
def test_weights_multiply_and_do_not_divide(loss, activation, y, weights):
    model = model_of(loss, activation)
    positions = model.loss.call(y, model.predict(X))
    weighted = np.broadcast_to(weights if weights.ndim == 2 else weights[:, None], (9, TIME))
    expected = (positions * weighted).sum() / positions.size
    assert model.evaluate(X, y, verbose=0, sample_weight=weights) == pytest.approx(expected)
    # The gradient of every sample alone, at its own weight.
    if weights.ndim == 1:
        alone = [model.compute_gradients(X[i : i + 1], y[i : i + 1]) for i in range(9)]
        found = model.compute_gradients(X, y, weights)
        for which, gradient in enumerate(found):
            total = sum(w * one[which] for w, one in zip(weights, alone, strict=True))
            np.testing.assert_allclose(gradient, total / 9, rtol=1e-9, atol=1e-14)


def test_a_weight_of_zero_leaves_a_sample_out():
    x, y = shifted(8)
    model = tagger(dtype="float64")
    weights = np.array([1, 0, 1, 1, 0, 0, 1, 0])
    found = model.compute_gradients(x, y, weights)
    kept = model.compute_gradients(x[weights > 0], y[weights > 0])
    for one, other in zip(found, kept, strict=True):
        np.testing.assert_allclose(one, other / 2, rtol=1e-9, atol=1e-14)


def test_weights_and_masks_together():
    model = Sequential([Input((TIME, 2), dtype="float64"), Masking(), Dense(CLASSES, "softmax")])
    model.compile(
        "sgd", "sparse_categorical_crossentropy", ["accuracy"], weighted_metrics=["accuracy"]
    )
    x, y = X.copy(), ENDS[3][2]
    x[:, 4:] = 0
    x[3] = 0
    counts = x.any(axis=-1)
    found = model.evaluate(x, y, verbose=0, sample_weight=BY_STEP, return_dict=True)
    p = model.predict(x)[counts]
    losses = -np.log(p[np.arange(len(p)), y[counts]])
    right = p.argmax(-1) == y[counts]
    weights = BY_STEP[counts]
    assert found["loss"] == pytest.approx((losses * weights).sum() / counts.sum())
    assert found["accuracy"] == pytest.approx(right.mean())
    assert found["weighted_accuracy"] == pytest.approx(np.average(right, weights=weights))


def test_fit_takes_weights_batch_by_batch_and_for_validation():
    x, y = shifted(20)
    weights = np.random.default_rng(1).random(20)
    whole, by_hand = tagger(), tagger()
    history = whole.fit(
        x[:16],
        y[:16],
        sample_weight=weights[:16],
        validation_data=(x[16:], y[16:], weights[16:]),
        batch_size=8,
        shuffle=False,
        verbose=0,
    ).history
    for part in (slice(0, 8), slice(8, 16)):
        by_hand.train_on_batch(x[part], y[part], weights[part])
    for one, two in zip(whole.get_weights(), by_hand.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    expected = whole.evaluate(x[16:], y[16:], verbose=0, sample_weight=weights[16:])
    assert [history["val_loss"][0], history["val_accuracy"][0]] == expected
    split = tagger()
    split.fit(
        x, y, sample_weight=weights, validation_split=0.2, batch_size=8, shuffle=False, verbose=0
    )
    for one, two in zip(whole.get_weights(), split.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_shuffled_weights_stay_with_their_samples():
    x, y = shifted(24)
    weights = np.random.default_rng(2).integers(0, 2, 24)
    model = tagger(dtype="float64")
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    model.optimizer.learning_rate = 0.0
    expected = model.evaluate(x, y, verbose=0, sample_weight=weights)
    history = model.fit(x, y, sample_weight=weights, batch_size=7, verbose=0).history
    assert [history["loss"][0], history["accuracy"][0]] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("loss", "activation", "y"), ENDS[2:])
def test_classes_have_weights(loss, activation, y):
    model = model_of(loss, activation)
    labels = y.argmax(-1) if y.ndim == 3 else y
    weights = np.select([labels == 1, labels == 3], [2.5, 0.5], 1.0)
    model.optimizer.learning_rate = 0.0
    history = model.fit(
        X, y, class_weight={1: 2.5, 3: 0.5}, batch_size=4, validation_data=(X, y), verbose=0
    ).history
    expected = model.evaluate(X, y, verbose=0, sample_weight=weights)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert history["val_loss"][0] == pytest.approx(model.evaluate(X, y, verbose=0), rel=1e-12)


def test_two_classes_of_one_output():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(30, TIME, 2)), rng.integers(0, 2, 30)
    model = Sequential([Input((TIME, 2), dtype="float64"), GRU(3), Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    found = model.train_on_batch(x, y, class_weight={0: 3, 1: 0.25})
    model.compile("sgd", "binary_crossentropy")
    fresh = Sequential([Input((TIME, 2), dtype="float64"), GRU(3), Dense(1, "sigmoid")])
    fresh.compile("sgd", "binary_crossentropy")
    fresh.set_weights(model.get_weights())
    assert found != fresh.evaluate(x, y, verbose=0)
    weights = np.where(y == 1, 0.25, 3)
    weighted = fresh.evaluate(x, y, verbose=0, sample_weight=weights)
    assert fresh.train_on_batch(x, y, class_weight={0: 3, 1: 0.25}) == pytest.approx(weighted)


def test_weighted_metrics_live_in_files(tmp_path):
    x, y = shifted(8)
    model = tagger()
    model.compile("sgd", model.loss, ["accuracy"], weighted_metrics=["accuracy"])
    model.save(tmp_path / "model")
    weights = np.arange(8)
    expected = model.evaluate(x, y, verbose=0, sample_weight=weights, return_dict=True)
    again = load_model(tmp_path / "model")
    found = again.evaluate(x, y, verbose=0, sample_weight=weights, return_dict=True)
    assert found == expected
    assert list(found) == ["accuracy", "loss", "weighted_accuracy"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sample_weight": np.ones(8)}, ValueError, r"it should be \(9,\) or \(9, 6\)"),
        ({"sample_weight": np.ones((9, 5))}, ValueError, r"sample_weight has shape \(9, 5\)"),
        ({"sample_weight": np.full(9, np.nan)}, ValueError, "not finite"),
        ({"sample_weight": ["a"] * 9}, TypeError, "sample_weight is of type"),
        ({"class_weight": [1, 2]}, TypeError, "class_weight is of type list"),
        ({"class_weight": {"a": 2}}, TypeError, "class 'a'"),
        ({"class_weight": {1: np.inf}}, ValueError, r"class_weight\[1\] is inf"),
        ({"class_weight": {1: 2}, "sample_weight": np.ones(9)}, ValueError, "both given"),
        ({"validation_data": (X, ENDS[3][2], np.ones(3))}, ValueError, r"validation_data\[2\]"),
        ({"validation_data": (X,) * 4}, TypeError, "pair"),
    ],
)
def test_weights_that_do_not_fit(options, error, message):
    loss, activation, y = ENDS[3]
    with pytest.raises(error, match=message):
        model_of(loss, activation).fit(X, y, verbose=0, **options)


def test_targets_without_classes_have_no_weights():
    for loss, activation, y in ENDS[:2]:
        with pytest.raises(ValueError, match="class_weight wants"):
            model_of(loss, activation).fit(X, y, class_weight={0: 1}, verbose=0)
