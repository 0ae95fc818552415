"""What a training does to the moving means of BatchNormalization, and when."""

import copy

import numpy as np
import pytest

from fastrnn.layers import BatchNormalization, Dense, Input
from fastrnn.models import NonFiniteGradientError, Sequential

RNG = np.random.default_rng(8)
X, Y = RNG.normal(2, 3, size=(6, 5, 3)), RNG.normal(size=(6, 5, 1))


def model_of(**options):
    layers = [Input((5, 3), dtype="float64"), BatchNormalization(momentum=0.5, **options), Dense(1)]
    model = Sequential(layers)
    model.compile("sgd", "mse")
    return model


def moments(model):
    return model.get_weights()[2:4]


def test_means_move_once_a_step():
    model = model_of()
    model.compute_gradients(X, Y)
    model.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(moments(model), [[0, 0, 0], [1, 1, 1]])
    model.train_on_batch(X, Y)
    np.testing.assert_allclose(moments(model)[0], 0.5 * X.mean(axis=(0, 1)))
    np.testing.assert_allclose(moments(model)[1], 0.5 + 0.5 * X.var(axis=(0, 1)))


def test_a_step_that_is_refused_moves_nothing():
    model = model_of()
    model.set_weights([1e200 * w if w.shape == (3, 1) else w for w in model.get_weights()])
    with np.errstate(all="ignore"), pytest.raises(NonFiniteGradientError):
        model.train_on_batch(X, Y)
    np.testing.assert_array_equal(moments(model), [[0, 0, 0], [1, 1, 1]])


def test_frozen_it_takes_the_moving_means():
    model = model_of()
    model.train_on_batch(X, Y)
    model.layers[0].trainable = False
    before, dense = moments(model), model.get_weights()[4]
    expected = model.evaluate(X, Y, verbose=0)
    assert model.train_on_batch(X, Y) == pytest.approx(expected)
    np.testing.assert_array_equal(moments(model), before)
    assert (model.get_weights()[4] != dense).all()


def test_a_copy_has_means_of_its_own():
    model = model_of()
    model.train_on_batch(X, Y)
    twin, before = copy.deepcopy(model), moments(model)
    twin.train_on_batch(X, Y)
    np.testing.assert_array_equal(moments(model), before)
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(moments(twin), moments(model))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="momentum of BatchNormalization is 2"):
        BatchNormalization(momentum=2)
