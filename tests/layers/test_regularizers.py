"""Penalties on weights: in the loss and its gradient, as Keras has them; files, copies, frozen."""

import copy
import pickle

import numpy as np
import pytest

from fastrnn import backend, layers, regularizers
from fastrnn.models import Model, Sequential, load_model
from fastrnn.optimizers import SGD
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import RECORDED

FILE = "keras_steps"
N, TIME, FEATURES, OUTPUTS = 12, 5, 3, 2


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X, Y = numbers((N, TIME, FEATURES), 0.3), numbers((N, OUTPUTS), 1.1)


def build(k, model, r, dtype, cell="LSTM"):
    options = {} if cell != "GRU" else {"reset_after": True}
    made = model(
        [
            k.Input((TIME, FEATURES), dtype=dtype),
            getattr(k, cell)(
                4,
                kernel_regularizer=r.L1(0.01),
                recurrent_regularizer=r.L2(0.02),
                bias_regularizer="l2",
                dtype=dtype,
                **options,
            ),
            k.Dense(OUTPUTS, kernel_regularizer=r.L1L2(l1=0.001, l2=0.03), dtype=dtype),
        ]
    )
    made.set_weights([numbers(w.shape, 0.3 + i) for i, w in enumerate(made.get_weights())])
    return made


def described(model):
    history = model.fit(X, Y, batch_size=5, epochs=2, verbose=0, shuffle=False).history
    return {
        "history": history["loss"],
        "evaluate": model.evaluate(X, Y, verbose=0),
        "weights": model.get_weights(),
    }


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_six_steps(cell, dtype):
    model = build(layers, Sequential, regularizers, dtype, cell)
    model.compile(SGD(0.1), "mse")
    expected = recorded.load(FILE, f"regularized {cell}, {dtype}")
    recorded.assert_alike(described(model), expected, 3 * RECORDED[np.dtype(dtype)])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_keras_makes_these_steps(cell, dtype):
    keras = require_keras()
    with double_precision():
        keras.config.set_dtype_policy(dtype)
        keras.config.set_floatx(dtype)
        model = build(keras.layers, keras.Sequential, keras.regularizers, dtype, cell)
        model.compile(keras.optimizers.SGD(0.1), "mse")
        name = f"regularized {cell}, {dtype}"
        recorded.check(FILE, name, described(model), 3 * RECORDED[np.dtype(dtype)])


def test_gradients_and_reports():
    model = build(layers, Sequential, regularizers, "float64")
    model.compile("sgd", "mse", ["mse"])
    weights = model.get_weights()
    found = model.compute_gradients(X, Y)
    for place, gradient in enumerate(found):
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in weights]
            moved[place].flat[1] += side
            model.set_weights(moved)
            sides.append(model.evaluate(X, Y, verbose=0)[0])
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient.flat[1], rel=1e-5)
    model.set_weights(weights)
    loss, mse = model.evaluate(X, Y, verbose=0, batch_size=5)
    kernel, recurrent, bias, dense, _ = weights
    penalty = 0.01 * np.abs(kernel).sum() + 0.02 * (recurrent**2).sum() + 0.01 * (bias**2).sum()
    penalty += 0.001 * np.abs(dense).sum() + 0.03 * (dense**2).sum()
    assert loss - mse == pytest.approx(penalty)
    # What is frozen is not regularized.
    model.layers[0].trainable = False
    loss, mse = model.evaluate(X, Y, verbose=0)
    assert loss - mse == pytest.approx(0.001 * np.abs(dense).sum() + 0.03 * (dense**2).sum())
    model.fit(X, Y, verbose=0)
    for one, other in zip(model.get_weights()[:3], weights, strict=False):
        np.testing.assert_array_equal(one, other)


def test_several_outputs_and_a_layer_used_twice():
    x, z = layers.Input((3,), dtype="float64"), layers.Input((3,), dtype="float64")
    shared = layers.Dense(2, kernel_regularizer="l2", name="shared")
    model = Model([x, z], [layers.Dense(1, name="a")(shared(x)), shared(z)])
    model.compile("sgd", ["mse", "mse"], loss_weights=[1, 2])
    y = [numbers((N, 1), 0.1), numbers((N, 2), 0.2)]
    found = model.evaluate([X[:, 0], X[:, 1]], y, verbose=0, return_dict=True)
    kernel = shared.get_weights()[0]
    whole = found["a_loss"] + 2 * found["shared_loss"] + 0.01 * (kernel**2).sum()
    assert found["loss"] == pytest.approx(whole)


def lasso(weight):
    return 0.1 * backend.sum(backend.abs(weight))


class Columns(regularizers.Regularizer):
    """A penalty that sees where the gates stand."""

    def __init__(self, first=2):
        self.first = first

    def __call__(self, x):
        return np.sum(np.square(x[:, : self.first]))

    def get_config(self):
        return {"first": self.first}


def test_regularizers_of_one_s_own(tmp_path):
    x = layers.Input((TIME, FEATURES), dtype="float64")
    cell = layers.GRU(4, kernel_regularizer=Columns(4), recurrent_regularizer=lasso)
    model = Model(x, layers.Dense(OUTPUTS)(cell(x)))
    model.compile(SGD(0.1), "mse", ["mse"])
    kernel, recurrent, *_ = model.get_weights()
    loss, mse = model.evaluate(X, Y, verbose=0)
    expected = (kernel[:, :4] ** 2).sum() + 0.1 * np.abs(recurrent).sum()
    assert loss - mse == pytest.approx(expected)
    before = model.compute_gradients(X, Y)
    plain = copy.deepcopy(model)
    for parameter in plain.layers[1].parameters:
        parameter.regularizer = None
    bare = plain.layers[1].get_weights()
    assert len(bare) == 3
    model.save(tmp_path / "model")
    own = {"Columns": Columns, "lasso": lasso}
    for again in (load_model(tmp_path / "model", own), pickle.loads(pickle.dumps(model))):
        assert again.evaluate(X, Y, verbose=0) == [loss, mse]
        for one, other in zip(again.compute_gradients(X, Y), before, strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="regularizer is 'Columns'"):
        load_model(tmp_path / "model")


def test_wrapped_layers_keep_theirs(tmp_path):
    both = layers.Bidirectional(layers.LSTM(3, kernel_regularizer=regularizers.l2(0.5)))
    model = Sequential([layers.Input((TIME, FEATURES)), both, layers.Dense(OUTPUTS)])
    model.compile("sgd", "mse", ["mse"])
    loss, mse = model.evaluate(X, Y, verbose=0)
    weights = both.get_weights()
    assert loss - mse == pytest.approx(0.5 * sum((weights[i] ** 2).sum() for i in (0, 3)), rel=1e-4)
    model.save(tmp_path / "model")
    assert load_model(tmp_path / "model").evaluate(X, Y, verbose=0) == [loss, mse]


def test_names_and_errors():
    for name, kind in (
        ("l1", regularizers.L1),
        ("L2", regularizers.L2),
        ("l1_l2", regularizers.L1L2),
    ):
        assert type(regularizers.get(name)) is kind
    assert regularizers.l1_l2().get_config() == {"l1": 0.01, "l2": 0.01}
    assert regularizers.get(None) is None
    layer = layers.Dense(2, kernel_regularizer=regularizers.l2(0.25))
    again = layers.deserialize(layers.serialize(layer))
    assert again.attached["kernel_regularizer"].get_config() == {"l2": 0.25}
    with pytest.raises(ValueError, match="regularizer is 'l3'"):
        layers.Dense(2, kernel_regularizer="l3")
    with pytest.raises(TypeError, match="regularizer is 3"):
        layers.Dense(2, kernel_regularizer=3)
    with pytest.raises(ValueError, match="l2 is -1"):
        regularizers.L2(-1)
    with pytest.raises(ValueError, match="has no recurrent; leave out recurrent_regularizer"):
        Sequential([layers.Input((3,)), layers.Dense(2, recurrent_regularizer="l2")])
