"""Gradients of zero, and those whose square is none, with epsilon of zero and every clipping."""

import numpy as np
import pytest

from fastrnn import optimizers
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential

CLIPPINGS = [{}, {"clipnorm": 0.5}, {"global_clipnorm": 1e-30}, {"clipvalue": 1e-40}]
OPTIMIZERS = [
    ("Adam", {"epsilon": 0}),
    ("Adam", {"epsilon": 0, "amsgrad": True}),
    ("AdamW", {"epsilon": 0}),
    ("Nadam", {"epsilon": 0}),
    ("Adagrad", {"epsilon": 0, "initial_accumulator_value": 0}),
    ("Adadelta", {"epsilon": 0}),
    ("Adamax", {"epsilon": 0}),
    ("Lion", {}),
    ("RMSprop", {"epsilon": 0}),
    ("RMSprop", {"epsilon": 0, "centered": True, "momentum": 0.5}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("clipping", CLIPPINGS)
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_no_gradient_is_no_step(name, options, clipping, dtype):
    optimizer = getattr(optimizers, name)(weight_decay=0, **options, **clipping)
    values = np.linspace(-2, 2, 37).astype(dtype)
    before = values.copy()
    for _ in range(5):
        optimizer.apply(values, np.zeros_like(values), np.array([0, 16, 37], np.intp))
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_gradients_whose_squares_vanish(name, options, dtype):
    """A step has the size that it has with others: never infinite, never far more."""
    tiny = np.finfo(dtype).tiny
    for gradient in (tiny, np.sqrt(tiny) / 8, np.sqrt(tiny), 1e-5, 1.0):
        optimizer = getattr(optimizers, name)(0.01, weight_decay=0, **options)
        values = np.ones(5, dtype)
        for _ in range(4):
            optimizer.apply(values, np.full_like(values, gradient))
        assert np.isfinite(values).all()
        assert (np.abs(values - 1) < 0.3).all()


@pytest.mark.parametrize("name", ["adam", "rmsprop", "adamw", "nadam", "adagrad", "adamax"])
def test_a_weight_that_nothing_reaches_stays(name):
    """A feature that is always zero has no gradient; Keras makes its weights NaN."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
    x[:, 1] = 0
    model = Sequential([Input((3,)), Dense(1)])
    optimizer = optimizers.get(name)
    options = {**optimizer.get_config(), "epsilon": 0.0, "clipnorm": 1.0, "weight_decay": 0.0}
    model.compile(type(optimizer).from_config(options), "mse")
    before = model.get_weights()[0][1]
    model.fit(x, y, epochs=3, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
    np.testing.assert_array_equal(model.get_weights()[0][1], before)


def test_an_epsilon_of_zero_changes_no_other_step():
    rng = np.random.default_rng(1)
    steps = rng.normal(size=(10, 33))
    found = []
    for epsilon in (0.0, 1e-300):
        values = np.ones(33)
        optimizer = optimizers.Adam(0.01, epsilon=epsilon)
        for gradient in steps:
            optimizer.apply(values, gradient.copy())
        found.append(values)
    np.testing.assert_array_equal(*found)
