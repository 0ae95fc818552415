"""Layers of one's own that are made of layers: as if what they call stood in the model."""

import copy

import numpy as np
import pytest

from fastrnn import backend as K
from fastrnn.layers import GRU, LSTM, Dense, Dropout, Input, Layer, LayerNormalization
from fastrnn.models import Model, Sequential, load_model

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(8, 5, 3)), RNG.normal(size=(8, 2))


class Attention(Layer):
    """A weighted mean of steps, as tutorials write it."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.query, self.keys, self.score = Dense(units), Dense(units), Dense(1)

    def call(self, query, values):
        score = self.score(K.tanh(self.query(K.expand_dims(query, 1)) + self.keys(values)))
        return K.sum(K.softmax(score, axis=1) * values, axis=1)


class Block(Layer):
    """Layers that are made in `build`, one of them in a list."""

    def build(self, input_shape):
        self.parts = [Dense(4, "relu"), Dropout(0.5)]
        self.back = Dense(input_shape[-1])

    def call(self, inputs, training=None):
        within = inputs
        for part in self.parts:
            within = part(within)
        return inputs + self.back(within)


def attentive(attend):
    x = Input((5, 3), dtype="float64")
    states, last = GRU(4, return_sequences=True, return_state=True)(x)
    return Model(x, Dense(2)(attend(last, states)))


def test_it_computes_and_trains_as_its_layers_do():
    layer = Attention(6)
    model = attentive(layer)

    def apart(query, values):
        return Attention.call(Attention(6), query, values)

    plain = attentive(apart)
    plain.set_weights(model.get_weights())
    for one in (model, plain):
        one.compile("sgd", "mse")
        one.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(layer.get_weights()) == 6
    assert any(found is layer for found in model.layers)
    assert model.get_layer(layer.name) is layer
    assert layer.name == "attention_1"


def test_gradients_are_central_differences():
    model = attentive(Attention(3))
    model.compile("sgd", "mse")
    weights = model.get_weights()
    for place, gradient in enumerate(model.compute_gradients(X, Y)):
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in weights]
            moved[place].flat[0] += side
            model.set_weights(moved)
            sides.append(model.evaluate(X, Y, verbose=0))
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient.flat[0], rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("start", [True, False])
def test_two_of_a_class_stand_in_a_row(start, tmp_path, capsys):
    inputs = [Input((5, 3))] if start else []
    one, other = Block(), Block(name="mine")
    model = Sequential([*inputs, one, other, LSTM(2)])
    model.compile("sgd", "mse")
    before = None if not start else model.get_weights()
    model.fit(X, Y, verbose=0)
    assert [type(layer) for layer in model.layers] == [Block, Block, LSTM]
    assert model.count_params() == 31 + 31 + 48
    assert (one.name, other.name) == ("block_1", "mine")
    if start:
        changed = [(a != b).any() for a, b in zip(before, model.get_weights(), strict=True)]
        assert all(changed)
    model.summary()
    assert "block_1 (Block)" in capsys.readouterr().out
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(load_model(tmp_path / "model").predict(X), model.predict(X))
    twin = copy.deepcopy(model)
    twin.fit(X, Y, verbose=0)
    assert (twin.get_weights()[0] != model.get_weights()[0]).any()
    one.trainable = False
    frozen = one.get_weights()
    model.fit(X, Y, verbose=0)
    for a, b in zip(one.get_weights(), frozen, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_twice_and_on_arrays():
    block = Block()
    x = Input((5, 3))
    model = Model(x, block(block(x)))
    assert model.count_params() == 31
    once = block(X.astype(np.float32))
    np.testing.assert_allclose(block(once), model.predict(X), rtol=1e-5, atol=1e-6)
    # On arrays before there is a model.
    assert Block()(X).shape == X.shape
    query, values = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 4, 3))
    assert Attention(2)(query, values).shape == (2, 3)


def test_what_would_leave_weights_untrained_is_refused():
    class Own(Layer):
        def build(self, input_shape):
            self.inside = Dense(2)
            self.factor = self.add_weight((2,), "ones")

        def call(self, inputs):
            return self.inside(inputs) * self.factor

    class ByHand(Layer):
        def __init__(self):
            super().__init__()
            self.inside = Dense(2)

        def call(self, inputs):
            return self.inside(inputs)

        def backward(self, gradient):
            return gradient

    with pytest.raises(TypeError, match="has layers inside and weights of its own"):
        Own()(Input((5, 3)))
    with pytest.raises(TypeError, match="has layers inside and defines backward"):
        ByHand()(Input((5, 3)))


def test_layers_of_a_model_that_was_not_called_yet_are_its_attributes():
    class Tagger(Model):
        def __init__(self):
            super().__init__()
            self.output_layer = Dense(2)
            self.inner = [GRU(3, return_sequences=True), {"norm": LayerNormalization()}]

        def call(self, inputs):
            return self.output_layer(self.inner[1]["norm"](self.inner[0](inputs)))

    class Counted(Model):
        def call(self, inputs):
            if inputs.get_shape()[1] != 4:
                raise ValueError("%d steps" % inputs.get_shape()[1])  # noqa: UP031
            return sum((inputs[:, i] for i in range(1, inputs.shape[1])), inputs[:, 0])

    np.testing.assert_allclose(Counted().predict(X[:, :4]), X[:, :4].sum(axis=1), rtol=1e-5)
    model = Tagger()
    assert [layer.kind for layer in model.layers] == ["Dense", "GRU", "LayerNormalization"]
    assert not hasattr(model, "output_shape")
    model.build((None, 4, 3))
    kinds = ["InputLayer", "GRU", "LayerNormalization", "Dense"]
    assert [layer.kind for layer in model.layers] == kinds
    assert model.output_shape == (None, None, 2)
