"""Arrays that users give, wherever they are read: masks are not lost, and nothing is endless."""

from collections import UserList, deque

import numpy as np
import pytest

from fastrnn import activations, losses, metrics
from fastrnn.arguments import as_array
from fastrnn.layers import GRU, LSTM, Dense, Embedding, Input
from fastrnn.models import Sequential
from fastrnn.preprocessing.sequence import pad_sequences
from fastrnn.preprocessing.text import Tokenizer

from .models.builders import shifted, tagger

MASKED = np.ma.masked_array(np.ones((2, 3)), [[False] * 3, [False, True, False]])


class Endless:
    """What an index without an end makes of an object."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return [0.0] * 3


class EndlessList(UserList):
    def __iter__(self):
        while True:
            yield 0.0


class Table:
    def __array__(self, dtype=None, copy=None):
        return np.ones((2, 3), dtype or np.float64)


@pytest.mark.parametrize(
    "value",
    [
        np.ones((2, 3)),
        np.ma.masked_array(np.ones((2, 3))),
        [np.ma.masked_array(np.ones(3)), np.ones(3)],
        [[1.0] * 3] * 2,
        ((1, 1, 1), [np.float32(1)] * 3),
        [range(1, 2)] * 2,
        deque([[1.0] * 3] * 2),
        UserList([[1.0] * 3] * 2),
        [memoryview(np.ones(3))] * 2,
        Table(),
        [Table(), Table()],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_an_array(value):
    assert type(as_array("x", value)) is np.ndarray
    assert (as_array("x", value) == 1).all()


def test_plain_arrays_pass_uncopied():
    array = np.ones(3)
    assert as_array("x", array) is array
    assert as_array("x", range(2, 10, 3)).tolist() == [2, 5, 8]
    assert as_array("x", 3).shape == ()


def generator():
    while True:
        yield 0.0


@pytest.mark.parametrize(
    "value",
    [Endless(), generator(), {1.0}, {"a": 1.0}, iter([1.0]), map(float, "12"), EndlessList([0.0])],
    ids=lambda value: type(value).__name__,
)
def test_what_may_have_no_end_is_not_begun(value):
    name = type(value).__name__
    for given in (value, [value], [[1.0], value], (1.0, value)):
        with pytest.raises(
            TypeError, match=f"x must be an array or lists of numbers, got an object of type {name}"
        ):
            as_array("x", given)


@pytest.mark.parametrize(
    "value", [MASKED, [MASKED, np.ones((2, 3))], [[1.0, np.ma.masked]], (MASKED[1],), np.ma.masked]
)
def test_masked_elements_have_no_value(value):
    with pytest.raises(ValueError, match=r"x has masked elements.*filled"):
        as_array("x", value)


def masked(array):
    result = np.ma.masked_array(array)
    result[(0,) * result.ndim] = np.ma.masked
    return result


def readers():
    """Return what reads an array, by name, and an array that it would take."""
    model = tagger()
    x, y = shifted()
    weights = np.ones(len(x))
    stateful = Sequential([Input(batch_shape=(2, 3, 3)), LSTM(2, stateful=True)])
    tokens = Sequential([Input((None,)), Embedding(9, 2), Dense(1)])
    stream = Sequential([Input((None, 3)), GRU(2)]).stream()
    t = np.zeros((2, 3), np.int64)
    p = np.full((2, 3), 0.5)
    first = model.get_weights()[0]

    class Batches:
        def __init__(self, part):
            self.part = part

        def __len__(self):
            return 1

        def batch(self, indices):
            return self.part[:1], y[:1]

    def set_layer(model, value):
        layer = next(layer for layer in model.layers if layer.parameters)
        layer.set_weights([value, *layer.get_weights()[1:]])

    def set_state(value):
        stream.state = [value]

    return {
        "fit x": (lambda a: model.fit(a, y, verbose=0), x),
        "fit y": (lambda a: model.fit(x, a, verbose=0), y),
        "fit sample_weight": (lambda a: model.fit(x, y, sample_weight=a, verbose=0), weights),
        "validation x": (lambda a: model.fit(x, y, validation_data=(a, y), verbose=0), x),
        "validation y": (lambda a: model.fit(x, y, validation_data=(x, a), verbose=0), y),
        "a list of one": (lambda a: model.fit([a], y, verbose=0), x),
        "a dict": (lambda a: model.fit({model._graph.input_layers[0].name: a}, y, verbose=0), x),
        "a dataset": (lambda a: model.fit(Batches(a), verbose=0), x),
        "evaluate": (lambda a: model.evaluate(a, y, verbose=0), x),
        "evaluate y": (lambda a: model.evaluate(x, a, verbose=0), y),
        "predict": (model.predict, x),
        "predict tokens": (tokens.predict, t),
        "predict_on_batch": (model.predict_on_batch, x),
        "train_on_batch": (lambda a: model.train_on_batch(a, y), x),
        "train_on_batch y": (lambda a: model.train_on_batch(x, a), y),
        "test_on_batch": (lambda a: model.test_on_batch(a, y), x),
        "compute_gradients": (lambda a: model.compute_gradients(x, a), y),
        "set_weights": (lambda a: model.set_weights([a, *model.get_weights()[1:]]), first),
        "layer weights": (lambda a: set_layer(model, a), first),
        "reset_states": (lambda a: stateful.layers[-1].reset_states([a, a]), np.zeros((2, 2))),
        "stream": (stream, np.ones((1, 3))),
        "stream state": (set_state, np.zeros(2)),
        "pad_sequences": (pad_sequences, t),
        "pad_sequences rows": (lambda a: pad_sequences([a, [1]]), t[0]),
        "sequences_to_texts": (lambda a: Tokenizer().sequences_to_texts([a]), t[0]),
        "accuracy": (lambda a: metrics.sparse_categorical_accuracy(a, p), t[0, :2]),
        "mean_squared_error": (lambda a: losses.mean_squared_error(a, p), p),
        "y_pred": (lambda a: losses.mean_squared_error(p, a), p),
        "binary_crossentropy": (lambda a: losses.binary_crossentropy(a, p), p),
        "sparse": (lambda a: losses.sparse_categorical_crossentropy(a, p), t[0, :2]),
        "a loss": (lambda a: losses.CategoricalCrossentropy()(a, p), p),
        "an activation": (activations.tanh, p),
        "softmax": (activations.softmax, p),
    }


@pytest.mark.parametrize("name", readers())
def test_masked_arrays_are_refused_everywhere(name):
    read, array = readers()[name]
    read(np.ma.masked_array(array))  # without masked elements it is an array as any other
    with pytest.raises(ValueError, match="has masked elements"):
        read(masked(array))


@pytest.mark.parametrize("given", [Endless(), generator(), {1.0}])
def test_a_training_names_what_it_cannot_read(given):
    model = tagger()
    x, y = shifted()
    name = type(given).__name__
    calls = [
        lambda: model.fit(x, given, verbose=0),
        lambda: model.fit(x, y, sample_weight=given, verbose=0),
        lambda: model.train_on_batch(given, y),
        lambda: model.fit(x, y, validation_data=(x, given), verbose=0),
    ]
    if not hasattr(given, "__next__"):  # in the place of data, a generator has batches
        calls += [
            lambda: model.fit(given, y, verbose=0),
            lambda: model.evaluate(given, y),
            lambda: model.predict(given),
            lambda: model.fit(x, y, validation_data=(given, y), verbose=0),
        ]
    for call in calls:
        with pytest.raises(TypeError, match=f"must be an array .* of type {name}"):
            call()


def test_a_list_of_arrays_has_one_for_each_input_as_in_keras():
    model = tagger()
    x, y = shifted()
    expected = model.predict(x)
    for given in ([x], (x,), x.tolist(), [Given(x)]):
        np.testing.assert_array_equal(model.predict(given), expected)
    model.fit([x], [y], verbose=0)
    for given in ([x[0]], [x[0], x[1]], list(x)):
        with pytest.raises(ValueError, match=r"x(\[0\])? (has shape|is a list of \d+ arrays)"):
            model.predict(given)
    tokens = Sequential([Input((None,)), Embedding(9, 2), Dense(1)])
    t = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(tokens.predict([t]), tokens.predict(t))
    np.testing.assert_array_equal(tokens.predict(t.tolist()), tokens.predict(t))
    np.testing.assert_array_equal(tokens.predict(t[:1].tolist()), tokens.predict(t[:1]))
    with pytest.raises(ValueError, match=r"x\[0\] has shape \(3,\)"):
        tokens.predict([t[0]])


class Given:
    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array

    @property
    def ndim(self):
        return self.array.ndim


def test_an_axis_of_size_one_may_be_left_out_or_added_as_in_keras():
    x = np.sin(np.arange(12.0)).reshape(4, 3, 1)
    model = Sequential([Input((3, 1)), GRU(2), Dense(1)])
    model.compile("sgd", "mse")
    expected = model.predict(x)
    for given in (x[..., 0], x[..., np.newaxis]):
        np.testing.assert_array_equal(model.predict(given), expected)
        assert model.evaluate(given, np.ones(4)) == model.evaluate(x, np.ones(4))
    model.fit(x[..., 0], np.ones(4), epochs=1, verbose=0, validation_split=0.5)
    flat = Sequential([Input((1,)), Dense(2)])
    np.testing.assert_array_equal(flat.predict(x[:, 0, 0]), flat.predict(x[:, 0]))
    tokens = Sequential([Input((1,)), Embedding(5, 2), GRU(2)])
    np.testing.assert_array_equal(tokens.predict([1, 4]), tokens.predict([[1], [4]]))
    two = Sequential([Input((3, 2)), GRU(2)])
    for wrong in (x[..., 0], np.ones((4, 3, 2, 2))):
        with pytest.raises(ValueError, match=r"it should be \(samples, 3, 2\)"):
            two.predict(wrong)
