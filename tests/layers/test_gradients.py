"""Gradients of layers and losses against central differences, through whole models, in float64."""

import numpy as np
import pytest

from fastrnn.layers import GRU, Activation, Dense, Input, SimpleRNN, TimeDistributed
from fastrnn.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from fastrnn.models import Sequential

from .recurrent import RECURRENT

BATCH, TIME, FEATURES, CLASSES = 3, 5, 2, 4


def one_hot(shape, rng):
    return np.eye(CLASSES)[rng.integers(0, CLASSES, shape)]


def labels(shape, rng):
    return rng.integers(0, CLASSES, shape)


def reals(shape, rng):
    return rng.normal(size=(*shape, CLASSES))


def shares(shape, rng):
    return rng.random((*shape, CLASSES))


# What the chain ends in, the loss, and what its targets are.
HEADS = {
    "softmax, labels": ("softmax", SparseCategoricalCrossentropy(), labels),
    "logits, labels": ("linear", SparseCategoricalCrossentropy(from_logits=True), labels),
    "sigmoid, labels": ("sigmoid", SparseCategoricalCrossentropy(), labels),
    "softmax, one-hot": ("softmax", CategoricalCrossentropy(), one_hot),
    "logits, one-hot": ("linear", CategoricalCrossentropy(from_logits=True), one_hot),
    "sigmoid, one-hot": ("sigmoid", CategoricalCrossentropy(), one_hot),
    "softmax, shares": ("softmax", CategoricalCrossentropy(), shares),
    "sigmoid, binary": ("sigmoid", BinaryCrossentropy(), shares),
    "logits, binary": ("linear", BinaryCrossentropy(from_logits=True), shares),
    "softmax, binary": ("softmax", BinaryCrossentropy(), shares),
    "linear, mse": ("linear", "mse", reals),
    "tanh, mse": ("tanh", "mse", reals),
    "relu, mse": ("relu", "mse", reals),
    "mish, mse": ("mish", "mse", reals),
    "log_softmax, mse": ("log_softmax", "mse", reals),
    "softmax, mse": ("softmax", "mse", reals),
}


def randomised(model, rng):
    """Give every weight a value of its own, biases too, so that nothing is degenerate."""
    model.set_weights([rng.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    return model


def assert_gradients_are_differences(model, x, y, step=1e-5):
    found = model.compute_gradients(x, y)
    weights = model.get_weights()
    for which, gradient in enumerate(found):
        assert np.abs(gradient).max() > 0
        for index in np.ndindex(gradient.shape):
            values = []
            for sign in (1, -1):
                moved = [w.copy() for w in weights]
                moved[which][index] += sign * step
                model.set_weights(moved)
                found_there = model.evaluate(x, y, verbose=0, return_dict=True)
                values.append(found_there["loss"])
            expected = (values[0] - values[1]) / (2 * step)
            assert gradient[index] == pytest.approx(expected, rel=1e-6, abs=1e-8), (which, index)
    model.set_weights(weights)


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("use_bias", [True, False])
def test_recurrent_layers(cell, sequences, use_bias):
    rng = np.random.default_rng(11)
    model = Sequential(
        [
            Input((TIME, FEATURES), dtype="float64"),
            RECURRENT[cell](6, return_sequences=True, use_bias=use_bias),
            RECURRENT[cell](6, return_sequences=sequences, use_bias=use_bias),
            Dense(CLASSES, "softmax", use_bias=use_bias),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = rng.normal(size=(BATCH, TIME, FEATURES))
    y = labels((BATCH, TIME) if sequences else (BATCH,), rng)
    assert_gradients_are_differences(randomised(model, rng), x, y)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("form", ["in Dense", "as a layer", "in TimeDistributed"])
def test_heads(head, form):
    rng = np.random.default_rng(12)
    activation, loss, targets = HEADS[head]
    ends = {
        "in Dense": [Dense(CLASSES, activation)],
        "as a layer": [Dense(CLASSES), Activation(activation)],
        "in TimeDistributed": [
            TimeDistributed(Dense(CLASSES)),
            TimeDistributed(Activation(activation)),
        ],
    }[form]
    model = Sequential([Input((TIME, FEATURES), dtype="float64"), Dense(3, "tanh"), *ends])
    model.compile("sgd", loss)
    x = rng.normal(size=(BATCH, TIME, FEATURES))
    assert_gradients_are_differences(randomised(model, rng), x, targets((BATCH, TIME), rng))


@pytest.mark.parametrize("activation", ["softmax", "tanh", "relu", "linear", "gelu", "silu"])
def test_an_activation_behind_states_leaves_them_alone(activation):
    rng = np.random.default_rng(13)
    model = Sequential(
        [
            Input((TIME, FEATURES), dtype="float64"),
            Activation("tanh"),
            GRU(5, return_sequences=True),
            Activation(activation),
            Activation("tanh"),
            Dense(CLASSES),
        ]
    )
    model.compile("sgd", "mse")
    x = rng.normal(size=(BATCH, TIME, FEATURES))
    assert_gradients_are_differences(
        randomised(model, rng), x, rng.normal(size=(BATCH, TIME, CLASSES))
    )


def test_without_time():
    rng = np.random.default_rng(14)
    model = Sequential(
        [Input((FEATURES,), dtype="float64"), Dense(5, "relu"), Dense(CLASSES, "softmax")]
    )
    model.compile("sgd", "categorical_crossentropy")
    x = rng.normal(size=(7, FEATURES))
    assert_gradients_are_differences(randomised(model, rng), x, one_hot((7,), rng))


def test_gradients_leave_the_weights_alone():
    rng = np.random.default_rng(15)
    model = Sequential([Input((TIME, FEATURES)), SimpleRNN(4), Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.compute_gradients(rng.normal(size=(BATCH, TIME, FEATURES)), rng.normal(size=(BATCH, 1)))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
