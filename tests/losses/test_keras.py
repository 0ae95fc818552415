"""Losses and their gradients behind every kind of output, and what is reported, as Keras has them.

A case is a model of one layer.  Its weights are a formula's; the loss, the gradients and the
metrics of `evaluate` are Keras's.
"""

import numpy as np
import pytest

from fastrnn import layers, losses
from fastrnn.models import Model
from tests import recorded
from tests.keras_oracle import double_precision, gradients, require_keras
from tests.tolerances import RECORDED

FILE = "keras_losses"
N, TIME, CLASSES = 4, 5, 3
LABELS = np.arange(N * TIME).reshape(N, TIME) ** 2 % CLASSES


def numbers(shape, phase):
    return 0.9 * np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X = numbers((N, TIME, CLASSES), 0.2)
BY_SAMPLE, BY_STEP = np.array([0.5, 2.0, 0.0, 1.0]), np.abs(numbers((N, TIME), 0.4))
SOFT = np.abs(numbers((N, TIME, CLASSES), 1.1))
ONE_HOT = np.eye(CLASSES)[LABELS]
BITS = (SOFT > 0.5).astype(float)

#: Name: loss, activation, targets, weights, type.
CASES = {
    f"{loss} behind {activation}, {dtype}": (loss, activation, y, None, dtype)
    for loss, y in (
        ("categorical_crossentropy", ONE_HOT),
        ("sparse_categorical_crossentropy", LABELS),
    )
    for activation in ("sigmoid", "relu+1", "linear+2", "softmax")
    for dtype in ("float64", "float32")
} | {
    "soft targets": ("categorical_crossentropy", "sigmoid", SOFT, None, "float64"),
    "negative shares": ("categorical_crossentropy", "linear-3", SOFT, None, "float64"),
    "rows of both signs": ("sparse_categorical_crossentropy", "linear", LABELS, None, "float64"),
    "samples": ("categorical_crossentropy", "sigmoid", ONE_HOT, BY_SAMPLE, "float64"),
    "steps": ("sparse_categorical_crossentropy", "sigmoid", LABELS, BY_STEP, "float64"),
    "bits": ("binary_crossentropy", "sigmoid", BITS, BY_STEP, "float64"),
    "bits of shares": ("binary_crossentropy", "softmax", SOFT, BY_SAMPLE, "float64"),
    "squares": ("mean_squared_error", "tanh", SOFT, BY_STEP, "float64"),
}


def build(k, model, activation, dtype):
    """Return a model of one layer; ``+1`` is added to every output by the bias."""
    name, _, shift = activation.partition("+") if "+" in activation else activation.partition("-")
    shift = float(shift or 0) * (-1 if "-" in activation else 1)
    x = k.Input((TIME, CLASSES), dtype=dtype)
    made = model(x, k.Dense(CLASSES, activation=name, dtype=dtype)(x))
    made.set_weights([numbers((CLASSES, CLASSES), 0.7), numbers((CLASSES,), 0.1) + shift])
    return made


@pytest.mark.parametrize("case", CASES)
def test_losses_and_gradients(case):
    loss, activation, y, weights, dtype = CASES[case]
    model = build(layers, Model, activation, dtype)
    model.compile("sgd", loss)
    found = {
        "loss": model.evaluate(X, y, verbose=0, sample_weight=weights),
        "gradients": model.compute_gradients(X, y, weights),
    }
    recorded.assert_alike(found, recorded.load(FILE, case), RECORDED[np.dtype(dtype)])
    # The function alone says the same.
    positions = losses.get(loss).call(y, model.predict(X))
    weighted = positions * (1 if weights is None else weights.reshape(N, -1))
    assert weighted.mean() == pytest.approx(found["loss"], rel=1e-5 if dtype == "float32" else 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_keras_says_so_of_losses(case):
    keras = require_keras()
    loss, activation, y, weights, dtype = CASES[case]
    weights = None if weights is None else weights.reshape(N, -1)
    with double_precision():
        keras.config.set_dtype_policy(dtype)
        keras.config.set_floatx(dtype)
        model = build(keras.layers, keras.Model, activation, dtype)
        function = {
            "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
            "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
            "binary_crossentropy": keras.losses.BinaryCrossentropy,
            "mean_squared_error": keras.losses.MeanSquaredError,
        }[loss](dtype=dtype)
        found = gradients(
            model, X.astype(dtype), y, lambda y, answers: function(y, answers, weights)
        )
    tolerance = RECORDED[np.dtype(dtype)]
    recorded.check(FILE, case, dict(zip(("loss", "gradients"), found, strict=True)), tolerance)


#: Name: loss, activation, units, targets without time.
REPORTS = {
    "a regression": ("mse", "linear", 1, numbers((N, 1), 0.1)),
    "a regression of a flat array": ("mse", "linear", 1, numbers((N,), 0.1)),
    "a regression of several": ("mse", "linear", 3, numbers((N, 3), 0.1)),
    "a yes or no": ("binary_crossentropy", "sigmoid", 1, np.array([0, 1, 1, 0])),
    "soft yes and no": ("binary_crossentropy", "sigmoid", 1, np.array([0.0, 0.9, 1.0, 0.2])),
    "several yes and no": ("binary_crossentropy", "sigmoid", 3, BITS[:, 0]),
    "several sigmoids": ("categorical_crossentropy", "sigmoid", 3, ONE_HOT[:, 1]),
    "labels": ("sparse_categorical_crossentropy", "softmax", 3, LABELS[:, 2]),
    "labels with an axis": ("sparse_categorical_crossentropy", "softmax", 3, LABELS[:, 2:3]),
    "one class": ("sparse_categorical_crossentropy", "sigmoid", 1, np.zeros((N,), int)),
}


def reporting(k, model, case, dtype="float64"):
    loss, activation, units, _ = REPORTS[case]
    x = k.Input((CLASSES,), dtype=dtype)
    made = model(x, k.Dense(units, activation=activation, dtype=dtype)(x))
    made.set_weights([numbers((CLASSES, units), 0.7), numbers((units,), 0.1)])
    weighted = [] if case.startswith("labels") else ["binary_accuracy"]
    made.compile(loss=loss, metrics=["accuracy"], weighted_metrics=weighted)
    return made


@pytest.mark.parametrize("case", REPORTS)
def test_what_accuracy_means(case):
    model, y = reporting(layers, Model, case), REPORTS[case][-1]
    found = model.evaluate(X[:, 0], y, verbose=0, return_dict=True, sample_weight=BY_SAMPLE)
    recorded.assert_alike(found, recorded.load(FILE, f"accuracy of {case}"), 1e-6)
    assert list(found) == sorted(found)
    in_order = model.evaluate(X[:, 0], y, verbose=0, sample_weight=BY_SAMPLE)
    assert in_order == [found[name] for name in model.metrics_names]
    assert model.metrics_names[:2] == ["loss", "accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("case", REPORTS)
def test_keras_says_so_of_accuracy(case):
    keras = require_keras()
    with double_precision():
        model = reporting(keras.layers, keras.Model, case)
        arguments = {"verbose": 0, "return_dict": True, "sample_weight": BY_SAMPLE}
        found = model.evaluate(X[:, 0], REPORTS[case][-1], **arguments)
        recorded.check(FILE, f"accuracy of {case}", found, 1e-6)


def several(k, model, dtype="float64"):
    x = k.Input((CLASSES,), dtype=dtype)
    zed, alf = (k.Dense(1, name=name, dtype=dtype)(x) for name in ("zed", "alf"))
    made = model(x, [zed, alf])
    made.set_weights([numbers(w.shape, 0.3 + i) for i, w in enumerate(made.get_weights())])
    made.compile(
        loss=["mse", "mse"],
        metrics=[["mse"], ["mse", "accuracy"]],
        weighted_metrics=[["accuracy"], []],
        loss_weights=[1, 2],
    )
    return made


def described(model):
    y = [numbers((N, 1), 0.1), numbers((N, 1), 0.2)]
    history = model.fit(X[:, 0], y, epochs=1, verbose=0, validation_data=(X[:, 0], y)).history
    return {
        "history": list(history),
        "list": model.evaluate(X[:, 0], y, verbose=0),
        "dict": model.evaluate(X[:, 0], y, verbose=0, return_dict=True),
    }


def test_the_order_of_several_outputs():
    model = several(layers, Model)
    model.optimizer.learning_rate = 0.0
    found = described(model)
    recorded.assert_alike(found, recorded.load(FILE, "several outputs"), 1e-6)
    assert [found["dict"][name] for name in model.metrics_names] == found["list"]


@pytest.mark.slow
def test_keras_says_so_of_several_outputs():
    keras = require_keras()
    with double_precision():
        model = several(keras.layers, keras.Model)
        model.optimizer.learning_rate = 0.0
        recorded.check(FILE, "several outputs", described(model), 1e-6)


@pytest.mark.parametrize("y", [[[2.0]], [[-0.1]], [[np.nan]], [[3]]])
def test_targets_of_yes_and_no_that_are_neither(y):
    model = Model(x := layers.Input((2,)), layers.Dense(1, "sigmoid")(x))
    model.compile("sgd", "binary_crossentropy")
    before = model.get_weights()
    x, targets = np.ones((33, 2)), np.vstack([np.zeros((32, 1)), y])
    for call in (
        lambda: model.fit(x, targets, batch_size=4, verbose=0, shuffle=False),
        lambda: model.fit(x[:4], targets[:4], validation_data=(x, targets), verbose=0),
        lambda: model.evaluate(x, targets, verbose=0),
        lambda: losses.binary_crossentropy(targets, np.full((33, 1), 0.5)),
        lambda: losses.BinaryCrossentropy(from_logits=True)(targets, np.full((33, 1), 0.5)),
    ):
        with pytest.raises(ValueError, match=r"at \[32, 0\]; targets of the binary cross entropy"):
            call()
    for one, two in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy"])
def test_shapes_are_not_stretched(loss):
    """As in Keras; other losses broadcast, with a warning."""
    model = Model(x := layers.Input((2,)), layers.Dense(3, "sigmoid")(x))
    model.compile("sgd", loss)
    for y in (np.ones((4, 1)), np.ones(4), np.ones((1, 3)), np.ones((4, 3, 1))):
        with pytest.raises(ValueError, match="y has shape"):
            model.fit(np.ones((4, 2)), y, verbose=0)


def test_metrics_of_an_output_without_a_loss():
    x = layers.Input((3,))
    model = Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    with pytest.raises(ValueError, match="for b, which has no loss"):
        model.compile("sgd", ["mse", None], [["mse"], ["mse"]])
    model.compile("sgd", ["mse", None], [["mse"], None])
    assert model.metrics_names == ["loss", "a_mse"]
    model.compile("sgd", ["mse", "mse"], ["mse", "accuracy"])
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mse", "b_accuracy"]
