"""Options of layers that change a training: six steps end where Keras's six steps end.

Every case builds a model from a package that is called as Keras is, and is trained in float64 and
float32 from the same weights.
"""

import numpy as np
import pytest

import fastrnn
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

FILE = "keras_features"
N, TIME, FEATURES, OUTPUTS = 12, 5, 3, 2
DTYPES = ["float64", "float32"]


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X, Y = numbers((N, TIME, FEATURES), 0.3), numbers((N, OUTPUTS), 1.1)
SEQUENCES = numbers((N, TIME, OUTPUTS), 0.7)
TOKENS = np.arange(N * TIME).reshape(N, TIME) % 7
PADDED = X.copy()
PADDED[::2, 3:] = 0
CLASSES = np.eye(OUTPUTS)[np.arange(N) % OUTPUTS]


def _row(k, dtype, *layers, shape=(TIME, FEATURES)):
    return k.Sequential([k.Input(shape, dtype=dtype), *layers])


def _constrained_cell(cell, **options):
    def build(k, dtype):
        c = k.constraints
        layer = getattr(k.layers, cell)(
            4,
            kernel_constraint=c.MaxNorm(1.2),
            recurrent_constraint=c.UnitNorm(axis=1),
            bias_constraint="non_neg",
            **options,
        )
        return _row(k, dtype, layer, k.layers.Dense(OUTPUTS, kernel_constraint=c.NonNeg()))

    return build


def _constrained_others(k, dtype):
    c = k.constraints
    return _row(
        k,
        dtype,
        k.layers.Conv1D(4, 2, kernel_constraint=c.MinMaxNorm(0.5, 1.0, rate=0.7, axis=[0, 1])),
        k.layers.BatchNormalization(gamma_constraint="max_norm", beta_constraint=c.NonNeg()),
        k.layers.PReLU(alpha_constraint="non_neg", shared_axes=[1]),
        k.layers.Bidirectional(k.layers.LSTM(3, recurrent_constraint=c.MaxNorm(0.8))),
        k.layers.Dense(OUTPUTS, bias_constraint=c.MinMaxNorm(0.1, 0.2)),
    )


def _constrained_tokens(k, dtype):
    # The default policy of Keras says what an Embedding computes in.
    table = k.layers.Embedding(7, 3, embeddings_constraint=k.constraints.UnitNorm(1), dtype=dtype)
    return _row(k, "int32", table, k.layers.SimpleRNN(OUTPUTS), shape=(TIME,))


def _activity_of_cells(k, dtype):
    r = k.regularizers
    return _row(
        k,
        dtype,
        k.layers.LSTM(4, return_sequences=True, activity_regularizer=r.L2(0.3)),
        k.layers.Bidirectional(k.layers.GRU(3, reset_after=True, activity_regularizer=r.L1(0.2))),
        k.layers.Dense(OUTPUTS, activation="tanh", activity_regularizer=r.L1L2(0.1, 0.2)),
    )


def _activity_behind_a_mask(k, dtype):
    return _row(
        k,
        dtype,
        k.layers.Masking(),
        k.layers.GRU(4, return_sequences=True, reset_after=True, activity_regularizer="l2"),
        k.layers.Dense(3, activation="relu", activity_regularizer=k.regularizers.L2(0.4)),
        k.layers.LSTM(OUTPUTS, activity_regularizer="l1"),
    )


def _activity_of_a_softmax(k, dtype):
    r = k.regularizers
    last = k.layers.Dense(OUTPUTS, activation="softmax", activity_regularizer=r.L2(0.5))
    return _row(k, dtype, k.layers.SimpleRNN(4), k.layers.ActivityRegularization(0.1, 0.2), last)


def _activity_in_a_model_inside(k, dtype):
    x = k.Input((TIME, FEATURES), dtype=dtype)
    outside = k.layers.Dense(3, activity_regularizer=k.regularizers.L2(0.01))
    inner_x = k.Input((TIME, 3), dtype=dtype)
    penalized = k.layers.Dense(3, activity_regularizer="l1")(inner_x)
    inner = k.Model(inner_x, penalized)
    states = k.layers.SimpleRNN(OUTPUTS)(inner(outside(x)))
    return k.Model(x, states)


def _activity_of_states(k, dtype):
    x = k.Input((TIME, FEATURES), dtype=dtype)
    options = {"return_state": True, "activity_regularizer": k.regularizers.L2(0.3)}
    output, state, _ = k.layers.LSTM(4, **options)(x)
    return k.Model(x, k.layers.Dense(OUTPUTS)(k.layers.Add()([output, state])))


def _normalized_steps(k, dtype):
    return _row(
        k,
        dtype,
        k.layers.SimpleRNN(4, return_sequences=True),
        k.layers.TimeDistributed(k.layers.BatchNormalization(momentum=0.8)),
        k.layers.TimeDistributed(k.layers.Dense(OUTPUTS)),
    )


def _normalized_steps_behind_a_mask(k, dtype):
    return _row(
        k,
        dtype,
        k.layers.Masking(),
        k.layers.SimpleRNN(4, return_sequences=True),
        k.layers.TimeDistributed(k.layers.BatchNormalization(momentum=0.8)),
        k.layers.GRU(OUTPUTS, reset_after=True),
    )


#: The builder, the data, and the loss.
CASES = {
    "constraints of SimpleRNN": (_constrained_cell("SimpleRNN"), X, Y, "mse"),
    "constraints of GRU": (_constrained_cell("GRU", reset_after=True), X, Y, "mse"),
    "constraints of LSTM": (_constrained_cell("LSTM"), X, Y, "mse"),
    "constraints of others": (_constrained_others, X, Y, "mse"),
    "constraints of tokens": (_constrained_tokens, TOKENS, Y, "mse"),
    "activity of cells": (_activity_of_cells, X, Y, "mse"),
    "activity behind a mask": (_activity_behind_a_mask, PADDED, Y, "mse"),
    "activity of a softmax": (_activity_of_a_softmax, X, CLASSES, "categorical_crossentropy"),
    "activity in a model inside": (_activity_in_a_model_inside, X, Y, "mse"),
    "activity of states": (_activity_of_states, X, Y, "mse"),
    "normalized steps": (_normalized_steps, X, SEQUENCES, "mse"),
    "normalized steps behind a mask": (_normalized_steps_behind_a_mask, PADDED, Y, "mse"),
}


def made(case, k, dtype):
    """Return a model with weights that are made by a formula, compiled."""
    build, _, _, loss = CASES[case]
    model = build(k, dtype)
    weights = [numbers(w.shape, 0.3 + i) for i, w in enumerate(model.get_weights())]
    names = [weight.name for weight in model.weights]
    model.set_weights(
        [abs(w) if name == "moving_variance" else w for w, name in zip(weights, names, strict=True)]
    )
    model.compile(k.optimizers.SGD(0.1), loss)
    return model


def described(case, k, dtype):
    """Return what six steps report, and the weights that they end with."""
    _, x, y, _ = CASES[case]
    model = made(case, k, dtype)
    history = model.fit(x, y, batch_size=5, epochs=2, verbose=0, shuffle=False).history
    return {
        "history": history["loss"],
        "evaluate": model.evaluate(x, y, batch_size=5, verbose=0),
        "weights": model.get_weights(),
    }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_six_steps(case, dtype):
    expected = recorded.load(FILE, f"{case}, {dtype}")
    recorded.assert_alike(described(case, fastrnn, dtype), expected, 3 * RECORDED[np.dtype(dtype)])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_keras_makes_these_steps(case, dtype):
    keras = require_keras()
    with double_precision():
        keras.config.set_dtype_policy(dtype)
        keras.config.set_floatx(dtype)
        found = described(case, keras, dtype)
        recorded.check(FILE, f"{case}, {dtype}", found, 3 * RECORDED[np.dtype(dtype)])


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_the_loss(case):
    _, x, y, _ = CASES[case]
    model = made(case, fastrnn, "float64")
    weights, found = model.get_weights(), model.compute_gradients(x, y)
    # A training's own loss: that of BatchNormalization is another one than evaluate's.
    trained = {weight.key for weight in model.trainable_weights}
    for place, (gradient, weight) in enumerate(zip(found, model.weights, strict=True)):
        if weight.key not in trained:
            continue
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in weights]
            moved[place].flat[1] += side
            model.set_weights(moved)
            sides.append(float(model.train_on_batch(x, y)))
        model.set_weights(weights)
        difference = (sides[0] - sides[1]) / 2e-6
        assert difference == pytest.approx(gradient.flat[1], rel=2e-5, abs=1e-8), weight.name


@pytest.mark.parametrize("ending", ["", ".keras", ".h5"])
@pytest.mark.parametrize("case", CASES)
def test_files_hold_them(case, ending, tmp_path):
    if ending:
        pytest.importorskip("h5py")
    _, x, y, _ = CASES[case]
    model = made(case, fastrnn, "float32")
    path = tmp_path / f"model{ending}"
    model.save(path)
    again = fastrnn.models.load_model(path)
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    for _ in range(2):
        model.train_on_batch(x, y)
        again.train_on_batch(x, y)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_call_of_a_layer_is_regularized():
    """Keras 2 adds up the penalties of all calls; Keras 3 keeps one of them."""
    x = fastrnn.Input((TIME, FEATURES), dtype="float64")
    shared = fastrnn.layers.Dense(3, activity_regularizer=fastrnn.regularizers.L2(0.3))
    once = shared(x)
    twice = shared(once)
    model = fastrnn.Model(x, twice)
    model.compile("sgd", "mse")
    y = numbers((N, TIME, 3), 0.7)
    parts = [fastrnn.Model(x, tensor).predict(X) for tensor in (once, twice)]
    expected = ((parts[1] - y) ** 2).mean() + sum(0.3 * (p**2).sum() / N for p in parts)
    assert model.evaluate(X, y, batch_size=N, verbose=0) == pytest.approx(expected)


def test_a_layer_of_one_s_own_regularizes_what_it_puts_out():
    class Doubled(fastrnn.layers.Layer):
        def __init__(self, penalty, **options):
            super().__init__(**options)
            self.activity_regularizer = penalty

        def build(self, shape):
            self.factor = self.add_weight((shape[-1],), "ones", constraint="non_neg", name="factor")

        def call(self, inputs):
            return inputs * self.factor

    layer = Doubled("l2")
    model = fastrnn.Sequential([fastrnn.Input((FEATURES,), dtype="float64"), layer])
    model.compile(fastrnn.optimizers.SGD(100.0), "mse")
    x = X[:, 0]
    assert model.evaluate(x, x, verbose=0) == pytest.approx(0.01 * (x**2).sum() / N)
    model.train_on_batch(x, 0 * x)
    np.testing.assert_array_equal(layer.get_weights()[0], 0)


def test_constraints_of_one_s_own(tmp_path):
    def halved(weight):
        return weight / 2

    class Rounded(fastrnn.constraints.Constraint):
        def __init__(self, digits=1):
            self.digits = digits

        def __call__(self, w):
            return np.round(w, self.digits)

        def get_config(self):
            return {"digits": self.digits}

    layer = fastrnn.layers.GRU(2, kernel_constraint=halved, bias_constraint=Rounded(2))
    model = fastrnn.Sequential([fastrnn.Input((TIME, FEATURES)), layer])
    model.compile(fastrnn.optimizers.SGD(0.0), "mse")
    before = model.get_weights()
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], before[0] / 2)
    model.save(tmp_path / "model")
    own = {"halved": halved, "Rounded": Rounded}
    again = fastrnn.models.load_model(tmp_path / "model", own)
    again.train_on_batch(X, Y)
    np.testing.assert_array_equal(again.get_weights()[0], before[0] / 4)
    layer.trainable = False
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.get_weights()[0], before[0] / 2)


def test_wrong_ones_are_named():
    Dense, constraints = fastrnn.layers.Dense, fastrnn.constraints
    with pytest.raises(ValueError, match="constraint is 'max_nrom'"):
        Dense(2, kernel_constraint="max_nrom")
    with pytest.raises(TypeError, match="constraint is 3"):
        Dense(2, kernel_constraint=3)
    with pytest.raises(ValueError, match="regularizer is 'l3'"):
        Dense(2, activity_regularizer="l3")
    with pytest.raises(ValueError, match="has no recurrent; leave out recurrent_constraint"):
        fastrnn.Sequential([fastrnn.Input((3,)), Dense(2, recurrent_constraint="non_neg")])
    with pytest.raises(ValueError, match="max_value is -1"):
        constraints.MaxNorm(-1)
    with pytest.raises(ValueError, match="makes no sense"):
        constraints.MinMaxNorm(2, 1)
    with pytest.raises(TypeError, match=r"axis is 0\.5"):
        constraints.UnitNorm(0.5)
    model = fastrnn.Sequential(
        [fastrnn.Input((3,)), Dense(2, bias_constraint=constraints.UnitNorm(1))]
    )
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"UnitNorm\(axis=1\) has an axis that a weight of shape"):
        model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    odd = Dense(2, kernel_constraint=lambda w: w[0])
    model = fastrnn.Sequential([fastrnn.Input((3,)), odd])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="constraint of kernel returned an array of shape"):
        model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
    assert repr(constraints.MaxNorm(3)) == "MaxNorm(max_value=3.0)"
    with pytest.raises(AttributeError, match="here it would be ignored"):
        Dense(2).kernel_constraint = "non_neg"
