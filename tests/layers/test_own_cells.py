"""``RNN`` around a cell of one's own: the numbers of the layer that computes the same."""

import pickle

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
    with pytest.raises(TypeError, match="by itself a cell of your own"):
        RNN([Plain(2), GRUCell(2)])
    with pytest.raises(TypeError, match="should be a recurrent layer"):
        Bidirectional(Plain(2))
    with pytest.raises(ValueError, match="keeps no state; give it stateful=True"):
        RNN(Plain(2)).reset_states()
    with pytest.raises(ValueError, match="should be \\(None, time, features\\)"):
        RNN(Plain(2))(np.ones((2, 3)))
    with pytest.raises(ValueError, match="cannot run in a stream: it has go_backwards=True"):
        Sequential([Input((None, FEATURES)), RNN(Plain(2), go_backwards=True)]).stream()


def pair_of(make, wrap):
    """A model of a custom cell, and that of SimpleRNN with the same weights."""
    found = []
    for cell in (
        lambda **o: RNN(Plain(UNITS), **o),
        lambda **o: SimpleRNN(UNITS, use_bias=False, **o),
    ):
        x = Input((TIME, FEATURES), batch_size=make.get("batch"), dtype="float64")
        y = wrap(cell)(Masking()(x) if make.get("masked") else x)
        model = Model(x, y)
        shapes = [w.shape for w in model.get_weights()]
        model.set_weights([numbers(shape, 0.3 + i) for i, shape in enumerate(shapes)])
        model.compile("sgd", "mse")
        found.append(model)
    return found


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "mul", "ave"])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_both_directions_train_as_those_of_the_layer_of_such_steps(
    merge_mode, masked, return_sequences
):
    def wrap(cell):
        return Bidirectional(cell(return_sequences=return_sequences), merge_mode=merge_mode)

    ours, other = pair_of({"masked": masked}, wrap)
    y = numbers(other.predict(X).shape, 0.7)
    for model in (ours, other):
        model.fit(X, y, batch_size=2, epochs=3, verbose=0, shuffle=False)
    np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=1e-11)
    for one, two in zip(ours.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-11)


def test_both_directions_take_and_return_states():
    def wrap(cell):
        layer = Bidirectional(cell(return_state=True))
        return lambda x: layer(x, initial_state=[x[:, 0, :UNITS], x[:, 1, :UNITS]])

    ours, other = pair_of({}, wrap)
    for one, two in zip(ours.predict(X), other.predict(X), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-12)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_stateful_one_goes_on_where_the_last_batch_ended(wrapped, tmp_path):
    def wrap(cell):
        layer = cell(stateful=True, return_sequences=True)
        return Bidirectional(layer) if wrapped else layer

    ours, other = pair_of({"batch": N}, wrap)
    assert ours.layers[1].stateful
    y = numbers(other.output_shape, 0.7)
    for model in (ours, other):
        model.fit(X, y, batch_size=N, epochs=3, verbose=0, shuffle=False)
        model.train_on_batch(2 * X, y)
    np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=1e-11)
    for ending in (".safetensors", ".keras", ".h5"):
        ours.save(tmp_path / f"model{ending}")
        again = load_model(tmp_path / f"model{ending}", {"Plain": Plain})
        assert again.layers[1].stateful
    copy = pickle.loads(pickle.dumps(ours))
    for model in (ours, other, copy):
        model.reset_states()
    expected = other.predict(X)
    np.testing.assert_allclose(ours.predict(X), expected, rtol=1e-11)
    np.testing.assert_array_equal(copy.predict(X), again.predict(X))
    assert not np.allclose(ours.predict(X), expected)
    states = [numbers((N, UNITS), 0.2 + i) for i in range(2 if wrapped else 1)]
    for model in (ours, other):
        model.layers[1].reset_states(states if wrapped else states[0])
    np.testing.assert_allclose(ours.predict(X), other.predict(X), rtol=1e-11)
    with pytest.raises(ValueError, match=r"there should be 1 of shape \(batch, 2\)"):
        ours.layers[1].reset_states([np.zeros((N, 5))] * len(states))
    layer = ours.layers[1]
    state = layer.get_state()
    layer.check_state(state)
    layer.reset_states()
    layer.set_state(state)
    assert layer.get_state().keys() == state.keys()
    inside = state["forward"] if wrapped else state
    broken = {**inside, "states": [np.zeros((N, 7))]}
    broken = {**state, "forward": broken} if wrapped else broken
    with pytest.raises(ValueError, match="the states should be"):
        layer.check_state(broken)


def test_a_stateful_one_refuses_another_batch():
    layer = RNN(Momentum(), stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="holds the states of 4 samples, and the batch has 2"):
        layer(X[:2])
    layer.reset_states([np.zeros((2, FEATURES)), np.zeros((2, 1))])
    layer(X[:2])
    with pytest.raises(ValueError, match=r"there should be \(batch, 3\), \(batch, 1\)"):
        layer.reset_states([np.zeros((2, FEATURES)), np.zeros((2, 2))])


@pytest.mark.parametrize("return_sequences", [False, True])
def test_a_stream_computes_what_predict_does(return_sequences):
    layers = [RNN(Plain(UNITS), return_sequences=True), RNN(Momentum()), Dense(3)]
    layers[1].return_sequences = return_sequences
    Wide = type("Wide", (Momentum,), {"state_size": (UNITS, 1)})
    layers[1].layer = Wide()
    model = Sequential([Input((None, FEATURES), dtype="float64"), *layers])
    model.set_weights([numbers(w.shape, i) for i, w in enumerate(model.get_weights())])
    if return_sequences:
        expected = model.predict(X)
    else:
        expected = np.stack([model.predict(X[:, : t + 1]) for t in range(TIME)], axis=1)
    stream = model.stream(N)
    first = stream(X[:, :2])
    copy = stream.copy()
    found = np.concatenate([first, stream(X[:, 2:])], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(copy(X[:, 2:]), found[:, 2:])
    state = stream.state
    assert [one.shape for one in state] == [(N, UNITS), (N, UNITS), (N, 1)]
    stream.reset()
    np.testing.assert_array_equal(stream(X[:, :2]), first)
    stream.state = state
    following = stream(X[:, 0])
    copy.state = state
    np.testing.assert_array_equal(copy(X[:, 0]), following)
    stream.reset([0, 2])
    assert not stream.state[0][0].any()
    assert stream.state[0][1].any()
    alone = model.stream()
    np.testing.assert_allclose(alone(X[0]), expected[0], rtol=1e-12)
