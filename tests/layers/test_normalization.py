"""What a training does to the moving means of BatchNormalization, and when."""

import copy

import numpy as np
import pytest

from fastrnn.layers import GRU, BatchNormalization, Dense, Input, Normalization
from fastrnn.models import NonFiniteGradientError, Sequential, load_model

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


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
def test_a_layer_adapts_to_data(axis):
    layer = Normalization(axis, dtype="float64")
    layer.adapt(X)
    others = {-1: (0, 1), 1: (0, 2), (1, 2): 0, None: None}[axis]
    mean, variance = X.mean(others, keepdims=True), X.var(others, keepdims=True)
    np.testing.assert_allclose(layer(X), (X - mean) / np.sqrt(variance), rtol=1e-12)
    opposite = Normalization(axis, invert=True, dtype="float64")
    opposite.adapt(X)
    np.testing.assert_allclose(opposite(layer(X)), X, rtol=1e-12)
    assert [w.trainable for w in layer.weights] == [False] * 3


@pytest.mark.parametrize("ending", [".keras", ".h5", ".safetensors"])
def test_an_adapted_layer_goes_into_files(ending, tmp_path):
    layer = Normalization()
    layer.adapt(X)
    model = Sequential([Input((5, 3)), layer, GRU(2), Dense(1)])
    model.compile("adam", "mse")
    before = layer.get_weights()
    model.fit(X, Y[:, 0], verbose=0)
    for one, two in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    path = tmp_path / f"model{ending}"
    if ending != ".safetensors":
        pytest.importorskip("h5py")
    model.save(path)
    again = load_model(path)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    for one in (model, again):
        one.fit(X, Y[:, 0], verbose=0, shuffle=False)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_keras_counts_in_integers(tmp_path):
    h5py = pytest.importorskip("h5py")
    layer = Normalization(name="adapted")
    layer.adapt(X)
    model = Sequential([Input((5, 3)), layer, GRU(2)])
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        paths = []
        file.visit(lambda path: paths.append(path) if "count" in path else None)
        del file[paths[-1]]
        file[paths[-1]] = np.int64(7)
    again = load_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.layers[-2].get_weights()[2] == 7
