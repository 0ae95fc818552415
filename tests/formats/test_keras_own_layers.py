"""Custom layers and cells in Keras's files: written, read, trained on, and read by Keras itself."""

import json
import pickle
import zipfile

import numpy as np
import pytest

import fastrnn
from fastrnn import backend as K
from fastrnn.layers import (
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    Input,
    Lambda,
    Layer,
    TimeDistributed,
)
from fastrnn.models import CheckpointError, Model, Sequential, load_model
from tests.keras_oracle import require_keras
from tests.tolerances import FILES

pytest.importorskip("h5py")

N, TIME, FEATURES, UNITS = 4, 5, 3, 2
ENDINGS = (".keras", ".h5", ".safetensors")
X = np.sin(np.arange(N * TIME * FEATURES)).reshape(N, TIME, FEATURES).astype(np.float32)


def build_attention(self, input_shape):
    self.count = self.add_weight(name="count", shape=(1,), initializer="ones", trainable=False)
    self.kernel = self.add_weight(
        name="att_weight", shape=(input_shape[-1], 1), initializer="glorot_uniform"
    )
    self.bias = self.add_weight(name="att_bias", shape=(input_shape[1], 1), initializer="ones")


class Attention(Layer):
    """The layer of countless notebooks; a weight that no gradient trains is made first."""

    def __init__(self, scale=1.0, **options):
        super().__init__(**options)
        self.scale = scale

    def build(self, input_shape):
        build_attention(self, input_shape)

    def call(self, inputs):
        scores = K.softmax(K.squeeze(K.tanh(K.dot(inputs, self.kernel) + self.bias), axis=-1))
        return K.sum(inputs * K.expand_dims(scores), axis=1) * self.scale * self.count

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def build_gain(self, input_shape):
    self.gain = self.add_weight(name="gain", shape=(input_shape[-1],), initializer="uniform")


class Gain(Layer):
    """One weight for every feature."""

    def build(self, input_shape):
        build_gain(self, input_shape)

    def call(self, inputs):
        return inputs * self.gain


def build_plain(self, input_shape):
    self.kernel = self.add_weight(
        shape=(input_shape[-1], self.units), initializer="uniform", name="kernel"
    )
    self.recurrent_kernel = self.add_weight(
        shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel"
    )


class Plain(Layer):
    """The cell that Keras's documentation has as an example."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = self.state_size = units

    def build(self, input_shape):
        build_plain(self, input_shape)

    def call(self, inputs, states):
        output = K.dot(inputs, self.kernel) + K.dot(states[0], self.recurrent_kernel)
        return output, [output]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


OWN = {"Attention": Attention, "Gain": Gain, "Plain": Plain}

MODELS = {
    "a layer": lambda: [LSTM(4, return_sequences=True), Attention(0.5)],
    "two, and a layer around one": lambda: [
        TimeDistributed(Gain()),
        Gain(),
        LSTM(4, return_sequences=True),
        Gain(),
        LSTM(2),
    ],
    "inside a model": lambda: [Sequential([Input((TIME, FEATURES)), Gain(), LSTM(3)])],
    "a cell": lambda: [RNN(Plain(UNITS), return_sequences=True), RNN(Plain(3))],
    "both directions": lambda: [Bidirectional(RNN(Plain(UNITS)), merge_mode="sum")],
    "frozen": lambda: [Gain(trainable=False), LSTM(4)],
}


def model_of(name):
    model = Sequential([Input((TIME, FEATURES)), *MODELS[name](), Dense(1)])
    model.set_weights(
        [np.cos(k + np.arange(w.size)).reshape(w.shape) for k, w in enumerate(model.get_weights())]
    )
    model.compile("adam", "mse")
    model.fit(X, np.ones((N, 1)), epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_saved_loaded_and_trained_on(tmp_path, name, ending):
    model = model_of(name)
    model.save(tmp_path / f"model{ending}")
    again = load_model(tmp_path / f"model{ending}", OWN)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.optimizer.iterations == model.optimizer.iterations
    assert [w.trainable for w in again.weights] == [w.trainable for w in model.weights]
    y = np.zeros((N, 1))
    assert again.train_on_batch(X, y) == model.train_on_batch(X, y)
    for one, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
@pytest.mark.parametrize("name", MODELS)
def test_weights_alone_are_saved_and_loaded(tmp_path, name, ending):
    model, fresh = model_of(name), model_of(name)
    fresh.set_weights([np.zeros_like(w) for w in fresh.get_weights()])
    model.save_weights(tmp_path / f"w{ending}")
    fresh.load_weights(tmp_path / f"w{ending}")
    np.testing.assert_array_equal(fresh.predict(X), model.predict(X))


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_weights_are_saved_where_a_layer_without_weights_is_not_keras(tmp_path, ending):
    model = Sequential([Input((TIME, FEATURES)), LSTM(2), Lambda(lambda x: 2 * x), Dense(1)])
    model.save_weights(tmp_path / f"w{ending}")
    expected = model.predict(X)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    model.load_weights(tmp_path / f"w{ending}")
    np.testing.assert_array_equal(model.predict(X), expected)


def test_in_a_graph_with_a_layer_called_twice(tmp_path):
    one, other, gain = Input((TIME, FEATURES)), Input((TIME, FEATURES)), Gain()
    joined = fastrnn.layers.concatenate([gain(one), gain(other)])
    model = Model([one, other], Dense(1)(Attention()(joined)))
    expected = model.predict([X, 2 * X])
    for ending in ENDINGS:
        model.save(tmp_path / f"model{ending}")
        again = load_model(tmp_path / f"model{ending}", OWN)
        np.testing.assert_array_equal(again.predict([X, 2 * X]), expected)


def test_a_pickle_of_a_custom_cell():
    model = model_of("both directions")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


class Other(Gain):
    def __init__(self, scale, **options):
        super().__init__(**options)


def test_what_the_errors_say(tmp_path):
    model = model_of("a layer")
    for ending in (".keras", ".h5"):
        path = tmp_path / f"model{ending}"
        model.save(path)
        with pytest.raises(CheckpointError, match=r"custom_objects=\{'Attention': Attention}"):
            load_model(path)
        with pytest.raises(CheckpointError, match="holds 3 arrays for attention_1, whose class"):
            load_model(path, {"Attention": Other})
    path = tmp_path / "cell.keras"
    model_of("a cell").save(path)
    with pytest.raises(CheckpointError, match=r"cell is 'Plain'; .* or in custom_objects"):
        load_model(path)

    class MyGRU(fastrnn.layers.GRU):
        pass

    with pytest.raises(CheckpointError, match=r"\(MyGRU\): .keras files .*; .safetensors can"):
        Sequential([Input((TIME, FEATURES)), MyGRU(2)]).save(path)


def test_registered_classes_need_no_custom_objects(tmp_path):
    objects = fastrnn.saving.get_custom_objects()
    before = dict(objects)
    try:
        register = fastrnn.utils.register_keras_serializable("mine")
        register(Attention)
        assert fastrnn.saving.get_registered_name(Attention) == "mine>Attention"
        assert fastrnn.saving.get_registered_object("mine>Attention") is Attention
        objects["Gain"] = Gain
        model = model_of("a layer")
        model.add(Gain())
        model.compile("sgd", "mse")
        for ending in ENDINGS:
            model.save(tmp_path / f"model{ending}")
            again = fastrnn.saving.load_model(tmp_path / f"model{ending}")
            np.testing.assert_array_equal(again.predict(X), model.predict(X))
        with pytest.raises(ValueError, match="int has no get_config"):
            register(int)
    finally:
        objects.clear()
        objects.update(before)
    with fastrnn.utils.CustomObjectScope(OWN):
        load_model(tmp_path / "model.keras")


def classes_of_keras():
    keras = require_keras()
    ops = keras.ops

    class TheirAttention(keras.layers.Layer):
        def __init__(self, scale=1.0, **options):
            super().__init__(**options)
            self.scale = scale

        def build(self, input_shape):
            build_attention(self, input_shape)

        def call(self, inputs):
            scores = ops.tanh(ops.matmul(inputs, self.kernel) + self.bias)
            scores = ops.softmax(ops.squeeze(scores, -1))
            return ops.sum(inputs * ops.expand_dims(scores, -1), axis=1) * self.scale * self.count

        def get_config(self):
            return {**super().get_config(), "scale": self.scale}

    class TheirGain(keras.layers.Layer):
        def build(self, input_shape):
            build_gain(self, input_shape)

        def call(self, inputs):
            return inputs * self.gain

        def compute_output_shape(self, input_shape):
            return input_shape

    class TheirPlain(keras.layers.Layer):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.units = self.state_size = units

        def build(self, input_shape):
            build_plain(self, input_shape)

        def call(self, inputs, states, training=None):
            output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
            return output, [output]

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    for theirs, name in ((TheirAttention, "Attention"), (TheirGain, "Gain"), (TheirPlain, "Plain")):
        theirs.__name__ = name
    return keras, {"Attention": TheirAttention, "Gain": TheirGain, "Plain": TheirPlain}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", MODELS)
def test_keras_reads_the_file_and_writes_one_back(tmp_path, name, ending):
    keras, theirs = classes_of_keras()
    model = model_of(name)
    model.save(tmp_path / f"model{ending}")
    with keras.saving.custom_object_scope(theirs):
        opened = keras.models.load_model(tmp_path / f"model{ending}")
    expected, tolerance = model.predict(X), FILES[np.dtype(np.float32)]
    np.testing.assert_allclose(
        opened.predict(X, verbose=0), expected, rtol=tolerance, atol=tolerance
    )
    opened.save(tmp_path / f"back{ending}")
    back = load_model(tmp_path / f"back{ending}", OWN)
    np.testing.assert_array_equal(back.predict(X), expected)


def test_the_same_model_makes_the_same_file(tmp_path):
    model = model_of("a layer")
    for name in ("one.keras", "other.keras"):
        model.save(tmp_path / name)
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "other.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.keras") as archive:
        entry = json.loads(archive.read("config.json"))["config"]["layers"][2]
    assert entry["registered_name"] == "Attention"
    assert entry["config"]["scale"] == 0.5


def spread(x, by=1.0):
    return x - by * x.mean(axis=1, keepdims=True)


def test_functions_are_found_by_their_names_or_those_of_their_layers(tmp_path):
    def made():
        x = Input((TIME, FEATURES))
        y = Lambda(spread, arguments={"by": 0.5})(LSTM(3, return_sequences=True)(x))
        y = Lambda(lambda pair: pair[0] + 2 * pair[1], name="sum")([y, y])
        return Model(x, Dense(1)(Lambda(lambda y: y[:, -1], name="last")(y)))

    model = made()
    functions = {
        "spread": spread,
        "sum": lambda pair: pair[0] + 2 * pair[1],
        "last": lambda y: y[:, -1],
    }
    for ending in ENDINGS:
        path = tmp_path / f"model{ending}"
        model.save(path)
        np.testing.assert_array_equal(load_model(path, functions).predict(X), model.predict(X))
        with pytest.raises(CheckpointError, match="'last'"):
            load_model(path, {name: functions[name] for name in ("spread", "sum")})
    x = Input((TIME, FEATURES))
    with pytest.raises(CheckpointError, match=r"it is the operation .* on tensors"):
        Model(x, K.sum(LSTM(2, return_sequences=True)(x), axis=1)).save(tmp_path / "model.keras")


@pytest.mark.filterwarnings("ignore")
def test_a_function_in_a_file_of_keras(tmp_path):
    keras = require_keras()
    layers = keras.layers
    path = tmp_path / "theirs.keras"
    theirs = keras.Sequential(
        [layers.Input((TIME, FEATURES)), layers.LSTM(3), layers.Lambda(lambda x: 3 * x, name="by")]
    )
    theirs.save(path)
    with pytest.raises(CheckpointError, match=r"never runs a program .*custom_objects=\{'by'"):
        load_model(path)
    again = load_model(path, {"by": lambda x: 3 * x})
    expected, tolerance = theirs.predict(X, verbose=0), FILES[np.dtype(np.float32)]
    np.testing.assert_allclose(again.predict(X), expected, rtol=tolerance, atol=tolerance)
    again.save(tmp_path / "ours.keras")
    opened = keras.models.load_model(tmp_path / "ours.keras", {"by": lambda x: 3 * x})
    np.testing.assert_allclose(opened.predict(X, verbose=0), expected, rtol=tolerance)


class OneNumber(Layer):
    """A layer with one number."""

    def build(self, input_shape):
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")

    def call(self, inputs):
        return inputs * self.gain


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_weight_without_axes_goes_into_files(ending, tmp_path):
    model = Sequential([Input((TIME, FEATURES)), OneNumber(), LSTM(2)])
    model.set_weights([np.float32(0.5), *model.get_weights()[1:]])
    path = tmp_path / f"model{ending}"
    model.save(path)
    again = load_model(path, custom_objects={"OneNumber": OneNumber})
    assert again.get_weights()[0].shape == ()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
