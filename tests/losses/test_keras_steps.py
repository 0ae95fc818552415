"""Five steps of gradient descent with every loss: the losses and the weights that Keras has."""

import json

import numpy as np
import pytest

from fastrnn import backend, layers, losses, metrics
from fastrnn.models import CheckpointError, Sequential, load_model
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
LABELS = np.arange(N) % UNITS
OUTSIDE = np.where(np.arange(N) > 3, 255, LABELS)
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
    "BinaryFocalCrossentropy": ({"gamma": 3.0, "label_smoothing": 0.1}, "sigmoid", BITS),
    "BinaryFocalCrossentropy of logits": (
        {"apply_class_balancing": True, "alpha": 0.6, "from_logits": True},
        "linear",
        BITS,
    ),
    "CategoricalFocalCrossentropy": ({"alpha": [0.2, 0.5, 1.0]}, "sigmoid", ONE_HOT),
    "CategoricalFocalCrossentropy of logits": (
        {"gamma": 1.5, "label_smoothing": 0.1, "from_logits": True},
        "linear",
        ONE_HOT,
    ),
    "SparseCategoricalCrossentropy": ({"ignore_class": 1}, "softmax", LABELS),
    "SparseCategoricalCrossentropy of logits": (
        {"ignore_class": -1, "from_logits": True},
        "linear",
        np.where(LABELS == 2, -1, LABELS),
    ),
    "SparseCategoricalCrossentropy of shares": ({"ignore_class": 255}, "sigmoid", OUTSIDE),
    "MeanAbsoluteError summed": ({"reduction": "sum"}, "linear", REAL),
    "MeanSquaredError summed": ({"reduction": "sum"}, "tanh", REAL),
    "BinaryCrossentropy summed": ({"reduction": "sum"}, "sigmoid", BITS),
    "SparseCategoricalCrossentropy summed": ({"reduction": "sum"}, "softmax", LABELS),
    "CategoricalCrossentropy summed": ({"reduction": "sum"}, "sigmoid", ONE_HOT),
}
RATES = {"MeanAbsolutePercentageError": 1e-4, "MeanSquaredError summed": 0.02}


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
    options = {name: value for name, value in options.items() if name != "reduction"}
    values = function(y, fresh.predict(X), **options)
    whole = values.sum() if loss.reduction == "sum" else values.mean()
    if "ignore_class" in options:
        whole = values.sum() / (y != options["ignore_class"]).sum()
    assert whole == pytest.approx(expected["losses"][0], rel=1e-5)
    # A training, an evaluation and files agree.
    fresh.compile(SGD(0), loss)
    assert fresh.evaluate(X, y, verbose=0, batch_size=N) == pytest.approx(found[0], rel=1e-5)


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


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if not case.startswith(("Binary", "Sparse")) and "sum" not in case],
)
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
        (("kullback_leibler_divergence", losses.KLD), losses.KLDivergence),
        (("cosine_proximity", losses.cosine_proximity), losses.CosineSimilarity),
        ((losses.mse, losses.MSE), losses.MeanSquaredError),
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


WEIGHTS = np.array([1.0, 0.5, 0.0, 2.0, 0.25, 1.0])
BY_STEP = np.abs(numbers((4, 5), 0.3)) * (np.arange(5) < 4)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("kind", ["MeanAbsoluteError", "SparseCategoricalCrossentropy"])
@pytest.mark.parametrize("shape", ["samples", "steps"])
def test_reductions_with_weights(kind, reduction, shape):
    y, weights = (REAL, WEIGHTS) if shape == "samples" else (numbers((4, 5, UNITS), 1), BY_STEP)
    x = X if shape == "samples" else SEQUENCES
    if kind.startswith("Sparse"):
        y = (np.abs(y[..., 0]) * 10).astype(int) % UNITS
    loss = getattr(losses, kind)(reduction=reduction)
    n = x.shape[-1]
    model = Sequential([layers.Input(x.shape[1:], dtype="float64"), layers.Dense(UNITS, "softmax")])
    model.set_weights([numbers((n, UNITS), 0.7), numbers((UNITS,), 0.1)])
    model.compile(SGD(0.05), loss)
    found = [model.train_on_batch(x, y, weights) for _ in range(5)]
    described = {"losses": found, "weights": model.get_weights()}
    name = f"{kind}, {shape}, {reduction}"
    recorded.assert_alike(described, recorded.load(FILE, name), RECORDED[np.dtype("float64")])
    assert loss(y, model.predict(x), weights) == pytest.approx(
        model.evaluate(x, y, verbose=0, sample_weight=weights)
    )


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("kind", ["MeanAbsoluteError", "SparseCategoricalCrossentropy"])
@pytest.mark.parametrize("shape", ["samples", "steps"])
def test_keras_reduces_so(kind, reduction, shape):
    keras = require_keras()
    y, weights = (REAL, WEIGHTS) if shape == "samples" else (numbers((4, 5, UNITS), 1), BY_STEP)
    x = X if shape == "samples" else SEQUENCES
    if kind.startswith("Sparse"):
        y = (np.abs(y[..., 0]) * 10).astype(int) % UNITS
    with double_precision():
        loss = getattr(keras.losses, kind)(reduction=reduction, dtype="float64")
        dense = keras.layers.Dense(UNITS, activation="softmax", dtype="float64")
        model = keras.Sequential([keras.Input(x.shape[1:], dtype="float64"), dense])
        model.set_weights([numbers((x.shape[-1], UNITS), 0.7), numbers((UNITS,), 0.1)])
        found = []
        for _ in range(5):
            value, slopes = gradients(model, x, y, lambda y, p: loss(y, p, weights))
            found.append(value)
            pairs = zip(model.get_weights(), slopes, strict=True)
            model.set_weights([w - 0.05 * np.asarray(g) for w, g in pairs])
        described = {"losses": found, "weights": model.get_weights()}
        name = f"{kind}, {shape}, {reduction}"
        recorded.check(FILE, name, described, RECORDED[np.dtype("float64")])


def test_reductions_of_an_epoch():
    """An epoch's loss is a mean of its batches, weighted with their samples, as in Keras."""
    model = build(layers, Sequential, "linear", "float64")
    model.compile(SGD(0), losses.MeanAbsoluteError(reduction="sum"))
    found = model.evaluate(X, REAL, batch_size=4, verbose=0)
    values = losses.mean_absolute_error(REAL, model.predict(X))
    assert found == pytest.approx((4 * values[:4].sum() + 2 * values[4:].sum()) / 6)
    values = losses.MeanAbsoluteError(reduction=None)(REAL, model.predict(X), WEIGHTS)
    np.testing.assert_allclose(values, WEIGHTS * losses.mean_absolute_error(REAL, model.predict(X)))
    for reduction in (None, "none"):
        with pytest.raises(ValueError, match="reduction of the loss mean_squared_error is None"):
            model.compile("sgd", losses.MeanSquaredError(reduction=reduction))
    with pytest.raises(ValueError, match="reduction is 'max'"):
        losses.MeanSquaredError(reduction="max")


def test_labels_that_are_ignored():
    model = build(layers, Sequential, "softmax", "float64")
    model.compile("sgd", losses.SparseCategoricalCrossentropy(ignore_class=7), ["accuracy"])
    y = np.array([0, 7, 2, 7, 1, 0])
    kept = y != 7
    weights = np.arange(1.0, 7)
    found = model.compute_gradients(X, y, weights)
    alone = model.compute_gradients(X[kept], y[kept], weights[kept])
    for one, other in zip(found, alone, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    loss, accuracy = model.evaluate(X, y, verbose=0)
    assert loss == pytest.approx(model.evaluate(X[kept], y[kept], verbose=0)[0])
    # What is ignored counts as wrong there, as in Keras.
    right = (model.predict(X).argmax(axis=-1) == y).sum()
    assert accuracy == pytest.approx(right / 6)
    with pytest.raises(ValueError, match="y holds the label 8"):
        model.fit(X, y + (y == 7), verbose=0)
    y[:] = 7
    assert model.evaluate(X, y, verbose=0)[0] == 0


# Losses of one's own -----------------------------------------------------------------------------


def fourth(y_true, y_pred):
    return ((y_pred - y_true) ** 4).mean(axis=-1)


def of_fourth(y_true, y_pred):
    return 4 * (y_pred - y_true) ** 3 / y_pred.shape[-1]


def roughness(y_true, y_pred, factor=1.0):
    """A number for a whole batch: sequences should be right, and smooth."""
    turns = y_pred[:, 1:] - y_pred[:, :-1]
    return np.mean(np.square(y_true - y_pred)) + factor * np.mean(np.square(turns))


def of_roughness(y_true, y_pred, factor=1.0):
    slopes = 2 * (y_pred - y_true) / y_pred.size
    turns = y_pred[:, 1:] - y_pred[:, :-1]
    slopes[:, 1:] += 2 * factor * turns / turns.size
    slopes[:, :-1] -= 2 * factor * turns / turns.size
    return slopes


class BySample(losses.Loss):
    """A loss a sequence, of targets that are no outputs."""

    def __init__(self, power=2, **options):
        super().__init__(**options)
        self.power = power

    def call(self, y_true, y_pred):
        assert y_true.shape == (len(y_pred), 1)
        return (y_pred.sum(axis=(1, 2)) - y_true[:, 0]) ** self.power

    def backward(self, y_true, y_pred):
        errors = y_pred.sum(axis=(1, 2)) - y_true[:, 0]
        return np.ones_like(y_pred) * (self.power * errors ** (self.power - 1))[:, None, None]

    def check_targets(self, y, output_shape, argument):
        return y

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def assert_gradients(model, x, y, weights=None):
    """Compare gradients with central differences of what `evaluate` returns."""
    found, values = model.compute_gradients(x, y, weights), model.get_weights()
    for place, gradient in enumerate(found):
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in values]
            moved[place].flat[1] += side
            model.set_weights(moved)
            options = {"verbose": 0, "sample_weight": weights, "batch_size": len(x)}
            sides.append(model.evaluate(x, y, **options))
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient.flat[1], rel=1e-5)
    model.set_weights(values)


def sequences():
    inputs = layers.Input((5, UNITS), dtype="float64")
    model = Sequential([inputs, layers.SimpleRNN(UNITS, return_sequences=True)])
    model.set_weights([numbers(w.shape, 0.3) for w in model.get_weights()])
    return model, SEQUENCES


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum"])
@pytest.mark.parametrize("kind", ["positions", "one number", "samples"])
def test_losses_of_one_s_own(tmp_path, kind, reduction):
    model, x = sequences()
    y = numbers(x.shape, 1.0)
    loss = {
        "positions": losses.LossFunctionWrapper(fourth, reduction, gradient=of_fourth),
        "one number": losses.LossFunctionWrapper(
            roughness, reduction, gradient=of_roughness, factor=0.3
        ),
        "samples": BySample(4, reduction=reduction),
    }[kind]
    y = y[:, 0, :1] if kind == "samples" else y
    model.compile(SGD(0.001), loss)
    assert_gradients(model, x, y)
    gradients = model.compute_gradients(x, y)
    # Without what is written by hand it is differentiated.
    if kind != "samples":
        loss._gradient = None
        for one, other in zip(model.compute_gradients(x, y), gradients, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-14)
        loss._gradient = {"positions": of_fourth, "one number": of_roughness}[kind]
    before = model.evaluate(x, y, verbose=0)
    assert before == pytest.approx(float(loss(y, model.predict(x))))
    model.fit(x, y, epochs=5, verbose=0)
    after = model.evaluate(x, y, verbose=0)
    assert after < before
    # Out of a file: code is never in it.
    model.save(tmp_path / "model")
    own = {
        "fourth": fourth,
        "of_fourth": of_fourth,
        "roughness": roughness,
        "of_roughness": of_roughness,
        "BySample": BySample,
    }
    again = load_model(tmp_path / "model", own)
    assert again.evaluate(x, y, verbose=0) == after
    for one in (model, again):
        one.fit(x, y, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(CheckpointError, match="custom_objects"):
        load_model(tmp_path / "model")
    assert load_model(tmp_path / "model", compile=False).loss is None


def test_weights_of_losses_of_one_s_own():
    model, x = sequences()
    y = numbers(x.shape, 1.0)
    weights = np.array([1.0, 0.0, 2.0, 0.5])
    model.compile("sgd", losses.LossFunctionWrapper(fourth, gradient=of_fourth))
    assert_gradients(model, x, y, weights)
    # One number counts with all weights, as in Keras.
    model.compile("sgd", losses.LossFunctionWrapper(roughness, gradient=of_roughness))
    assert_gradients(model, x, y, weights)
    found = model.evaluate(x, y, verbose=0, sample_weight=weights)
    assert found == pytest.approx(weights.mean() * roughness(y, model.predict(x)))
    model.compile("sgd", BySample(2))
    assert_gradients(model, x, y[:, 0, :1], weights)
    values = BySample(2).call(y[:, 0, :1], model.predict(x))
    found = model.evaluate(x, y[:, 0, :1], verbose=0, sample_weight=weights)
    assert found == pytest.approx((weights * values).mean())


def test_a_function_of_one_s_own():
    model = build(layers, Sequential, "tanh", "float64")
    fourth.gradient = of_fourth
    try:
        model.compile(SGD(0.1), fourth)
        assert_gradients(model, X, REAL)
        before = model.evaluate(X, REAL, verbose=0)
        assert before == pytest.approx(((model.predict(X) - REAL) ** 4).mean())
        model.fit(X, REAL, epochs=20, verbose=0)
        assert model.evaluate(X, REAL, verbose=0) < before
    finally:
        del fourth.gradient


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
    model.compile(SGD(0.1), lambda y_true, y_pred: np.nan_to_num(y_pred))
    with pytest.raises(TypeError, match=r"numpy\.nan_to_num is not known"):
        model.fit(X, REAL, verbose=0)


def test_a_class_of_one_s_own():
    class Shifted(losses.FormulaLoss):
        def values(self, y_true, y_pred):
            return np.square(y_pred - y_true - 1).sum(axis=-1)

        def slopes(self, y_true, y_pred):
            return 2 * (y_pred - y_true - 1)

    assert Shifted().name == "shifted"
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

    class Narrow(losses.Loss):
        def call(self, y_true, y_pred):
            return np.square(y_pred - y_true).sum(axis=-1)

        def backward(self, y_true, y_pred):
            return 2 * (y_pred - y_true)[:, 0]

    model.compile(SGD(0.05), Narrow())
    with pytest.raises(ValueError, match=r"gradient of narrow has shape \(6,\); .* \(6, 3\)"):
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
