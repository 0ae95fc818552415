"""Activations that are functions of the user's own."""

import copy
import pickle

import numpy as np
import pytest

from fastrnn import backend as K, set_seed
from fastrnn.layers import LSTM, Activation, Conv1D, Dense, Flatten, Input, Lambda, Masking
from fastrnn.models import CheckpointError, Model, Sequential, load_model

X = np.random.default_rng(0).random((8, 5, 3)).astype("float32")
Y = np.eye(4, dtype="float32")[np.arange(8) % 4]


def softmax(x, axis=-1):
    e = K.exp(x - K.max(x, axis=axis, keepdims=True))
    return e / K.sum(e, axis=axis, keepdims=True)


def over_steps(x):
    return softmax(x, axis=1)


def trained(make, loss="categorical_crossentropy", targets=Y):
    set_seed(1)
    model = make()
    model.compile("sgd", loss)
    losses = model.fit(X, targets, epochs=3, verbose=0, shuffle=False).history["loss"]
    return losses, model.get_weights(), model.predict(X), model


def assert_trains_alike(one, other, **of):
    found, expected = trained(one, **of), trained(other, **of)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    for mine, theirs in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-5, atol=1e-7)
    return found[3]


@pytest.mark.parametrize(
    ("function", "name"),
    [(softmax, "softmax"), (lambda x: K.maximum(x, 0), "relu"), (lambda x: x * 1.0, "linear")],
)
def test_a_function_does_what_the_activation_of_a_name_does(function, name):
    def make(activation):
        return lambda: Sequential([Input((5, 3)), LSTM(4), Dense(4, activation=activation)])

    assert_trains_alike(make(function), make(name), loss="mse")


def test_at_every_step_of_a_sequence():
    def make(activation):
        return lambda: Sequential(
            [
                Input((5, 3)),
                Conv1D(4, 2, activation=activation, padding="same"),
                Dense(4, activation=activation),
                Flatten(),
                Dense(4, activation="softmax"),
            ]
        )

    assert_trains_alike(make(lambda x: 2 * K.tanh(x / 2)), make(lambda x: 2 * np.tanh(x * 0.5)))
    assert_trains_alike(make(lambda x: K.tanh(x)), make("tanh"))


def test_a_layer_gives_the_function_the_whole_sequence():
    def make(weigh):
        def model():
            start = Input((5, 3))
            states = LSTM(4, return_sequences=True)(start)
            weights = weigh(Dense(1)(states))
            return Model(start, Dense(4, activation="softmax")(Flatten()(weights * states)))

        return model

    model = assert_trains_alike(
        make(Activation(over_steps, name="attention")), make(Lambda(softmax_1))
    )
    attention = Model(model.input, model.get_layer("attention").output).predict(X)
    np.testing.assert_allclose(attention.sum(axis=1), np.ones((8, 1)), rtol=1e-6)


def softmax_1(x):
    return softmax(x, axis=1)


def test_it_carries_a_mask_and_is_named_as_others_are():
    start = Input((5, 3))
    masked = Activation(K.tanh)(Masking()(start))
    assert masked.has_mask
    assert not Activation(lambda x: K.tanh(x))(start).has_mask
    made = Activation(lambda x: K.tanh(x))
    assert made(Masking()(start)).has_mask
    assert made.name.startswith("activation")


def test_what_mixes_steps_is_a_layer_of_its_own():
    with pytest.raises(ValueError, match=r"mixes the steps of a sequence.*Activation"):
        Sequential([Input((5, 3)), Conv1D(2, 1, activation=over_steps)])
    assert Sequential([Input((3,)), Dense(2, activation=over_steps)]).output_shape == (None, 2)


def only_sequences(x):
    assert K.ndim(x) > 2
    e = K.exp(x - K.max(x, axis=1, keepdims=True))
    return e / K.sum(e, axis=1, keepdims=True)


@pytest.mark.parametrize("function", [over_steps, only_sequences])
@pytest.mark.parametrize("use_bias", [False, True])
def test_a_dense_layer_gives_it_all_steps(function, use_bias):
    def model_of(*layers):
        behind = [Flatten(), Dense(4)]
        model = Sequential([Input((5, 3)), LSTM(4, return_sequences=True), *layers, *behind])
        model.compile("sgd", "mse")
        return model

    dense = Dense(2, activation=function, use_bias=use_bias)
    one, other = model_of(dense), model_of(Dense(2, use_bias=use_bias), Activation(function))
    other.set_weights(one.get_weights())
    gradients = zip(one.compute_gradients(X, Y), other.compute_gradients(X, Y), strict=True)
    for mine, theirs in gradients:
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-7)
    for model in (one, other):
        model.fit(X, Y, epochs=3, verbose=0, shuffle=False)
    np.testing.assert_allclose(one.predict(X), other.predict(X), rtol=1e-5, atol=1e-7)
    assert Dense(2, function)(Masking()(Input((5, 3)))).has_mask
    with pytest.raises(ValueError, match="needs the whole sequence"):
        Sequential([Input((None, 4)), dense]).stream()


def test_what_is_wrong_with_a_function_is_said():
    model = Sequential([Input((3,)), Dense(2, activation=lambda x: x[:, :1])])
    with pytest.raises(ValueError, match=r"activation <function <lambda>> made shape"):
        model.predict(X[:, 0])
    model = Sequential([Input((3,)), Dense(2), Dense(4, activation=np.nan_to_num)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match="activation <function nan_to_num> has no gradient"):
        model.fit(X[:, 0], Y, verbose=0)
    for layer in (Dense, LSTM):
        with pytest.raises(ValueError, match="it should be one of"):
            layer(2, activation=Dense(3))
    with pytest.raises(ValueError, match="it should be one of"):
        LSTM(2, activation=over_steps)


def test_a_file_never_takes_it_for_another(tmp_path):
    model = Sequential([Input((3,)), Dense(2, activation=softmax)])
    with pytest.raises(CheckpointError, match="<function softmax>"):
        model.save(tmp_path / "model.keras")
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"<function softmax>.*give it to load_model"):
        load_model(tmp_path / "model.safetensors")
    model.save_weights(tmp_path / "weights.safetensors")
    again = Sequential([Input((3,)), Dense(2, activation=softmax)])
    again.load_weights(tmp_path / "weights.safetensors")
    np.testing.assert_array_equal(again.predict(X[:, 0]), model.predict(X[:, 0]))


def mine(x):
    return x * K.sigmoid(2 * x)


def test_a_file_is_read_with_the_function(tmp_path):
    h5py = pytest.importorskip("h5py")
    layers = [Conv1D(3, 2, activation=mine), Activation(mine), Flatten(), Dense(2, mine)]
    model = Sequential([Input((5, 3)), *layers])
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors", {"mine": mine})
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    # A file of Keras names it in its own words.
    plain = Sequential([Input((5, 3)), Activation("tanh"), Flatten(), Dense(2, "relu")])
    plain.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        written = file.attrs["model_config"].replace('"relu"', '"mine"')
        said = '{"module": "builtins", "class_name": "function", "config": "Custom>mine"}'
        file.attrs["model_config"] = written.replace('"tanh"', said)
    with pytest.raises(CheckpointError, match="fastrnn lacks this activation"):
        load_model(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5", {"mine": mine})
    model = Sequential([Input((5, 3)), Activation(mine), Flatten(), Dense(2, mine)])
    model.set_weights(plain.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_copies_of_both_kinds():
    for activation in ("relu", softmax):
        for layer in (Activation(activation), Dense(4, activation=activation)):
            for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
                assert type(other) is type(layer)


def test_a_stream_applies_it():
    model = Sequential(
        [Input((None, 3)), LSTM(4, return_sequences=True), Dense(4, activation=softmax)]
    )
    np.testing.assert_allclose(
        np.stack([model.stream()(x) for x in X[:, 0]]), model.predict(X[:, :1])[:, 0], rtol=1e-5
    )
