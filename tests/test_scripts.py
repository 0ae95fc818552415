"""Scripts as people have them, in pieces: each stands for a kind of spelling or habit of Keras."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import fastrnn as keras
from fastrnn import _older

#: What every piece begins with.
BEGIN = """
import numpy as np
import fastrnn as keras
from fastrnn import backend as K
from fastrnn.callbacks import *
from fastrnn.layers import *
from fastrnn.models import *
from fastrnn.optimizers import *
x = np.random.default_rng(0).random((16, 5, 3)).astype("float32")
y = x[:, -1, :1]
ids = np.arange(16 * 5).reshape(16, 5) % 10
classes = np.eye(4)[np.arange(16) % 4]
"""

PIECES = {
    "Keras 1, recurrent": """
model = Sequential()
model.add(LSTM(output_dim=4, input_dim=3, input_length=5, init="uniform", inner_init="orthogonal",
               inner_activation="hard_sigmoid", dropout_W=0.1, dropout_U=0.1, consume_less="gpu",
               return_sequences=True))
model.add(GRU(output_dim=3, W_regularizer=None, unroll=True, implementation=1))
model.add(Dropout(p=0.2))
model.add(Dense(output_dim=1, init="normal", bias=True))
model.compile(optimizer="adam", loss="mse", class_mode="binary")
assert model.fit(x, y, nb_epoch=2, verbose=0).epoch == [0, 1]
lstm = model.layers[0]
assert (lstm.units, lstm.recurrent_activation.name, lstm.dropout) == (4, "hard_sigmoid", 0.1)
assert model.input_shape == (None, 5, 3)
""",
    "Keras 1, convolution": """
model = Sequential()
model.add(Embedding(10, 4, input_length=5, init="uniform"))
model.add(Convolution1D(nb_filter=4, filter_length=2, border_mode="same", subsample_length=1))
model.add(MaxPooling1D(pool_length=2))
model.add(LSTM(4))
model.compile("adam", "mse")
model.fit(ids, classes, nb_epoch=1, verbose=0)
""",
    "Keras 1, what is the default now": """
model = Sequential()
model.add(Embedding(10, 4, input_length=5, dropout=0))
model.add(BatchNormalization(mode=0))
model.add(LSTM(4, forget_bias_init="one"))
assert model.layers[-1].unit_forget_bias
""",
    "the number of features alone": """
assert Sequential([LSTM(4, input_dim=3)]).input_shape == (None, None, 3)
assert Sequential([Dense(4, input_dim=3)]).input_shape == (None, 3)
assert Input(3).shape == (None, 3)
assert Sequential([Dense(4, input_shape=3)]).input_shape == (None, 3)
""",
    "weights to begin with": """
table = np.arange(20.0).reshape(10, 2)
model = Sequential([Embedding(10, 2, weights=[table], input_length=5, trainable=False), LSTM(4)])
model.compile("adam", "mse")
model.fit(ids, classes, verbose=0)
assert (model.layers[0].get_weights()[0] == table).all()
assert (Embedding(10, 2, weights=table)(ids) == table[ids]).all()
twin = Bidirectional(LSTM(4), weights=Bidirectional(LSTM(4)).get_weights() or None)
""",
    "the size of a batch of a stateful layer": """
for shape in ({"input_shape": (5, 3), "batch_size": 8}, {"batch_input_shape": (8, 5, 3)}):
    model = Sequential([LSTM(4, stateful=True, **shape), Dense(1)])
    assert model.input_shape == (8, 5, 3)
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    model.reset_states()
""",
    "a summary before the data": """
lines = []
model = Sequential([Embedding(10, 4), LSTM(4), Dense(1)])
model.summary(print_fn=lines.append)
assert "embedding (Embedding)        ?                         unbuilt" in lines
assert "Total params: 0" in lines
model.build((None, 5))
model.summary(print_fn=lines.append)
assert "Total params: 189" in lines
""",
    "any whole number for verbose": """
model = Sequential([LSTM(4), Dense(1)])
model.compile("adam", "mse")
stop = EarlyStopping(monitor="loss", patience=3, verbose=5)
model.fit(x, y, verbose=3, callbacks=[stop])
model.evaluate(x, y, verbose=10)
""",
    "threads and queues": """
model = Sequential([LSTM(4), Dense(1)])
model.compile("adam", "mse", sample_weight_mode="temporal", run_eagerly=False)
model.fit(x, y, verbose=0, workers=4, use_multiprocessing=True, max_queue_size=10)
""",
    "the optimizer of compile": """
model = Sequential([LSTM(4), Dense(1)])
model.compile(loss="mse")
assert type(model.optimizer) is RMSprop
assert type(keras.optimizers.adam_v2.Adam(lr=0.1, name="mine")) is Adam
""",
    "a weight led by its name": """
class Scale(Layer):
    def build(self, input_shape):
        self.one = self.add_weight("one", shape=(input_shape[-1],), initializer="ones")
        self.two = self.add_weight("two", (input_shape[-1],), initializer=None)
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.one + self.two

layer = Scale(kernel_regularizer=None)
model = Sequential([Input((5, 3)), layer, LSTM(2)])
assert [one.name for one in layer.variables] == ["one", "two"] and layer.one.shape == (3,)
assert layer.trainable_variables == layer.trainable_weights and not layer.non_trainable_variables
layer.trainable = False
assert model.non_trainable_variables == layer.weights
assert model.variables == model.weights and len(model.trainable_variables) == 3
""",
    "what a layer was made with": """
lstm = LSTM(4, kernel_regularizer="l2", bias_constraint="non_neg")
assert lstm.kernel_regularizer.l2 == 0.01 and lstm.recurrent_regularizer is None
assert type(lstm.bias_constraint).__name__ == "NonNeg" and lstm.state_size == [4, 4]
assert GRU(3).state_size == 3
assert [zeros.shape for zeros in lstm.get_initial_state(x)] == [(16, 4)] * 2
assert GRU(3).get_initial_state(batch_size=2)[0].tolist() == [[0] * 3] * 2
model = Sequential([LSTM(4, stateful=True, batch_input_shape=(8, 5, 3))])
model.predict(x, batch_size=8)
assert model.get_layer("lstm") is model.layers[0] and model.layers[0].states is not None
model.layers[0].reset_state()
assert model.layers[0].states is None
for penalty in (keras.regularizers.l2(l=0.5), keras.regularizers.l1(l=0.5)):
    assert 0.5 in (penalty.l1, penalty.l2)
""",
    "inputs as in Keras 2 and 3": """
from fastrnn.models import Input
assert Input((5, 3), 8).shape == (8, 5, 3)
assert Input(shape=(5,), dtype="int32", sparse=False, tensor=None, name="a").layer.name == "a"
for first in (InputLayer(input_shape=(5, 3)), InputLayer(batch_shape=(None, 5, 3)),
              InputLayer((5, 3), ragged=False)):
    assert Sequential([first, LSTM(2)]).output_shape == (None, 2)
assert Sequential([InputLayer(batch_input_shape=(8, 5, 3)), LSTM(2)]).output_shape == (8, 2)
BatchNormalization(fused=True)
LambdaCallback(on_epoch_end=None)
""",
    "options of files, tables and drawings": """
import os, tempfile
model = Sequential([Input((5, 3)), LSTM(4), Dense(1)])
model.summary(expand_nested=True, show_trainable=True, positions=[0.3, 1.0])
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.keras")
    model.save(path, overwrite=True, zipped=True)
    again = load_model(path, safe_mode=False)
    keras.models.save_model(model, os.path.join(folder, "model"), save_format="tf")
for other in (clone_model(model, input_tensors=None), Sequential.from_config(model.get_config()),
              Model.from_config(model.get_config())):
    assert type(other) is Sequential and other.count_params() == model.count_params()
""",
    "TensorFlow's names of operations": """
import fastrnn as tf

class Attention(Layer):
    def build(self, input_shape):
        self.W = self.add_weight(name="W", shape=(input_shape[-1], 1), initializer="random_normal")
        self.b = self.add_weight(name="b", shape=(input_shape[1], 1), initializer="zeros")

    def call(self, states):
        shares = tf.nn.softmax(tf.math.tanh(tf.matmul(states, self.W) + self.b), axis=1)
        return tf.reduce_sum(states * shares, axis=1)

def rmse(y_true, y_pred):
    return tf.sqrt(tf.reduce_mean(tf.square(tf.cast(y_true, tf.float32) - y_pred)))

model = Sequential([LSTM(4, return_sequences=True, input_shape=(5, 3)), Attention(), Dense(1)])
model.compile("adam", rmse, metrics=[rmse])
found = model.fit(x, y, epochs=2, verbose=0).history["loss"]
assert found[1] < found[0]
scores = np.array([[1, 3, 2], [9, 0, 0]])
assert tf.argmax(scores, axis=1).tolist() == [1, 0] and tf.argmax(scores).tolist() == [1, 0, 0]
assert tf.concat(values=[scores, scores], axis=0).shape == (4, 3)
assert tf.constant([1, 2]).dtype == "int32" and tf.constant([0.5]).dtype == "float32"
assert tf.matmul(scores, scores, transpose_b=True).shape == (2, 2)
assert tf.transpose(scores, perm=[1, 0]).shape == (3, 2) and tf.gather(scores, [1]).shape == (1, 3)
assert tf.one_hot([1], 3).tolist() == [[0, 1, 0]] and tf.zeros((2,)).dtype == tf.float32
assert tf.random.normal((2, 3)).shape == tf.random.uniform((2, 3)).shape
from fastrnn import reduce_max
assert reduce_max(scores) == 9
assert tf.cumsum([[1.0, 2.0], [3.0, 4.0]]).tolist() == [[1, 2], [4, 6]]
assert tf.math.cumprod([[1.0, 2.0], [3.0, 4.0]]).tolist() == [[1, 2], [3, 8]]
assert [part.shape for part in tf.split(tf.zeros((6, 2)), [1, 2, -1])] == [(1, 2), (2, 2), (3, 2)]
assert [part.shape for part in tf.split(tf.zeros((2, 6)), 3, axis=1)] == [(2, 2)] * 3
assert tf.range(0.0, 1.0, 0.5).tolist() == [0.0, 0.5] and tf.range(3).dtype == tf.int32
assert abs(tf.nn.gelu(np.array([1.0]))[0] - 0.8413447) < 1e-6
assert tf.math.l2_normalize(np.full((2, 2), 3.0)).tolist() == [[0.5, 0.5], [0.5, 0.5]]
assert "reduce_max" not in dir(tf)
assert scores[tf.newaxis].shape == (1, 2, 3)
model = tf.keras.Sequential([GRU(3)])
model.build(tf.TensorShape([None, 5, 2]))
assert model.output_shape == (None, 3)
""",
    "operations of Keras 3": """
from fastrnn import ops
tensor = Input((5, 3))
states = LSTM(4, return_sequences=True)(tensor)
both = ops.concatenate([ops.mean(states, axis=1), ops.max(states, axis=1)], axis=-1)
model = Model(tensor, Dense(1)(ops.relu(keras.activations.gelu(both))))
model.compile("adam", lambda y_true, y_pred: ops.mean(ops.abs(y_true - y_pred), axis=-1))
model.fit(x, y, verbose=0)
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.safetensors")
    model.save(path, include_optimizer=False)
    assert (load_model(path).predict(x) == model.predict(x)).all()
assert ops.convert_to_tensor([1.0]).dtype == "float32" and ops.rsqrt(np.array([4.0])) == 0.5
np.testing.assert_allclose(ops.normalize(np.array([[3.0, 4.0]])), [[0.6, 0.8]])
assert type(ops.convert_to_numpy([1])) is np.ndarray
""",
    "activations in a layer of one's own": """
class Maps(Layer):
    def __init__(self, units, activation=None, **options):
        super().__init__(**options)
        self.units, self.activation = units, keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs):
        return self.activation(K.dot(inputs, self.kernel))

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}

layers = [LSTM(4, input_shape=(5, 3)), Maps(3, "relu"), Maps(3), Maps(2, "softmax"), Dense(1)]
model = Sequential(layers)
model.compile("adam", "mse")
found = model.fit(x, y, epochs=2, verbose=0).history["loss"]
assert found[1] < found[0]
assert Maps.from_config(model.layers[1].get_config()).activation is model.layers[1].activation
""",
    "the names of accuracy": """
model = Sequential([LSTM(4), Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["acc"])
history = model.fit(x, classes, validation_split=0.25, verbose=0).history
assert set(history) == {"loss", "acc", "val_loss", "val_acc"}
""",
    "names of metrics in older histories": """
model = Sequential([LSTM(4), Dense(4, activation="softmax")])
model.compile("adam", "categorical_crossentropy", metrics=["accuracy", "mae"])
seen = []
note = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs.get("val_acc")))
stop = EarlyStopping(monitor="val_acc", patience=9)
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    keep = ModelCheckpoint(folder + "/{epoch}-{val_acc:.2f}.safetensors", "val_acc",
                           save_best_only=True)
    made = model.fit(x, classes, validation_split=0.25, verbose=0, callbacks=[note, stop, keep])
    assert len(os.listdir(folder)) == 1
history = made.history
assert set(history) == {"loss", "accuracy", "mae", "val_loss", "val_accuracy", "val_mae"}
assert history["val_acc"] is history["val_accuracy"] and seen == history["val_accuracy"]
assert history["mean_absolute_error"] is history["mae"] and "acc" in history
assert stop.best == seen[0] and "mse" not in history and history.get("mse") is None
answers = model.evaluate(x, classes, return_dict=True, verbose=0)
assert answers["acc"] == answers["accuracy"]
import pickle
assert pickle.loads(pickle.dumps(history))["acc"] == history["accuracy"]
rates = LearningRateScheduler(lambda epoch: 10.0**-epoch)
history = model.fit(x, classes, epochs=2, callbacks=[rates], verbose=0).history
assert history["lr"] == history["learning_rate"] == [1.0, 0.1] and "lr" not in list(history)
""",
    "a list of metrics for several outputs": """
start = Input((5, 3))
ends = [Dense(4, activation="softmax", name=name)(LSTM(4)(start)) for name in ("one", "two")]
ends.append(Dense(4, activation="softmax", name="three")(LSTM(4)(start)))
for metrics in (["accuracy"], "accuracy", ["accuracy", "mae"]):
    model = Model(start, ends)
    model.compile("sgd", "categorical_crossentropy", metrics=metrics)
    found = model.fit(x, [classes] * 3, verbose=0, shuffle=False).history
    assert {"loss", "one_loss", "two_accuracy", "three_accuracy"} <= set(found)
    assert ("two_mae" in found) == ("mae" in metrics)
    assert found["two_acc"] is found["two_accuracy"]
    right = model.predict(x)[2].argmax(1) == np.arange(16) % 4
    measured = model.evaluate(x, [classes] * 3, return_dict=True, verbose=0)
    assert abs(measured["three_accuracy"] - right.mean()) < 1e-6
model.compile("sgd", "categorical_crossentropy", metrics=["mae", "accuracy", None])
found = model.fit(x, [classes] * 3, verbose=0).history
assert "one_mae" in found and "two_accuracy" in found and "three_mae" not in found
""",
    "the rate of an optimizer": """
optimizer = Adam(lr=0.01, epsilon=None)
model = Sequential([LSTM(4), Dense(1)])
model.compile(optimizer, "mse")
assert K.get_value(model.optimizer.lr) == 0.01
K.set_value(model.optimizer.lr, 0.5)
assert model.optimizer.learning_rate == 0.5
model.optimizer.learning_rate.assign(0.25)
model.optimizer.lr = model.optimizer.lr * 0.5
assert float(model.optimizer.learning_rate.numpy()) == 0.125
""",
    "files": """
import os, tempfile
with tempfile.TemporaryDirectory() as folder:
    model = Sequential([LSTM(4, input_shape=(5, 3)), Dense(1)])
    model.compile("adam", "mse")
    keep = ModelCheckpoint(folder + "/{epoch}.safetensors", period=2)
    model.fit(x, y, epochs=5, verbose=0, callbacks=[keep])
    assert sorted(os.listdir(folder)) == ["2.safetensors", "4.safetensors"]
    path = folder + "/model.safetensors"
    model.save(path, overwrite=True, include_optimizer=False)
    assert load_model(path).optimizer is None
    model.save_weights(path, overwrite=True)
    model.load_weights(path, by_name=False)
""",
    "the ends of a model under their first names": """
start = Input(shape=(5, 3))
model = Model(input=start, output=Dense(1)(LSTM(4)(start)))
assert model.output_shape == (None, 1)
""",
    "parts of a model": """
model = Sequential([LSTM(4, return_sequences=True, input_shape=(5, 3)), LSTM(3), Dense(1)])
shapes = [Model(model.input, layer.output).predict(x).shape for layer in model.layers]
assert shapes == [(16, 5, 4), (16, 3), (16, 1)]
assert [layer.output_shape for layer in model.layers] == [(None, 5, 4), (None, 3), (None, 1)]
assert model.layers[1].input_shape == (None, 5, 4)
assert [weight.shape for weight in model.layers[2].weights] == [(3, 1), (1,)]
assert model.layers[2].kernel is model.layers[2].weights[0]
model.layers[2].name = "last"
assert model.get_layer("last") is model.layers[2]
""",
    "models in models, built by the data": """
inner = Sequential([LSTM(4, return_sequences=True), Dropout(0.1)])
model = Sequential([inner, LSTM(3), Dense(1)])
model.summary(print_fn=len)
model.compile("adam", "mse")
model.fit(x, y, verbose=0)
known = Sequential([LSTM(4, input_shape=(5, 3))])
assert Sequential([known, Dense(1)]).input_shape == (None, 5, 3)
tokens = Sequential([Sequential([Embedding(10, 4), LSTM(3)]), Dense(4)])
tokens.compile("adam", "mse")
tokens.fit(ids, classes, verbose=0)
""",
}


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_pieces_of_scripts_run(piece):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(BEGIN + piece, {})


REFUSED = {
    "fit has no argument 'show_accuracy'|show_accuracy of fit is True.*metrics=": (
        "Sequential([Dense(1)]).fit(x, y, show_accuracy=True)"
    ),
    "fit has no argument 'epoch'; did you mean 'epochs'": "Sequential([Dense(1)]).fit(x, epoch=1)",
    "got nb_epoch and epochs, which mean the same": (
        "Sequential([Dense(1)]).fit(x, y, nb_epoch=1, epochs=1)"
    ),
    "mode of BatchNormalization is 1; it should be 0": "BatchNormalization(mode=1)",
    "forget_bias_init of LSTM is 'zero'.*False with zeros": "LSTM(2, forget_bias_init='zero')",
}


@pytest.mark.parametrize(("said", "piece"), REFUSED.items())
def test_what_has_no_counterpart_says_what_to_do(said, piece):
    with pytest.raises(TypeError, match=said):
        exec(BEGIN + piece, {})


def test_what_keras_2_left_out_with_a_warning():
    layer = {}
    with pytest.warns(UserWarning, match=r"Embedding is made without dropout=0.2: Spat") as caught:
        exec(BEGIN + "layer = Embedding(3, 2, dropout=0.2)", layer)
    assert caught[0].filename == "<string>"
    assert "dropout" not in layer["layer"].get_config()


def test_signatures_show_one_name_for_a_thing():
    import inspect

    names = set(inspect.signature(keras.Model.fit).parameters)
    assert "epochs" in names
    assert "nb_epoch" not in names
    assert re.match("Train", keras.Model.fit.__doc__)


def test_a_history_holds_numbers_and_no_optimizer():
    import pickle

    rate = keras.optimizers.Adam(0.5).learning_rate
    assert type(pickle.loads(pickle.dumps(rate))) is float
    assert isinstance(rate, float)
    assert np.float64(rate) == 0.5


def test_the_default_type_is_that_of_new_layers():
    backend = keras.backend
    x = np.ones((2, 5, 3))
    try:
        backend.set_floatx("float64")
        assert backend.floatx() == "float64"
        double = keras.Sequential([keras.layers.LSTM(2), keras.layers.Dense(1)])
        assert double.predict(x).dtype == np.float64
        assert keras.Input((3,)).dtype == np.float64
        assert keras.layers.Dense(2)(x).dtype == np.float64
        with pytest.raises(ValueError, match="'float32' or 'float64'"):
            backend.set_floatx("float16")
    finally:
        backend.set_floatx("float32")
    assert keras.Sequential([keras.layers.LSTM(2)]).predict(x).dtype == np.float32
    assert double.predict(x).dtype == np.float64


def test_weights_are_read_and_set_as_keras_has_them():
    backend, gru = keras.backend, keras.layers.GRU(2)
    gru(np.ones((1, 3, 2)))
    kernel = np.arange(12.0).reshape(2, 6)
    backend.set_value(gru.kernel, kernel)
    np.testing.assert_array_equal(gru.get_weights()[0], kernel)
    np.testing.assert_array_equal(backend.get_value(gru.kernel), kernel)
    with pytest.raises(ValueError, match="shape"):
        backend.set_value(gru.kernel, kernel.T)
    with pytest.raises(TypeError, match="weight or a learning rate"):
        backend.set_value(1.0, 2.0)


class Tagger(keras.Model):
    """Written as users write models."""

    def __init__(self, units=4):
        super().__init__()
        self.states = keras.layers.GRU(units, return_sequences=True)
        self.drop = keras.layers.Dropout(0.5)
        self.end = keras.layers.Dense(2)

    def call(self, inputs, training=None):
        x = self.states(inputs)
        return self.end(self.drop(x, training=training)) * 0.5


class Two(keras.Model):
    def __init__(self):
        super().__init__(name="two")
        self.lstm, self.end = keras.layers.LSTM(4), keras.layers.Dense(1)

    def call(self, inputs):
        one, other = inputs
        return self.end(keras.layers.concatenate([self.lstm(one), other]))


def test_a_class_of_ones_own_is_a_model(tmp_path):
    x = np.random.default_rng(0).random((8, 5, 3)).astype(np.float32)
    model = Tagger()
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, x[:, :, :2], verbose=0)
    assert model.predict(x[:, :3]).shape == (8, 3, 2)
    assert (model.name, model.count_params()) == ("tagger", 3 * 4 * 8 + 10)
    np.testing.assert_array_equal(model(x), model.predict(x))
    model.save(tmp_path / "tagger")
    same = keras.models.load_model(tmp_path / "tagger", compile=False)
    np.testing.assert_array_equal(same.predict(x), model.predict(x))
    outer = keras.Sequential([keras.Input((5, 3)), Tagger(), keras.layers.LSTM(2)])
    assert outer.output_shape == (None, 2)

    two = Two()
    with pytest.raises(RuntimeError, match="shape of the input is unknown"):
        two.count_params()
    two.build([(None, 5, 3), (None, 2)])
    two.compile("adam", "mse")
    two.fit([x, x[:, 0, :2]], x[:, 0, :1], verbose=0)


def test_a_class_that_trains_otherwise_is_refused():
    class Sometimes(keras.Model):
        def __init__(self):
            super().__init__()
            self.end, self.drop = keras.layers.Dense(2), keras.layers.Dropout(0.5)

        def call(self, inputs, training=False):
            return self.end(self.drop(inputs) if training else inputs)

    with pytest.raises(ValueError, match="calls other layers with training=True"):
        Sometimes().predict(np.ones((2, 3)))
    with pytest.raises(TypeError, match="takes inputs and outputs"):
        keras.Model()


class Attention(keras.layers.Layer):
    """Written as Keras 2's users write layers."""

    def __init__(self, **kwargs):
        self.supports_masking = True
        self.init = keras.initializers.get("glorot_uniform")
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = keras.InputSpec(ndim=3)
        self.W = self.add_weight(
            shape=(input_shape[-1],), initializer=self.init, name=f"{self.name}_W", regularizer=None
        )
        self.b = self.add_weight(shape=(1,), initializer="zeros", name=f"{self.name}_b")
        self.built = True

    def compute_mask(self, inputs, mask=None):
        return None

    def call(self, x, mask=None):
        K = keras.backend
        e = K.tanh(K.squeeze(K.dot(x, K.expand_dims(self.W)), axis=-1) + self.b)
        a = K.exp(e)
        if mask is not None:
            a *= K.cast(mask, K.floatx())
        a /= K.cast(K.sum(a, axis=1, keepdims=True) + K.epsilon(), K.floatx())
        return K.sum(x * K.expand_dims(a), axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]


def test_a_layer_of_keras_2_learns():
    x = np.random.default_rng(0).random((16, 5, 3)).astype(np.float32)
    layers = keras.layers
    model = keras.Sequential(
        [layers.Masking(input_shape=(5, 3)), layers.GRU(4, return_sequences=True), Attention()]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    before = [w.copy() for w in model.get_weights()]
    history = model.fit(x, np.ones((16, 4)), epochs=3, verbose=0).history["loss"]
    assert history[0] > history[-1]
    assert all((one != two).any() for one, two in zip(before, model.get_weights(), strict=True))
    with pytest.raises(ValueError, match="should have 3 axes"):
        model.layers[-1](np.ones((2, 4)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from fastrnn.wrappers.skorch import NeuralNet", "use fastrnn.sklearn"),
        ("import fastrnn.applications.vgg16", "images are out of scope"),
        ("from fastrnn.preprocessing.image import ImageDataGenerator", "images are out of scope"),
        ("import fastrnn.layer", "no module .layer."),
    ],
)
def test_modules_that_are_not_there_say_what_to_do(line, said):
    with pytest.raises(ImportError, match=said):
        exec(line, {})


@pytest.mark.parametrize(
    ("module", "name", "said"),
    [
        ("layers", "Conv2D", "images are out of scope"),
        ("layers.convolutional", "ConvLSTM2D", "images are out of scope"),
        ("layers.recurrent", "Recurrent", "loop over tensor"),
        ("preprocessing.sequence", "skipgrams", "pairs with NumPy"),
        ("utils", "multi_gpu_model", "runs on the CPU"),
        ("backend.tensorflow_backend", "tf", "set_num_threads"),
    ],
)
def test_what_is_imported_and_not_there_stops_a_script_where_it_is_used(module, name, said):
    found = {}
    exec(f"from fastrnn.{module} import {name}", found)
    stand_in = found[name]
    for use in (lambda: stand_in(3), lambda: stand_in.method, lambda: type("My", (stand_in,), {})):
        with pytest.raises(AttributeError, match=said):
            use()
    assert not isinstance(keras.layers.Dense(1), stand_in)
    with pytest.raises(ImportError, match="did you mean"):
        exec("from fastrnn.layers import Densee")


def test_fastrnn_under_the_name_that_keras_has_in_tensorflow():
    program = """
import fastrnn as tf
from fastrnn.keras.layers import LSTM
from fastrnn.keras.preprocessing.text import Tokenizer
import fastrnn.keras.utils
import fastrnn.layers, fastrnn.preprocessing.text
tf.random.set_seed(3)
model = tf.keras.Sequential([tf.keras.Input((5, 3)), LSTM(4), tf.keras.layers.Dense(1)])
assert LSTM is fastrnn.layers.LSTM and Tokenizer is fastrnn.preprocessing.text.Tokenizer
assert tf.keras is fastrnn and fastrnn.keras.layers is fastrnn.layers
assert fastrnn.layers.__spec__.name == "fastrnn.layers"
assert fastrnn.keras.utils.__name__ == "fastrnn.utils"
first = model.get_weights()[0]
tf.set_random_seed(3)
again = tf.keras.Sequential([tf.keras.Input((5, 3)), LSTM(4)]).get_weights()[0]
assert (first == again).all()
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match=r"train with model\.fit"):
        keras.GradientTape  # noqa: B018
    with pytest.raises(AttributeError, match="for other operations use NumPy"):
        keras.strings  # noqa: B018
    with pytest.raises(AttributeError, match="module 'fastrnn' has no attribute 'fft'"):
        keras.math.fft  # noqa: B018
    with pytest.raises(ImportError, match="no module 'applications'"):
        exec("import fastrnn.keras.applications")


SET_UP = """
import fastrnn as tf
import fastrnn.compat.v1 as tf1
from fastrnn.compat.v1 import ConfigProto, InteractiveSession
from fastrnn.compat.v1.keras.backend import set_session
from fastrnn.python.keras.optimizer_v2.adam import Adam
from fastrnn.python.keras.layers import LSTM
from fastrnn import backend as K
import fastrnn.backend.tensorflow_backend as KTF

config = tf.ConfigProto(allow_soft_placement=True, intra_op_parallelism_threads=1)
config.gpu_options.allow_growth = True
config.gpu_options.per_process_gpu_memory_fraction = 0.5
K.set_session(tf.Session(config=config))
assert fastrnn.get_num_threads() == 1
options = tf1.GPUOptions(per_process_gpu_memory_fraction=0.2)
set_session(InteractiveSession(config=tf.compat.v1.ConfigProto(gpu_options=options)))
KTF.set_session(tf1.Session(graph=tf1.get_default_graph()))
K.get_session().run(tf.global_variables_initializer())
gpus = tf.config.list_physical_devices("GPU")
for gpu in gpus or ["none"]:
    tf.config.experimental.set_memory_growth(gpu, True)
tf.config.experimental.set_virtual_device_configuration(
    gpu, [tf.config.experimental.VirtualDeviceConfiguration(memory_limit=1024)])
tf.config.set_visible_devices([], "GPU")
tf.config.threading.set_intra_op_parallelism_threads(2)
assert fastrnn.get_num_threads() == 2
tf.config.run_functions_eagerly(True)
tf.config.optimizer.set_jit(True)
tf.compat.v1.disable_eager_execution()
tf1.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
tf1.logging.set_verbosity(tf1.logging.ERROR)
tf.get_logger().setLevel("ERROR")
tf.autograph.set_verbosity(0)
assert tf.test.gpu_device_name() == "" and not tf.test.is_gpu_available()
tf.keras.backend.clear_session()
tf1.reset_default_graph()
graph = tf.get_default_graph()
with tf.device("/gpu:0"), graph.as_default(), tf.Session() as session:
    model = tf.keras.Sequential([tf.keras.Input((5, 3)), LSTM(4), tf.keras.layers.Dense(1)])
    model.compile(Adam(0.1), "mse")
assert LSTM is fastrnn.layers.LSTM and tf1.keras.layers.LSTM is LSTM
assert Adam is fastrnn.optimizers.Adam and tf.python.keras.layers is fastrnn.layers
assert model.predict([[[1.0] * 3] * 5], verbose=0).shape == (1, 1)
"""


def test_lines_that_set_tensorflow_up_change_nothing():
    subprocess.run([sys.executable, "-c", f"import fastrnn\n{SET_UP}"], check=True)
    # Without the imports of tensorflow.compat and tensorflow.python.
    tf = keras
    assert tf.compat.v1.Session is tf.Session
    assert tf.python.keras.layers is keras.layers
    assert "Session" not in dir(tf)


@pytest.mark.parametrize(
    ("act", "error", "said"),
    [
        (lambda: keras.Session().run("loss"), TypeError, "no graph to run; model.predict"),
        (lambda: keras.ConfigProto(alow_growth=1), AttributeError, "no option 'alow_growth'"),
        (
            lambda: setattr(keras.ConfigProto().gpu_options, "growth", True),
            AttributeError,
            "GPUOptions has no option 'growth'; it has",
        ),
        (lambda: keras.test.TestCase, AttributeError, "leave this line out"),
        (lambda: keras.config.threading.set, AttributeError, "config.threading"),
        (lambda: keras.optimizer_v2.Ftrl, AttributeError, "another of fastrnn.optimizers"),
    ],
)
def test_what_a_session_would_compute_is_refused(act, error, said):
    with pytest.raises(error, match=said):
        act()


def test_the_validation_data_of_callbacks():
    seen = {}

    class Scores(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen["x"], seen["y"], seen["weights"] = self.validation_data

    class Own(keras.callbacks.Callback):
        def __init__(self, validation_data):
            self.validation_data = validation_data

    x, y = np.arange(60.0, dtype="float32").reshape(10, 2, 3), np.arange(10.0)
    model = keras.Sequential([keras.Input((2, 3)), keras.layers.GRU(2), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    own = Own("mine")
    model.fit(x, y, validation_split=0.3, callbacks=[Scores(), own], verbose=0)
    np.testing.assert_array_equal(seen["x"], x[7:])
    np.testing.assert_array_equal(np.ravel(seen["y"]), y[7:])
    np.testing.assert_array_equal(seen["weights"], np.ones(3))
    assert own.validation_data == "mine"
    model.fit(x, y, validation_data=(x[:4], y[:4]), callbacks=[Scores()], verbose=0)
    np.testing.assert_array_equal(seen["x"], x[:4])
    plain = keras.callbacks.Callback()
    model.fit(x, y, callbacks=[plain], verbose=0)
    assert plain.validation_data is None


def test_the_sizes_of_batches_in_logs():
    seen = []

    class Counts(keras.callbacks.Callback):
        def on_batch_begin(self, batch, logs={}):  # noqa: B006 - as scripts have it
            assert (logs["batch"], dict(logs)) == (batch, {})
            self.size = logs["size"]

        def on_batch_end(self, batch, logs={}):  # noqa: B006
            seen.append((logs["batch"], logs.get("size", 0)))
            assert self.size == logs["size"]
            assert list(logs) == ["loss"]
            assert "size" in logs
            assert "sizes" not in logs

        def on_epoch_end(self, epoch, logs={}):  # noqa: B006
            assert "size" not in logs

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((10, 3))
    model.fit(x, x[:, :1], batch_size=4, callbacks=[Counts()], verbose=0)
    assert seen == [(0, 4), (1, 4), (2, 2)]


def test_a_function_that_is_a_module_now_says_so():
    with pytest.raises(TypeError, match="has no function 'core'"):
        keras.layers.core([1, 2])


def test_the_function_that_merged_tensors():
    one, other = np.ones((2, 3)), np.arange(6.0).reshape(2, 3)
    merge = keras.layers.merge
    for mode, expected in {
        "sum": one + other,
        "mul": other,
        "ave": (one + other) / 2,
        "max": np.maximum(one, other),
        "concat": np.concatenate([one, other], axis=1),
        "dot": other.sum(axis=1, keepdims=True),
    }.items():
        np.testing.assert_allclose(merge([one, other], mode=mode), expected)
    joined = merge([keras.Input((3,)), keras.Input((3,))], mode="concat", name="joined")
    assert joined.layer.name == "joined"
    assert joined.shape == (None, 6)
    with pytest.raises(ValueError, match="mode of merge is 'cos'; it should be one of"):
        merge([one, other], mode="cos")


@pytest.mark.parametrize(
    "name", ["train_step", "test_step", "compute_loss", "add_loss", "make_train_function"]
)
def test_a_method_of_a_model_that_would_never_be_called_is_refused(name):
    with pytest.raises(TypeError, match=f"Mine defines {name}, which is never called: "):
        type("Mine", (keras.Model,), {name: lambda self: None})


def test_what_models_layers_and_optimizers_do_not_have_says_what_to_do_instead():
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(2)])
    for thing, name, said in (
        (model, "add_loss", "a loss that is a function of y_true and y_pred"),
        (model, "add_metric", "give compile metrics="),
        (model.layers[0], "add_loss", "activity_regularizer="),
        (keras.optimizers.Adam(), "apply_gradients", "train with fit or train_on_batch"),
    ):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}': .*{said}"):
            getattr(thing, name)
        assert not hasattr(thing, name)
    # A property that fails still says why.
    with pytest.raises(AttributeError, match="the shape of the input is unknown"):
        keras.Sequential([keras.layers.LSTM(2)]).output_shape  # noqa: B018
    with pytest.raises(TypeError, match="clone_function of clone_model is"):
        keras.models.clone_model(model, clone_function=len)
    with pytest.raises(TypeError, match="leave out initial_state"):
        keras.layers.LSTM(2).get_initial_state(keras.Input((5, 3)))


def test_older_bases_of_layers_and_models():
    from fastrnn.engine.topology import InputSpec, Layer

    from fastrnn.engine import Model

    assert (Model, Layer) == (keras.Model, keras.layers.Layer)
    for spec, shape, said in (
        (InputSpec(max_ndim=2), (None, 3, 4), "at most 2 axes"),
        (InputSpec(min_ndim=3), (None, 4), "at least 3 axes"),
        (InputSpec(shape=(None, 5)), (None, 4), "5 in axis 1"),
        (InputSpec(axes={-1: 5}), (None, 2, 4), "5 in axis -1"),
    ):
        with pytest.raises(ValueError, match=said):
            spec.check("mine", shape)
        spec.check("mine", (None, 5) if spec.min_ndim is None else (None, 4, 5))


def test_the_backend_computes_parts_of_a_model():
    K = keras.backend
    x = np.random.default_rng(0).random((4, 5, 3)).astype(np.float32)
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4), keras.layers.Dense(1)])
    part = K.function([model.layers[0].input, K.learning_phase()], [model.layers[0].output])
    (found,) = part([x, 0])
    np.testing.assert_array_equal(found, keras.Model(model.input, model.layers[0].output)(x))
    with pytest.raises(ValueError, match="training=True"):
        K.set_learning_phase(1)


@pytest.mark.parametrize("shape", [(16,), (16, 1)])
@pytest.mark.parametrize("loss", ["mae", "mse", "binary_crossentropy"])
def test_one_target_a_sample_is_that_of_every_step(shape, loss):
    rng = np.random.default_rng(0)
    x, y = rng.random((16, 5, 3)).astype("float32"), rng.random(16).astype("float32")
    layers = keras.layers

    def trained(targets):
        keras.set_seed(1)
        row = [layers.LSTM(4, return_sequences=True), layers.Dense(1, activation="sigmoid")]
        model = keras.Sequential(row)
        model.compile("sgd", loss, metrics=["mae"])
        history = model.fit(x, targets, epochs=2, verbose=0, validation_split=0.25).history
        return history, model.evaluate(x, targets, verbose=0), model.get_weights()

    with pytest.warns(UserWarning, match="every step is compared with the one number"):
        found = trained(y.reshape(shape))
    history, measured, weights = trained(np.repeat(y[:, None, None], 5, axis=1))
    assert (found[0], found[1]) == (history, measured)
    for one, other in zip(found[2], weights, strict=True):
        np.testing.assert_array_equal(one, other)
    model = keras.Sequential([layers.LSTM(4, return_sequences=True), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"y has shape .*; it should be \(16, 5, 2\)"):
        model.fit(x, y.reshape(shape), verbose=0)


PAGE = Path(__file__).parents[1] / "docs" / "keras.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="the docs are not beside the tests")
def test_the_page_on_keras(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example saves a model
    text = PAGE.read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        names = {}
        exec(compile(example, str(PAGE), "exec"), names)
        model = names["model"]
        x = [np.ones((4, 5, 3)) for _ in model.inputs]
        answers = model.predict(x if len(x) > 1 else x[0])
        if model.loss is not None:
            model.fit(x, np.zeros_like(answers), verbose=0)
    older = re.findall(r"`(\w+)=[`N\[]", text.partition("## Differences")[0])
    known = {name for table in _older.CLASSES.values() for name in table}
    known |= {name for table in _older.METHODS.values() for name in table}
    new = {new for table in _older.CLASSES.values() for new in table.values()} | {"epochs"}
    of_layers = {"input_dim", "input_length", "batch_input_shape", "batch_size", "weights"}
    others = {"input_shape", "decay", "epsilon", "period"}
    assert set(older) <= known | new | of_layers | others
