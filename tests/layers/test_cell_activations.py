"""Recurrent layers of any activations, and their recurrent dropout."""

import os

import numpy as np
import pytest

import fastrnn
from fastrnn import activations
from fastrnn._core.recurrence import ACTIVATIONS
from fastrnn.layers import GRU, Dense, Input, SimpleRNN
from fastrnn.models import Sequential, load_model
from tests.compare import assert_close, assert_same_bits
from tests.tolerances import PARITY

from .recurrent import LAYERS

FORMS = [(cls, {}) for cls in LAYERS.values()] + [(GRU, {"reset_after": True})]
X = np.random.default_rng(0).normal(size=(6, 7, 3)).astype(np.float32)


def options_of(cls, activation):
    of_gates = "sigmoid" if activation == "exponential" else activation
    return {"activation": activation} | (
        {} if cls is SimpleRNN else {"recurrent_activation": of_gates}
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("cls", "form"), FORMS, ids=lambda value: getattr(value, "__name__", ""))
def test_keras_agrees(cls, form, activation):
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = pytest.importorskip("keras")
    if activation == "hard_sigmoid_keras2":
        pytest.skip("Keras 3 has no name for it")
    if not hasattr(keras.layers, cls.__name__):
        pytest.skip("Keras has no such layer")
    options = options_of(cls, activation) | form
    # Keras's own default differs
    theirs = getattr(keras.layers, cls.__name__)(
        4, return_sequences=True, **({"reset_after": False} if cls is GRU else {}) | options
    )
    theirs.build(X.shape)
    # small, since a recurrence of exponentials soon leaves all types
    rng = np.random.default_rng(1)
    theirs.set_weights([0.05 * rng.standard_normal(weight.shape) for weight in theirs.weights])
    want = np.asarray(theirs(X))
    layer = cls(4, return_sequences=True, **options)
    model = Sequential([Input((7, 3)), layer])
    layer.set_weights([np.asarray(variable.value) for variable in theirs.weights])
    assert_close(model.predict(X, verbose=0), want, PARITY)


@pytest.mark.parametrize("activation", ["relu", "hard_sigmoid_keras2"])
@pytest.mark.parametrize(("cls", "form"), FORMS, ids=lambda value: getattr(value, "__name__", ""))
def test_files_and_streams_keep_activations_and_dropout(cls, form, activation, tmp_path):
    options = options_of(cls, activation) | form | {"recurrent_dropout": 0.25}
    model = Sequential([Input((7, 3)), cls(4, return_sequences=True, **options)])
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    config = again.layers[-1].get_config()
    assert {name: config[name] for name in options if config[name] is not None} == options
    want = model.predict(X, verbose=0)
    assert_same_bits(again.predict(X, verbose=0), want)
    assert_same_bits(np.array(again.stream(len(X))(X)), want)


def test_functions_and_none_are_activations():
    assert SimpleRNN(2, activation=activations.relu).activation is activations.get("relu")
    assert GRU(2, recurrent_activation=None).recurrent_activation is activations.LINEAR
    assert "activation" not in GRU(2).get_config()


@pytest.mark.parametrize("cls", LAYERS.values())
def test_what_the_core_does_not_compute_is_refused(cls):
    for wrong in ("gelu", "nothing", np.tanh, 3):
        with pytest.raises(ValueError, match=f"activation of {cls.__name__} is"):
            cls(2, activation=wrong)


@pytest.mark.parametrize(("cls", "form"), FORMS, ids=lambda value: getattr(value, "__name__", ""))
def test_recurrent_dropout_is_of_trainings_and_of_the_products_alone(cls, form):
    def trained(rate, seed):
        fastrnn.set_seed(3)
        layer = cls(5, recurrent_dropout=rate, seed=seed, return_sequences=True, **form)
        model = Sequential([Input((7, 3)), layer, Dense(2)])
        model.set_weights(start)
        model.compile("sgd", "mse")
        model.fit(X, X[..., :2], batch_size=3, epochs=1, shuffle=False, verbose=0)
        return model.get_weights()

    layer = cls(5, return_sequences=True, **form)
    start = Sequential([Input((7, 3)), layer, Dense(2)]).get_weights()
    plain, dropped = trained(0.0, 1), trained(0.5, 1)
    assert_same_bits(trained(0.5, 1), dropped)
    assert any((a != b).any() for a, b in zip(dropped, plain, strict=True))
    assert any((a != b).any() for a, b in zip(dropped, trained(0.5, 2), strict=True))
    # with all of the state dropped nothing teaches the recurrent kernel
    assert_same_bits(trained(1.0, 1)[1], start[1])
    with_all, without = (
        Sequential([Input((7, 3)), cls(5, recurrent_dropout=rate, **form)]) for rate in (0.5, 0.0)
    )
    without.set_weights(with_all.get_weights())
    assert_same_bits(with_all.predict(X, verbose=0), without.predict(X, verbose=0))
