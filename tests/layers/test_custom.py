"""Layers of one's own: classes with call and backward, functions in a Lambda, layers on arrays."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from fastrnn import backend, layers, models
from fastrnn.layers import (
    GRU,
    LSTM,
    Dense,
    Dropout,
    Flatten,
    Input,
    Lambda,
    Layer,
    Masking,
    RepeatVector,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential, load_model
from tests.layers.test_gradients import assert_gradients_are_differences, randomised

RNG = np.random.default_rng(5)
X, Y = RNG.normal(size=(4, 5, 3)), RNG.normal(size=(4, 5, 2))


class Affine(Layer):
    """Written as Keras's users write layers."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, input_shape):
        super().build(input_shape)
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(self.units, "zeros")
        self.built = True

    def call(self, inputs):
        return inputs @ self.kernel + self.bias

    def backward(self, gradient, inputs):
        # Either way of writing a gradient is right: it is zero before.
        self.kernel.gradient[...] += np.einsum("bti,bto->io", inputs, gradient)
        self.bias.gradient[...] = gradient.sum(axis=(0, 1))
        return gradient @ self.kernel.value.T

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class EveryOther(Layer):
    """Changes how many steps there are, and carries a mask."""

    def call(self, inputs):
        return inputs[:, ::2]

    def backward(self, gradient, inputs):
        dx = np.zeros_like(inputs)
        dx[:, ::2] = gradient
        return dx

    def compute_mask(self, inputs, mask=None):
        return mask[:, ::2]


class Weigh(Layer):
    """Takes several, keeps something for its way back, and has two outputs."""

    takes_several = True

    def call(self, inputs, kept, training):
        one, other = inputs
        kept["product"] = one * other
        assert isinstance(training, bool)
        return [kept["product"], np.tanh(one)]

    def backward(self, gradient, inputs, output, kept):
        one, other = inputs
        np.testing.assert_array_equal(kept["product"], output[0])
        return [
            gradient[0] * other + gradient[1] * (1 - output[1] ** 2),
            gradient[0] * one,
        ]

    def compute_output_shape(self, input_shape):
        return [input_shape[0], input_shape[0]]


def affine_model(**options):
    return Sequential(
        [Input((None, 3), dtype="float64"), Dense(4, "tanh"), Affine(2, **options)], "mine"
    )


def test_a_layer_of_ones_own_is_one_like_the_others(tmp_path):
    model = randomised(affine_model(name="affine"), RNG)
    assert [w.shape for w in model.get_weights()] == [(3, 4), (4,), (4, 2), (2,)]
    assert model.layers[-1].weight_names == ["kernel", "weight_1"]
    kernel, bias, inner, shift = model.get_weights()
    expected = np.tanh(X @ kernel + bias) @ inner + shift
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-13)
    model.compile("adam", "mse")
    assert_gradients_are_differences(model, X, Y)
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model", {"Affine": Affine})
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.layers[-1].kernel is twin.layers[-1].parameters[0]
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    for one in (model, again):
        one.train_on_batch(X, Y)
    for one, two in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_models_that_share_a_layer_of_ones_own_have_gradients_of_their_own():
    shared = Affine(2)
    models = []
    for _ in range(2):
        x = Input((None, 3), dtype="float64")
        models.append(Model(x, shared(Dense(4, "tanh")(x))))
        models[-1].compile("sgd", "mse")
        models[-1].compute_gradients(X, Y)
    one, other = models
    for model in (one, other, one):
        expected = copy.deepcopy(model).compute_gradients(X, Y + 1)
        model.compute_gradients(X, Y)
        for found, gradient in zip(model.compute_gradients(X, Y + 1), expected, strict=True):
            np.testing.assert_array_equal(found, gradient)


def test_steps_and_masks_of_a_layer_of_ones_own():
    x = Input((None, 3), dtype="float64")
    states = EveryOther()(Masking()(x))
    assert states.shape == (None, None, 3)
    model = randomised(Model(x, [GRU(2)(states), states]), RNG)
    data = X.copy()
    data[0, 3:] = data[2, 1:] = 0
    expected = Model(x, GRU(2)(Masking()(x)))
    expected.set_weights(model.get_weights())
    last, rows = model.predict(data)
    np.testing.assert_array_equal(last, expected.predict(data[:, ::2]))
    assert rows.shape == (4, 3, 3)
    model.compile("sgd", ["mse", None])
    assert_gradients_are_differences(model, data, RNG.normal(size=(4, 2)))


def test_several_inputs_and_outputs():
    one, other = Input((5, 3), dtype="float64"), Input((5, 3), dtype="float64")
    product, other_end = Weigh()([Dense(2)(one), Dense(2)(other)])
    model = randomised(Model([one, other], [product, other_end]), RNG)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, [X, X[::-1]], [Y, Y + 1])


def test_a_layer_in_a_stream():
    class Half(Layer):
        is_per_step = True

        def call(self, inputs):
            return inputs / 2

    x = X.astype("float32")
    model = Sequential(
        [
            Input((None, 3)),
            GRU(4, return_sequences=True),
            Half(),
            layers.LayerNormalization(),
            layers.LeakyReLU(),
            TimeDistributed(layers.Softmax()),
            layers.GaussianNoise(0.1),
            Dense(2),
        ]
    )
    stream = model.stream()
    found = np.vstack([stream(x[0, 0]), stream(x[0, 1:])])
    np.testing.assert_allclose(found, model.predict(x)[0], rtol=1e-6, atol=1e-7)
    with pytest.raises(ValueError, match="cannot run in a stream"):
        Sequential([Input((None, 3)), layers.Conv1D(2, 2)]).stream()


def double(x):
    return 2 * x


def of_double(dy, x):
    return 2 * dy


def test_a_lambda():
    model = Sequential(
        [Input((5, 3), dtype="float64"), Dense(2), Lambda(double, gradient=of_double)]
    )
    randomised(model, RNG).compile("sgd", "mse")
    assert_gradients_are_differences(model, X, Y)
    named = {"double": double, "of_double": of_double}
    again = layers.deserialize(layers.serialize(model.layers[-1]), named)
    assert (again.function, again.gradient) == (double, of_double)


def test_shapes_of_lambdas():
    x = Input((None, 3))
    assert Lambda(lambda x: x[:, -1])(x).shape == (None, 3)
    assert Lambda(lambda x, n: x[..., :n], arguments={"n": 2})(x).shape == (None, None, 2)
    assert Lambda(lambda x: x.mean(axis=1, keepdims=True))(x).shape == (None, 1, 3)
    assert Lambda(lambda x: x, output_shape=(7, 3))(x).shape == (None, 7, 3)
    assert Lambda(lambda both: both[0] + both[1])([x, x]).shape == (None, None, 3)
    square = layers.deserialize(layers.serialize(Lambda(np.square)))
    np.testing.assert_array_equal(square(X), X.astype("float32") ** 2)


def test_what_has_no_gradient_ends_a_training_before_anything_is_changed():
    model = Sequential([Input((5, 3)), Dense(2), Lambda(np.nan_to_num)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    said = r"lambda_1 has no gradient.*numpy.nan_to_num is not known; .*gradient="
    with pytest.raises(TypeError, match=said):
        model.fit(X, Y, verbose=0)
    for one, two in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, two)
    # Where nothing before it learns, none is needed.
    model = Sequential([Input((5, 3)), Lambda(np.nan_to_num), Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


DOCS = Path(__file__).parents[2] / "docs" / "layers.md"


@pytest.mark.skipif(not DOCS.is_file(), reason="the docs are not beside the tests")
def test_the_page_about_layers():
    text = DOCS.read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        names = {}
        exec(compile(example, str(DOCS), "exec"), names)
        model = names["model"]
        x = [RNG.normal(size=(4, 5, *shape[2:])) for shape in [t.shape for t in model.inputs]]
        answers = model.predict(x)
        model.fit(x, np.ones_like(answers), verbose=0)
    shown = set(re.findall(r"`([A-Z]\w+)", text.partition("## Shared weights")[0]))
    assert shown <= set(layers.__all__)
    left_out = {"ApplyMask", "InputLayer", "InputSpec", "Merge", "RecurrentLayer", "SymbolicTensor"}
    # Other spellings have the names of the classes that they stand for.
    found = [getattr(layers, name) for name in layers.__all__]
    classes = {one.__name__ for one in found if isinstance(one, type)}
    assert classes <= shown | left_out


def test_the_gate_of_the_page_has_the_right_gradient():
    names = {}
    text = DOCS.read_text(encoding="utf-8").partition("## A class of your own")[2]
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    model = Sequential([Input((5, 3), dtype="float64"), Dense(2), names["Gate"]()])
    randomised(model, RNG).compile("sgd", "mse")
    assert_gradients_are_differences(model, X, Y)


def test_arrays_go_through_layers():
    layer = Dense(2, "tanh", dtype="float64")
    found = layer(X)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(found, np.tanh(X @ kernel + bias), rtol=1e-13, atol=1e-15)
    assert found.flags.c_contiguous
    assert Dense(2)([[1, 2, 3]]).dtype == np.float32
    states = LSTM(4, return_sequences=True, return_state=True, dtype="float64")
    whole, *last = states(X)
    half, *middle = states(X[:, :2])
    rest, *end = states(X[:, 2:], initial_state=middle)
    np.testing.assert_allclose(np.concatenate([half, rest], axis=1), whole, rtol=1e-12)
    np.testing.assert_allclose(end, last, rtol=1e-12)
    table = layers.Embedding(4, 2)
    np.testing.assert_array_equal(table([[1, 3]])[0], table.get_weights()[0][[1, 3]])
    with pytest.raises(ValueError, match="token 4"):
        table([[1, 4]])
    dropped = Dropout(0.5, seed=1)
    np.testing.assert_array_equal(dropped(X), X.astype("float32"))
    assert (dropped(X, training=True) == 0).any()


def test_leaky_relu_has_its_old_argument():
    config = layers.LeakyReLU(alpha=0.1, name="mine").get_config()
    assert (config["negative_slope"], config["name"]) == (0.1, "mine")
    assert "alpha" not in config


def test_masks_of_arrays():
    rnn = GRU(2, dtype="float64")
    mask = np.ones((4, 5), bool)
    mask[:, 3:] = False
    np.testing.assert_array_equal(rnn(X, mask=mask), rnn(X[:, :3]))


def test_tensors_can_be_added():
    x = Input((5, 3), dtype="float64")
    one, other = Dense(2)(x), Dense(2)(x)
    model = randomised(Model(x, (one + other) * one - other), RNG)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, X, Y)
    for act in (lambda: np.add.reduce(one), lambda: list(one), lambda: np.asarray(one)):
        with pytest.raises(TypeError, match="put a layer behind it, such as Lambda"):
            act()


def test_what_numpy_does_to_tensors_is_a_layer(tmp_path):
    x = Input((5, 3), dtype="float64")
    one = Dense(2)(x)
    end = (1 - one[:, -1]) / (2 + backend.sum(np.square(one), axis=1)) ** 0.5
    end = np.concatenate([end, np.tanh(np.mean(one, axis=1)), backend.softmax(one[:, 0])], axis=-1)
    assert end.shape == (None, 6)
    assert (np.ndim(one), np.shape(one)) == (3, (None, 5, 2))
    model = randomised(Model(x, -end), RNG)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, X, RNG.normal(size=(4, 6)))
    model.save(tmp_path / "model")
    for twin in (load_model(tmp_path / "model"), copy.deepcopy(model)):
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))


def test_a_file_holds_the_arguments_of_an_operation(tmp_path):
    x = Input((5, 3), dtype="float64")
    end = np.where(x[..., ::2] > 0, x[:, :, [0, 1]], np.full((5, 2), 0.25)) * np.float64(2)
    end = np.concatenate([np.expand_dims(end, 1), np.zeros((1, 1, 1, 1)) + end[:, None]], axis=1)
    model = Model(x, np.transpose(end, (0, 2, 1, 3)))
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    part = np.where(X[..., ::2] > 0, X[:, :, [0, 1]], 0.25) * 2
    np.testing.assert_array_equal(model.predict(X), np.stack([part, part], 2))

    config = model.get_config()
    of_lambda = next(layer for layer in config["layers"] if layer["class_name"] == "Lambda")
    of_lambda["config"]["function"]["operation"] = "save"
    with pytest.raises(ValueError, match="operation is 'save'"):
        models.from_config(config)


def test_tokens_with_more_axes():
    words = Input((None, 4), dtype="int32")
    table = layers.Embedding(9, 3, dtype="float64")
    x = RNG.integers(0, 9, (2, 5, 4))
    model = randomised(Model(words, TimeDistributed(GRU(2))(table(words))), RNG)
    found = model.predict(x)
    rows = table.get_weights()[0][x]
    np.testing.assert_allclose(found, model.layers[-1](rows), rtol=1e-13)
    model.compile("sgd", "mse")
    assert_gradients_are_differences(model, x, RNG.normal(size=(2, 5, 2)))
    with pytest.raises(ValueError, match="wrap the layers that it is for"):
        layers.Embedding(9, 3, mask_zero=True)(words)


def test_a_mask_that_is_lost_is_warned_of():
    x = Masking()(Input((5, 3)))
    for layer in (Flatten(), layers.Conv1D(2, 2), Lambda(np.square), RepeatVector):
        if isinstance(layer, Layer):
            with pytest.warns(UserWarning, match="does not support masking"):
                layer(x)
    assert not Dense(2)(GRU(2)(x)).has_mask


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: RepeatVector(2)(Input((5, 3))), ValueError, r"should be \(None, features\)"),
        (lambda: RepeatVector(0), ValueError, "n of RepeatVector is 0"),
        (lambda: Flatten()(Input((None, 3))), ValueError, "should be known"),
        (lambda: layers.Reshape((2, 4))(Input((9,))), ValueError, "9 numbers a sample"),
        (lambda: layers.Reshape((-1, -1)), ValueError, "at most one of -1"),
        (lambda: layers.Permute((1, 3)), ValueError, "each number from 1"),
        (lambda: layers.Conv1D(2, 4)(Input((3, 2))), ValueError, "4 or more"),
        (lambda: layers.Conv1D(2, 4)(Input((3,))), ValueError, r"\(None, time, features\)"),
        (lambda: layers.Conv1D(3, 2, groups=2), ValueError, "multiple of groups"),
        (lambda: layers.Conv1D(2, 2, groups=2)(Input((4, 3))), ValueError, "multiple of groups"),
        (lambda: layers.Conv1D(2, 2, strides=2, dilation_rate=2), ValueError, "one of them"),
        (lambda: layers.Conv1D(2, 2, padding="full"), ValueError, "padding of Conv1D is 'full'"),
        (lambda: layers.Conv1DTranspose(2, 2, output_padding=1), ValueError, "ZeroPadding1D or"),
        (lambda: layers.Conv1DTranspose(2, 2, padding="causal"), ValueError, "is 'causal'"),
        (lambda: layers.SeparableConv1D(2, 2, depth_multiplier=0), ValueError, "is 0"),
        (lambda: layers.DepthwiseConv1D(2, 2, dilation_rate=2), ValueError, "one of them"),
        (lambda: layers.DepthwiseConv1D(4)(Input((3, 2))), ValueError, "4 or more"),
        (lambda: layers.ZeroPadding1D(-1), ValueError, "padding of ZeroPadding1D is -1"),
        (lambda: layers.ZeroPadding1D((1, 2, 3)), ValueError, "a pair of them"),
        (lambda: layers.ZeroPadding1D()(Input((3,))), ValueError, r"\(None, time, features\)"),
        (lambda: layers.Cropping1D((2, 1))(Input((3, 2))), ValueError, "4 or more"),
        (lambda: layers.Cropping1D(2)(np.ones((1, 4, 2))), ValueError, "of 4 steps"),
        (lambda: layers.UpSampling1D(0), ValueError, "size of UpSampling1D is 0"),
        (lambda: layers.GaussianDropout(1.0), ValueError, "from 0 to below 1"),
        (lambda: layers.AlphaDropout(1.5), ValueError, "rate of AlphaDropout is 1.5"),
        (lambda: layers.GroupNormalization(3)(Input((5, 4))), ValueError, "multiple of groups, 3"),
        (lambda: layers.GroupNormalization(0), ValueError, "groups of GroupNormalization is 0"),
        (lambda: layers.Normalization(mean=1.0), ValueError, "give both or none"),
        (lambda: layers.Normalization(mean=1, variance=2).adapt([[1.0]]), ValueError, "leave out"),
        (lambda: layers.Normalization().adapt([]), ValueError, "an array of numbers"),
        (lambda: layers.RMSNormalization(epsilon=-1), ValueError, "epsilon of RMSNormalization"),
        (lambda: layers.Rescaling("a"), ValueError, "scale of Rescaling is 'a'"),
        (lambda: layers.MaxPooling1D(0), ValueError, "pool_size of MaxPooling1D is 0"),
        (lambda: layers.MaxPooling1D(data_format="channels_first"), ValueError, "Permute"),
        (lambda: layers.add([Input((5, 3)), Input((4, 3))]), ValueError, "should be equal"),
        (lambda: layers.subtract([Input((3,))] * 3), ValueError, "takes two"),
        (lambda: layers.concatenate([Input((5, 3)), Input((3,))]), ValueError, "should be equal"),
        (lambda: layers.concatenate([Input((3,))] * 2, axis=0), ValueError, "of the batch"),
        (lambda: layers.dot([Input((5, 3)), Input((4,))], axes=-1), ValueError, "should be equal"),
        (lambda: layers.LayerNormalization(axis=0)(Input((3,))), ValueError, "behind the batch"),
        (lambda: layers.LayerNormalization(axis=1)(Input((None, 3))), ValueError, "known extent"),
        (lambda: layers.Softmax(axis=0)(Input((3,))), ValueError, "behind the batch"),
        (lambda: layers.LeakyReLU(-1), ValueError, "negative_slope of LeakyReLU is -1"),
        (lambda: Lambda(3), TypeError, "function of Lambda is 3"),
        (lambda: Layer()(Input((3,))), NotImplementedError, "neither call"),
        (lambda: TimeDistributed(Dense(2))(Input((3,))), ValueError, r"\(None, time, features\)"),
        (lambda: Affine(0)(Input((3, 2))), ValueError, "shape of Affine is 0"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


@pytest.mark.parametrize(
    ("call", "backward", "message"),
    [
        (lambda x: x, lambda dy: None, "backward of odd_1 returned None"),
        (lambda x: x, lambda dy: dy[:, :1], r"returned an array of shape \(4, 1, 2\)"),
        (lambda x: x, lambda dy: [dy, dy], "returned 2 arrays; it should return 1"),
        (lambda x: x[:1], lambda dy: dy, r"call of odd_1 returned an array of shape \(1, 5, 2\)"),
    ],
)
def test_what_does_not_fit_is_said(call, backward, message):
    class Odd(Layer):
        def call(self, inputs):
            return call(inputs)

        def backward(self, gradient):
            return backward(gradient)

    model = Sequential([Input((5, 3)), Dense(2), Odd()])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, verbose=0)


def test_a_layer_may_not_write_its_input():
    class Spoils(Layer):
        def call(self, inputs):
            inputs += 1
            return inputs

    with pytest.raises(ValueError, match="read-only"):
        Spoils()(X)


def test_a_compiled_layer_is_not_derived_from_to_compute_something_else():
    with pytest.raises(TypeError, match="Doubled defines call, and Dense, which is compiled"):

        class Doubled(Dense):
            def call(self, inputs):
                return 2 * inputs

    with pytest.raises(TypeError, match="and RecurrentLayer, which is compiled"):

        class Mine(GRU):
            def backward(self, gradient):
                return gradient

    class More(GRU):
        def __init__(self, units, note="", **options):
            super().__init__(units, **options)
            self.note = note

        def get_config(self):
            return {**super().get_config(), "note": self.note}

    again = More.from_config(More(3, note="x", return_sequences=True).get_config())
    assert (again.units, again.note, again.return_sequences) == (3, "x", True)


def test_a_weight_is_added_in_place():
    class Attention(Layer):
        """As it is copied from script to script."""

        def build(self, input_shape):
            self.kernel = self.add_weight((input_shape[-1], 1), "uniform", name="kernel")
            self.bias = self.add_weight((input_shape[1], 1), "uniform", name="bias")

        def call(self, inputs):
            scores = backend.dot(inputs, self.kernel)
            scores += self.bias
            weights = backend.exp(backend.tanh(scores))
            weights /= backend.sum(weights, axis=1, keepdims=True)
            return backend.sum(inputs * weights, axis=1)

    model = Sequential([Input((4, 3)), Attention(), Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.random.default_rng(0).normal(size=(6, 4, 3)), np.ones((6, 1))
    before = model.evaluate(x, y, verbose=0)
    assert model.fit(x, y, epochs=5, verbose=0).history["loss"][-1] < before
    (kernel, bias) = model.get_weights()[:2]
    scores = np.exp(np.tanh(x @ kernel + bias))
    states = (x * scores / scores.sum(axis=1, keepdims=True)).sum(axis=1)
    found = Model(model.input, model.layers[0].output).predict(x)
    np.testing.assert_allclose(found, states, rtol=1e-5, atol=1e-6)
