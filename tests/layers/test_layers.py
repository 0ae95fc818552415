"""Layers: shapes, weights, names, and what they refuse."""

import numpy as np
import pytest

from fastrnn import initializers, layers, seeding
from fastrnn.layers import GRU, LSTM, Activation, Dense, Input, SimpleRNN, TimeDistributed
from fastrnn.models import Model


def test_input_shapes():
    assert Input((7, 3)).shape == (None, 7, 3)
    assert Input([None, 3]).shape == (None, None, 3)
    assert Input((3,), dtype="float64").dtype == np.float64


@pytest.mark.parametrize(
    ("layer", "shapes", "output"),
    [
        (SimpleRNN(4), [(2, 4), (4, 4), (4,)], (None, 4)),
        (SimpleRNN(4, use_bias=False, return_sequences=True), [(2, 4), (4, 4)], (None, 5, 4)),
        (GRU(4, return_sequences=True), [(2, 12), (4, 12), (12,)], (None, 5, 4)),
        (GRU(4, reset_after=True), [(2, 12), (4, 12), (2, 12)], (None, 4)),
        (LSTM(4, return_sequences=True), [(2, 16), (4, 16), (16,)], (None, 5, 4)),
        (LSTM(4, use_bias=False), [(2, 16), (4, 16)], (None, 4)),
        (Dense(3), [(2, 3), (3,)], (None, 5, 3)),
        (TimeDistributed(Dense(3, use_bias=False)), [(2, 3)], (None, 5, 3)),
        (Activation("tanh"), [], (None, 5, 2)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_shapes_of_weights_and_output(layer, shapes, output):
    tensor = layer(Input((5, 2)))
    assert [weight.shape for weight in layer.get_weights()] == shapes
    assert layer.count_params() == sum(np.prod(shape) for shape in shapes)
    assert tensor.shape == layer.compute_output_shape((None, 5, 2)) == output


def test_time_may_be_open():
    assert GRU(4, return_sequences=True)(Input((None, 2))).shape == (None, None, 4)


def test_initial_weights_are_keras_s():
    layer = GRU(5)
    layer(Input((7, 3)))
    kernel, recurrent, bias = layer.get_weights()
    assert np.abs(kernel).max() <= np.sqrt(6 / (3 + 15))
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(5), atol=1e-6)
    assert not bias.any()


def test_keras_s_count_of_an_lstm():
    layer = LSTM(64)
    layer(Input((101, 1)))
    assert layer.count_params() == 4 * 64 * (1 + 64 + 1) == 16_896


def test_a_forget_gate_begins_open():
    layer = LSTM(5)
    layer(Input((7, 3)))
    kernel, recurrent, bias = layer.get_weights()
    assert np.sqrt(6 / (3 + 20)) * 0.8 < np.abs(kernel).max() <= np.sqrt(6 / (3 + 20))
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(5), atol=1e-6)
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 5))


@pytest.mark.parametrize("ones", [True, False])
def test_the_other_biases_of_an_lstm_are_the_initializer_s(ones):
    layer = LSTM(5, bias_initializer="random_normal", unit_forget_bias=ones)
    layer(Input((7, 3)))
    bias = layer.get_weights()[2]
    assert (bias[5:10] == 1).all() == ones
    others = np.delete(bias, slice(5, 10))
    assert len(np.unique(others)) == 15
    assert np.abs(others).max() < 0.5


def test_initializers_can_be_chosen():
    layer = SimpleRNN(
        3,
        kernel_initializer="ones",
        recurrent_initializer=initializers.Constant(2),
        bias_initializer="random_normal",
    )
    layer(Input((7, 2)))
    kernel, recurrent, bias = layer.get_weights()
    assert (kernel == 1).all()
    assert (recurrent == 2).all()
    assert bias.all()


def test_a_seed_decides_the_weights():
    def drawn(seed, dtype="float32"):
        seeding.set_seed(seed)
        one, two = GRU(4, return_sequences=True), Dense(3)
        two(one(Input((5, 2), dtype=dtype)))
        return one.get_weights() + two.get_weights()

    for again, first in zip(drawn(1), drawn(1), strict=True):
        np.testing.assert_array_equal(again, first)
    assert not np.array_equal(drawn(1)[0], drawn(2)[0])
    np.testing.assert_array_equal(drawn(1)[1], drawn(1, "float64")[1].astype("float32"))


def test_names_count_within_the_chain():
    def chain():
        one, two, dense = GRU(2, return_sequences=True), GRU(2), Dense(1, name="answer")
        dense(two(one(Input((5, 1)))))
        return [one.name, two.name, dense.name]

    assert chain() == chain() == ["gru_1", "gru_2", "answer"]
    wrapped = TimeDistributed(Dense(1))
    wrapped(Input((5, 1)))
    assert wrapped.name == "time_distributed_1"
    rnn = SimpleRNN(1)
    rnn(Input((5, 1)))
    assert rnn.name == "simple_rnn_1"


def test_names_step_around_those_given():
    middle = GRU(2, return_sequences=True)
    middle(GRU(2, return_sequences=True, name="gru_2")(Input((5, 1))))
    assert middle.name == "gru_3"


def test_dtype_comes_from_the_input_or_the_layer():
    assert Dense(2)(Input((3,), dtype="float64")).dtype == np.float64
    assert Dense(2, dtype="float64")(Input((3,))).dtype == np.float64
    assert Dense(2)(Input((3,), dtype="int32")).dtype == np.float32
    behind = Dense(2, dtype="float64")(Input((3,)))
    assert Dense(2)(behind).dtype == np.float64
    with pytest.raises(ValueError, match="share one dtype"):
        Dense(2, dtype="float32")(behind)


def test_set_weights_is_all_or_nothing():
    layer = Dense(2)
    layer(Input((3,)))
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"dense_1/bias was given shape \(3,\); it should be \(2,"):
        layer.set_weights([np.ones((3, 2)), np.ones(3)])
    with pytest.raises(ValueError, match="1 arrays; it should hold 2"):
        layer.set_weights([np.ones((3, 2))])
    with pytest.raises(TypeError, match="dense_1/bias"):
        layer.set_weights([np.ones((3, 2)), ["a", "b"]])
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    layer.set_weights([[[1, 2]] * 3, [0, 1]])
    np.testing.assert_array_equal(layer.get_weights()[0], [[1, 2]] * 3)


def test_weights_given_out_are_copies():
    layer = Dense(2)
    layer(Input((3,)))
    layer.get_weights()[0][...] = 9
    assert not (layer.get_weights()[0] == 9).any()


@pytest.mark.parametrize(
    "layer",
    [
        GRU(4, reset_after=True, return_sequences=True, use_bias=False, name="mine"),
        LSTM(4, return_sequences=True, unit_forget_bias=False, return_state=True, name="mine"),
        LSTM(3, bias_initializer=initializers.RandomNormal(seed=3)),
        SimpleRNN(3, kernel_initializer=initializers.RandomUniform(-1, 1, seed=2)),
        Dense(2, "softmax", dtype="float64"),
        TimeDistributed(Dense(5, "relu")),
        Activation("sigmoid"),
        layers.InputLayer((None, 3), dtype="float64", name="start"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_configuration_there_and_back(layer):
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


def test_layers_of_one_s_own_can_be_read():
    class Twice(Activation):
        pass

    config = layers.serialize(Twice("tanh"))
    with pytest.raises(ValueError, match="'Twice'"):
        layers.deserialize(config)
    assert isinstance(layers.deserialize(config, {"Twice": Twice}), Twice)


@pytest.mark.parametrize("hidden", [1, 15, 16, 17])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_padding_of_rows_is_no_part_of_the_answer(hidden, dtype):
    x = Input((6, 3), dtype=dtype)
    model = Model(x, Dense(hidden + 1)(SimpleRNN(hidden, return_sequences=True)(x)))
    data = np.random.default_rng(1).normal(size=(5, 6, 3)).astype(dtype)
    kernel, recurrent, _, w, _ = model.get_weights()
    state, expected = np.zeros((5, hidden), dtype), []
    for step in data.swapaxes(0, 1):
        state = np.tanh(step @ kernel + state @ recurrent)
        expected.append(state @ w)
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(
        model.predict(data), np.stack(expected, 1), rtol=tolerance, atol=tolerance
    )


TENSOR = Input((5, 2))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Input(3.0), TypeError, "shape of Input"),
        (lambda: Input((3, None)), ValueError, "known number of features"),
        (lambda: Input(()), ValueError, r"\(time, features\)"),
        (lambda: Input((0, 4)), ValueError, "positive"),
        (lambda: Input((2.5, 4)), ValueError, "positive"),
        (lambda: Input((3,), dtype="float16"), TypeError, "float16"),
        (lambda: GRU(0), ValueError, "units of GRU is 0"),
        (lambda: GRU(2.0), TypeError, "units of GRU is 2.0"),
        (lambda: Dense(True), TypeError, "units"),
        (lambda: Dense(2, "swoosh"), ValueError, "activation is 'swoosh'"),
        (lambda: GRU(2, activation="swoosh"), ValueError, "'swoosh'"),
        (lambda: LSTM(2, recurrent_activation="swoosh"), ValueError, "'swoosh'"),
        (lambda: LSTM(2)(TENSOR, initial_state=LSTM(2)(TENSOR)), ValueError, "initial_state of"),
        (lambda: GRU(2, dtype="float16"), ValueError, "float32 or float64"),
        (lambda: GRU(2, name="a/b"), ValueError, "'a/b'"),
        (lambda: GRU(2, name=3), TypeError, "name is 3"),
        (lambda: GRU(2)(np.zeros((3, 5))), ValueError, r"should be \(None, time, features\)"),
        (lambda: GRU(2)(np.array(["a"])), TypeError, "an array of <U1"),
        (lambda: GRU(2)([TENSOR, TENSOR]), ValueError, "initial_state of gru has the shapes"),
        (lambda: Dense(2)([TENSOR, TENSOR]), ValueError, "dense got 2 inputs; it takes one"),
        (lambda: GRU(2)(Input((3,))), ValueError, r"\(None, time, features\)"),
        (lambda: GRU(2)(GRU(2)(TENSOR)), ValueError, "return_sequences=True"),
        (lambda: TimeDistributed(GRU), TypeError, "is GRU"),
        (lambda: TimeDistributed(Dense), TypeError, "is Dense"),
        (lambda: TimeDistributed(Dense(2))(Input((3,))), ValueError, "time, features"),
        (lambda: Dense(2).count_params(), ValueError, "no weights yet"),
    ],
)
def test_errors_say_what_and_what_instead(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_a_layer_is_built_for_one_number_of_features():
    layer = Dense(2)
    layer(Input((3,)))
    layer(Input((7, 3)))
    with pytest.raises(ValueError, match="built for 3 input features"):
        layer(Input((4,)))


def test_the_shape_of_a_tensor_is_had_as_in_tensorflow():
    x = Input((None, 3), batch_size=2)
    assert x.get_shape() == x.shape == (2, None, 3)
    assert x.get_shape().as_list() == x.shape.as_list() == [2, None, 3]
    assert repr(x.shape) == "(2, None, 3)"
