"""``RNN`` around a cell of one's own: the numbers of the layer that computes the same."""

import numpy as np
import pytest

from fastrnn import backend as K
from fastrnn.layers import (
    RNN,
    Bidirectional,
    Dense,
    GRUCell,
    Input,
    Layer,
    Masking,
    OwnRNN,
    SimpleRNN,
)
from fastrnn.models import Model, Sequential, load_model

N, TIME, FEATURES, UNITS = 4, 5, 3, 2


class Plain(Layer):
    """The cell that Keras's documentation has as an example."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
        )

    def call(self, inputs, states):
        output = K.tanh(K.dot(inputs, self.kernel) + K.dot(states[0], self.recurrent_kernel))
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Momentum(Layer):
    """A cell with two states, and no weights."""

    state_size = (FEATURES, 1)

    def call(self, inputs, states, training=False):
        mean = 0.5 * states[0] + inputs
        count = states[1] + (2 if training else 1)
        return mean * count, [mean, count]


def numbers(shape, phase):
    return np.sin(phase + 1.7 * np.arange(np.prod(shape, dtype=int)).reshape(shape))


X, Y = numbers((N, TIME, FEATURES), 0.3), numbers((N, UNITS), 1.1)
X[::2, 3:] = 0


def trained(*layers):
    model = Sequential([Input((TIME, FEATURES), dtype="float64"), Masking(), *layers])
    model.set_weights([numbers(w.shape, 0.3 + i) for i, w in enumerate(model.get_weights())])
    model.compile("sgd", "mse")
    history = model.fit(X, Y, batch_size=2, epochs=3, verbose=0, shuffle=False).history
    return model, history["loss"]


@pytest.mark.parametrize("go_backwards", [False, True])
def test_it_trains_as_the_layer_of_such_steps(go_backwards):
    ours = SimpleRNN(UNITS, use_bias=False, return_sequences=True, go_backwards=go_backwards)
    _, expected = trained(ours, SimpleRNN(UNITS, use_bias=False))
    theirs = RNN(Plain(UNITS), return_sequences=True, go_backwards=go_backwards)
    model, found = trained(theirs, RNN(Plain(UNITS)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert isinstance(theirs, OwnRNN)
    assert model.count_params() == FEATURES * UNITS + 3 * UNITS * UNITS


def test_states_go_in_and_out():
    x, begin = Input((TIME, FEATURES), dtype="float64"), Input((UNITS,), dtype="float64")
    theirs, ours = RNN(Plain(UNITS), return_state=True), SimpleRNN(
        UNITS, use_bias=False, return_state=True
    )  # fmt: skip
    model = Model([x, begin], theirs(x, initial_state=begin))
    other = Model([x, begin], ours(x, initial_state=[begin]))
    other.set_weights(model.get_weights())
    for found, expected in zip(model.predict([X, Y]), other.predict([X, Y]), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    output, mean, count = RNN(Momentum(), return_state=True)(X)
    np.testing.assert_array_equal(count, TIME)
    np.testing.assert_allclose(output, mean * count)
    assert RNN(Momentum(), return_state=True)(X, training=True)[2][0, 0] == 2 * TIME
    with pytest.raises(ValueError, match=r"initial_state of own_rnn has the shapes \[\(4, 3\)\]"):
        RNN(Plain(UNITS))(X, initial_state=X[:, 0])


def test_it_is_saved_and_loaded(tmp_path):
    model, _ = trained(RNN(Plain(UNITS), return_sequences=True), Dense(2), RNN(Plain(UNITS)))
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors", {"Plain": Plain})
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_gradients_are_central_differences():
    model, _ = trained(RNN(Plain(UNITS), go_backwards=True))
    weights = model.get_weights()
    for place, gradient in enumerate(model.compute_gradients(X, Y)):
        sides = []
        for side in (1e-6, -1e-6):
            moved = [w.copy() for w in weights]
            moved[place].flat[1] += side
            model.set_weights(moved)
            sides.append(model.evaluate(X, Y, batch_size=N, verbose=0))
        assert (sides[0] - sides[1]) / 2e-6 == pytest.approx(gradient.flat[1], rel=1e-5, abs=1e-9)


def test_what_it_cannot_is_said():
    class Composed(Layer):
        state_size = 2

        def __init__(self):
            super().__init__()
            self.inner = Dense(2)

    with pytest.raises(TypeError, match="is made of layers; compute with weights of add_weight"):
        RNN(Composed())
    with pytest.raises(TypeError, match="has no argument 'stateful'"):
        RNN(Plain(2), stateful=True)
    with pytest.raises(TypeError, match="by itself a cell of your own"):
        RNN([Plain(2), GRUCell(2)])
    with pytest.raises(TypeError, match="should be a recurrent layer"):
        Bidirectional(RNN(Plain(2)))
    with pytest.raises(ValueError, match="should be \\(None, time, features\\)"):
        RNN(Plain(2))(np.ones((2, 3)))
    with pytest.raises(ValueError, match="cannot run in a stream"):
        Sequential([Input((None, FEATURES)), RNN(Plain(2))]).stream()
