"""Inputs of shape (None, time) whose time is unknown until there are data."""

import numpy as np
import pytest

from fastrnn import backend as K, ops
from fastrnn.layers import GRU, Dense, Dropout, Input, Lambda, Layer, Permute, PReLU, Reshape
from fastrnn.models import Model, Sequential, load_model


class Expand(Layer):
    def call(self, inputs):
        return K.expand_dims(inputs, -1)


def expand(x):
    return K.expand_dims(x, -1)


def functional(tensor_of):
    inputs = Input((None,))
    return Model(inputs, Dense(1)(GRU(3)(tensor_of(inputs))))


MODELS = {
    "lambda": lambda: Sequential([Lambda(expand, input_shape=[None]), GRU(3), Dense(1)]),
    "reshape": lambda: Sequential([Reshape((-1, 1), input_shape=(None,)), GRU(3), Dense(1)]),
    "own": lambda: Sequential([Input((None,)), Expand(), GRU(3), Dense(1)]),
    "dropout": lambda: Sequential([Input((None,)), Dropout(0.0), Expand(), GRU(3), Dense(1)]),
    "backend": lambda: functional(expand),
    "ops": lambda: functional(lambda x: ops.expand_dims(2 * x, -1) / 2),
    "index": lambda: functional(lambda x: x[:, :, None]),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_series_without_a_feature_axis(make):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 9)).astype(np.float32), rng.normal(size=(8, 1)).astype(np.float32)
    model, plain = make(), Sequential([Input((None, 1)), GRU(3), Dense(1)])
    plain.set_weights(model.get_weights())
    for one, data in ((model, x), (plain, x[:, :, None])):
        one.compile("adam", "mse")
        one.fit(data, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    for found, expected in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    for steps in (4, 12):  # other lengths than those of the training
        other = rng.normal(size=(3, steps)).astype(np.float32)
        np.testing.assert_array_equal(model.predict(other), plain.predict(other[:, :, None]))


@pytest.mark.parametrize("name", ["model.safetensors", "model.keras"])
def test_it_is_saved(tmp_path, name):
    if name.endswith("keras"):
        pytest.importorskip("h5py")
    model = MODELS["lambda"]()
    model.save(tmp_path / name)
    again = load_model(tmp_path / name, custom_objects={"expand": expand})
    x = np.ones((2, 5), np.float32)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


class Weighted(Layer):
    def build(self, input_shape):
        self.w = self.add_weight((input_shape[-1],), name="w")

    def call(self, inputs):
        return inputs * self.w


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [Dense(2)],
        lambda: [PReLU()],
        lambda: [Lambda(lambda x: 2 * x), Dense(2)],
        lambda: [Permute((1,)), GRU(2)],
        lambda: [Weighted()],
    ],
)
def test_weights_need_a_known_number_of_features(layers):
    with pytest.raises(
        (TypeError, ValueError), match=r"is None; it should be|it should be \(None,"
    ):
        Sequential([Input((None,)), *layers()])
