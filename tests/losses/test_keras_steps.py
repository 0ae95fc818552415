"""Five steps of gradient descent with every loss: the losses and the weights that Keras has."""

import json

import numpy as np
import pytest

from fastrnn import backend, layers, losses, metrics
from fastrnn.models import Sequential, load_model
from fastrnn.optimizers import SGD
from tests import recorded
from tests.keras_oracle import double_precision, gradients, require_keras
from tests.tolerances import RECORDED

FILE = "keras_steps"
N, UNITS, RATE = 6, 3, 0.1


def numbers(shape, phase):
    return 0.9 * np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X = numbers((N, 4), 0.2)
REAL, POSITIVE = 2 * numbers((N, UNITS), 1.0), np.abs(numbers((N, UNITS), 1.0)) + 0.1
ONE_HOT, BITS = np.eye(UNITS)[np.arange(N) % UNITS], (REAL > 0).astype(float)
SHARES = POSITIVE / POSITIVE.sum(axis=1, keepdims=True)

#: Class, its arguments, activation, targets.
CASES = {
    "MeanAbsoluteError": ({}, "linear", REAL),
    "MeanAbsolutePercentageError": ({}, "linear", POSITIVE),
    "MeanSquaredError": ({}, "tanh", REAL),
    "MeanSquaredLogarithmicError": ({}, "linear", POSITIVE),
    "Huber": ({"delta": 0.5}, "linear", REAL),
    "LogCosh": ({}, "linear", 3 * REAL),
    "CosineSimilarity": ({}, "tanh", REAL),
    "KLDivergence": ({}, "sigmoid", SHARES),
    "Poisson": ({}, "exponential", POSITIVE),
    "Hinge": ({}, "linear", BITS),
    "SquaredHinge": ({}, "tanh", 2 * BITS - 1),
    "CategoricalHinge": ({}, "linear", ONE_HOT),
    "CategoricalCrossentropy": ({"label_smoothing": 0.2}, "softmax", ONE_HOT),
    "CategoricalCrossentropy of logits": (
        {"label_smoothing": 0.1, "from_logits": True},
        "linear",
        ONE_HOT,
    ),
    "CategoricalCrossentropy of shares": ({"label_smoothing": 0.3}, "sigmoid", ONE_HOT),
    "BinaryCrossentropy": ({"label_smoothing": 0.2}, "sigmoid", BITS),
    "BinaryCrossentropy of logits": (
        {"label_smoothing": 0.1, "from_logits": True},
        "linear",
        BITS,
    ),
}
RATES = {"MeanAbsolutePercentageError": 1e-4}


def build(k, model, activation, dtype):
    made = model([k.Input((4,), dtype=dtype), k.Dense(UNITS, activation=activation, dtype=dtype)])
    made.set_weights([numbers((4, UNITS), 0.7), numbers((UNITS,), 0.1)])
    return made


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_five_steps(case, dtype):
    options, activation, y = CASES[case]
    loss = getattr(losses, case.split()[0])(**options)
    model = build(layers, Sequential, activation, dtype)
    model.compile(SGD(RATES.get(case, RATE)), loss)
    found = [model.train_on_batch(X, y) for _ in range(5)]
    expected = recorded.load(FILE, f"{case}, {dtype}")
    recorded.assert_alike(
        {"losses": found, "weights": model.get_weights()}, expected, RECORDED[np.dtype(dtype)]
    )
    # The same by the function's name, and out of a configuration.
    again = losses.get(json.loads(json.dumps(losses.serialize(loss))))
    fresh = build(layers, Sequential, activation, dtype)
    assert again(y, fresh.predict(X)) == pytest.approx(expected["losses"][0], rel=1e-5)
    function = getattr(losses, loss.name)
    assert function(y, fresh.predict(X), **options).mean() == pytest.approx(
        expected["losses"][0], rel=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES)
def test_keras_makes_these_steps(case, dtype):
    keras = require_keras()
    options, activation, y = CASES[case]
    with double_precision():
        keras.config.set_dtype_policy(dtype)
        keras.config.set_floatx(dtype)
        loss = getattr(keras.losses, case.split()[0])(dtype=dtype, **options)
        model = build(keras.layers, keras.Sequential, activation, dtype)
        found = []
        for _ in range(5):
            value, slopes = gradients(model, X.astype(dtype), y.astype(dtype), loss)
            found.append(value)
            rate = np.dtype(dtype).type(RATES.get(case, RATE))
            pairs = zip(model.get_weights(), slopes, strict=True)
            model.set_weights([w - rate * np.asarray(g) for w, g in pairs])
        described = {"losses": found, "weights": model.get_weights()}
        recorded.check(FILE, f"{case}, {dtype}", described, RECORDED[np.dtype(dtype)])


SEQUENCES = numbers((4, 5, UNITS), 0.4)


@pytest.mark.parametrize("case", [case for case in CASES if "BinaryCross" not in case])
def test_masks_and_weights_leave_out(case):
    """Steps that a mask leaves out, and samples without a weight, add nothing."""
    options, activation, y = CASES[case]
    model = Sequential(
        [
            layers.Input((None, UNITS), dtype="float64"),
            layers.Masking(),
            layers.Dense(UNITS, activation),
        ]
    )
    if case in ("Hinge", "SquaredHinge"):
        y = 2 * BITS - 1
    loss = getattr(losses, case.split()[0])(**options)
    model.compile("sgd", loss)
    x, targets = SEQUENCES.copy(), np.stack([y[:5]] * 4)
    x[1, 3:] = 0
    weights = np.array([1.0, 0.5, 0.0, 2.0])
    found = model.compute_gradients(x, targets, weights)
    total = 0
    for one, weight in enumerate(weights):
        steps = slice(0, 3 if one == 1 else 5)
        alone = model.compute_gradients(x[one : one + 1, steps], targets[one : one + 1, steps])
        share = weight * (3 if one == 1 else 5) / 18
        total = [share * g + t for g, t in zip(alone, total or [0, 0], strict=True)]
    for one, other in zip(found, total, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("mae", "MAE", "mean_absolute_error", "MeanAbsoluteError"), losses.MeanAbsoluteError),
        (("mape", "MAPE"), losses.MeanAbsolutePercentageError),
        (("msle", "MSLE"), losses.MeanSquaredLogarithmicError),
        (("mse", "MSE"), losses.MeanSquaredError),
        (("bce", "BCE"), losses.BinaryCrossentropy),
        (("kld", "KLD", "kl_divergence", losses.kl_divergence), losses.KLDivergence),
        (("huber", losses.huber, losses.Huber), losses.Huber),
        (("log_cosh", "logcosh"), losses.LogCosh),
        (("poisson", "Poisson"), losses.Poisson),
    ],
)
def test_names(names, kind):
    for name in names:
        assert type(losses.get(name)) is kind


def test_metrics_by_the_names_of_losses():
    model = build(layers, Sequential, "linear", "float64")
    names = ["mae", "mape", "msle", "huber", "kl_divergence", "poisson", "log_cosh", "hinge"]
    model.compile("sgd", "mse", [*names, "cosine_similarity"])
    found = model.evaluate(X, POSITIVE, verbose=0, return_dict=True, batch_size=4)
    answers = model.predict(X)
    for name in names[:-1]:
        expected = losses.get(name).call(POSITIVE, answers).mean()
        assert found[name] == pytest.approx(expected, nan_ok=True)
    cosines = (POSITIVE * answers).sum(-1)
    cosines /= np.linalg.norm(POSITIVE, axis=-1) * np.linalg.norm(answers, axis=-1)
    assert found["cosine_similarity"] == pytest.approx(cosines.mean())
    assert metrics.cosine_similarity(POSITIVE, POSITIVE) == pytest.approx(1)


def fourth(y_true, y_pred):
    return ((y_pred - y_true) ** 4).mean(axis=-1)


def test_a_function_of_one_s_own_is_differentiated():
    """One for every position, one for every feature, and one for all give the same gradients."""
    model = build(layers, Sequential, "tanh", "float64")
    found = []
    for loss in (
        lambda y_true, y_pred: backend.mean(backend.square(y_pred - y_true), axis=-1),
        lambda y_true, y_pred: backend.square(y_pred - y_true),
        lambda y_true, y_pred: backend.mean(backend.square(y_pred - y_true)),
        "mse",
    ):
        model.compile(SGD(0.1), loss)
        found.append([model.evaluate(X, REAL, verbose=0), *model.compute_gradients(X, REAL)])
    for one in found[:-1]:
        for ours, expected in zip(one, found[-1], strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-12)
    model.compile(SGD(0.1), lambda y_true, y_pred: np.sort(y_pred))
    with pytest.raises(TypeError, match=r"numpy\.sort is not known"):
        model.fit(X, REAL, verbose=0)


def test_a_function_of_one_s_own(tmp_path):
    model = build(layers, Sequential, "tanh", "float64")
    fourth.gradient = lambda y_true, y_pred: 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]
    model.compile(SGD(0.1), fourth)
    before = model.evaluate(X, REAL, verbose=0)
    assert before == pytest.approx(((model.predict(X) - REAL) ** 4).mean())
    found = model.compute_gradients(X, REAL)
    weights = model.get_weights()
    for place, gradient in enumerate(found):
        moved = [w.copy() for w in weights]
        moved[place].flat[1] += 1e-6
        model.set_weights(moved)
        slope = (model.evaluate(X, REAL, verbose=0) - before) / 1e-6
        assert slope == pytest.approx(gradient.flat[1], rel=1e-4)
    model.set_weights(weights)
    model.fit(X, REAL, epochs=20, verbose=0)
    assert model.evaluate(X, REAL, verbose=0) < before
    del fourth.gradient


def test_a_class_of_one_s_own():
    class Shifted(losses.FormulaLoss):
        name = "shifted"

        def values(self, y_true, y_pred):
            return np.square(y_pred - y_true - 1).sum(axis=-1)

        def slopes(self, y_true, y_pred):
            return 2 * (y_pred - y_true - 1)

    model = build(layers, Sequential, "linear", "float32")
    model.compile(SGD(0.05), Shifted())
    model.fit(X, numbers((N, UNITS), 0.3), epochs=200, verbose=0)
    assert Shifted()(numbers((N, UNITS), 0.3), model.predict(X)) < 3

    class Wrong(Shifted):
        def values(self, y_true, y_pred):
            return np.square(y_pred - y_true)

    model.compile(SGD(0.05), Wrong())
    with pytest.raises(
        ValueError, match=r"values of Wrong has shape \(6, 3\); it should be \(6,\)"
    ):
        model.fit(X, REAL, verbose=0)


def test_what_smoothing_may_be(tmp_path):
    for smoothing in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="label_smoothing is"):
            losses.BinaryCrossentropy(label_smoothing=smoothing)
    model = build(layers, Sequential, "sigmoid", "float32")
    model.compile("sgd", losses.BinaryCrossentropy(label_smoothing=np.float32(0.25)), ["accuracy"])
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.loss.label_smoothing == 0.25
    assert again.evaluate(X, BITS, verbose=0) == model.evaluate(X, BITS, verbose=0)
