"""What the caller has told NumPy about errors, and Python about warnings, makes no difference.

Every public computation runs on extreme numbers twice, once with everything ignored and once with
everything raised: both times it returns, and returns the same bits.
"""

import inspect
import warnings

import numpy as np
import pytest

from fastrnn import (
    activations,
    backend as K,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    reference,
    seeding,
    utils,
)
from fastrnn.arithmetic import quietly
from fastrnn.layers import GRU, Activation, Dense, Input
from fastrnn.models import Model, Sequential
from fastrnn.preprocessing.text import Tokenizer
from tests.cases import GATES

#: Names of the module that are not activations.
NO_ACTIVATIONS = ("Kernel", "deserialize", "get", "serialize")

EXTREME = [0.0, -0.0, 1.0, -1.0, 1e-40, -1e-310, 1e38, -1e38, 1e308, -1e308, 88.8, -104.0, 710.0]
EXTREME += [-746.0, np.inf, -np.inf, np.nan]


def extreme(shape, dtype="float64"):
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        return rng.choice(EXTREME, shape).astype(dtype)


def bits(value):
    if isinstance(value, np.ndarray):
        # A NaN is a NaN: which one an operation returns is the machine's choice.
        return np.where(np.isnan(value), value.dtype.type(np.nan), value).tobytes()
    if isinstance(value, dict):
        return {name: bits(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(part) for part in value]
    if isinstance(value, (float, np.floating)):
        return np.float64(value).tobytes() if value == value else "NaN"
    return repr(value)


def assert_indifferent(compute):
    """Compute twice, and compare the bits."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = bits(compute())
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bits(compute())
        assert np.geterr() == dict.fromkeys(("divide", "over", "under", "invalid"), "raise")
    assert found == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [n for n in activations.__all__ if n not in NO_ACTIVATIONS])
def test_activations(name, dtype):
    function = getattr(activations, name)
    if not inspect.isfunction(function):
        pytest.skip("no function")
    x = extreme((12, 7), dtype)
    assert_indifferent(lambda: function(x))


#: Every function of targets and outputs, with targets that it takes.
LABELS = np.arange(60).reshape(20, 3) % 5
FUNCTIONS = {
    name: function
    for module in (losses, metrics)
    for name in module.__all__
    if inspect.isfunction(function := getattr(module, name))
    and {"y_true", "y_pred"} <= set(inspect.signature(function).parameters)
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_losses_and_metrics(name, dtype):
    function = FUNCTIONS[name]
    outputs = extreme((20, 3, 5), dtype)
    if name.startswith("sparse"):
        targets = LABELS
    elif "binary" in name:
        targets = np.eye(5)[LABELS]
    else:
        targets = extreme((20, 3, 5))
    assert_indifferent(lambda: function(targets, outputs))
    if "from_logits" in inspect.signature(function).parameters:
        assert_indifferent(lambda: function(targets, outputs, from_logits=True))


@pytest.mark.parametrize("cell", GATES)
def test_the_reference(cell):
    gates = GATES[cell]
    n_x, n_s, n_y, m, T_x = 3, 4, 2, 5, 6
    shapes = {
        "Wx": (gates * n_s, n_x),
        "Ws": (gates * n_s, n_s),
        "bs": (gates * n_s, 1),
        "Wy": (n_y, n_s),
        "by": (n_y, 1),
    }
    parameters = {
        name: 1e3 * np.sin(np.arange(float(np.prod(s))).reshape(s)) for name, s in shapes.items()
    }
    X, S_0 = extreme((n_x, m, T_x)), 1e-300 * np.ones((n_s, m))
    forward, backward = (getattr(reference, f"{cell}_{way}") for way in ("forward", "backward"))

    def compute():
        S, y_pred, *rest = forward(X, S_0, parameters)
        targets = np.ones((m, T_x), int)
        loss = reference.cross_entropy(y_pred, targets)
        head = reference.cross_entropy_backward(y_pred, targets, S, parameters)
        return S, y_pred, loss, head, backward(head["ds"], rest[-1])

    assert_indifferent(compute)
    cell_forward = getattr(reference, f"{cell}_cell_forward")
    states = [S_0] * (2 if cell == "lstm" else 1)
    assert_indifferent(lambda: cell_forward(X[:, :, 0], *states, parameters)[0])
    assert_indifferent(lambda: reference.softmax(extreme((4, 9))))


ENDS = [
    ("mse", name, "dense")
    for name in activations.__all__
    if name not in NO_ACTIVATIONS and inspect.isfunction(getattr(activations, name))
] + [
    ("binary_crossentropy", "sigmoid", "bits"),
    ("binary_crossentropy", "relu", "bits"),
    ("categorical_crossentropy", "softmax", "bits"),
    ("categorical_crossentropy", "relu", "bits"),
    ("sparse_categorical_crossentropy", "softmax", "labels"),
    ("sparse_categorical_crossentropy", "relu", "labels"),
    (losses.BinaryCrossentropy(from_logits=True), "linear", "bits"),
    (losses.CategoricalCrossentropy(from_logits=True), "linear", "bits"),
    (losses.SparseCategoricalCrossentropy(from_logits=True), "linear", "labels"),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "activation", "y"), ENDS)
def test_models(loss, activation, y, dtype):
    """Gradients, steps, evaluation, predictions and streams, with data wider than the model."""
    x = extreme((20, 3, 4), "float64")
    targets = {"dense": extreme((20, 3, 5)), "bits": np.eye(5)[LABELS], "labels": LABELS}[y]

    def build():
        seeding.set_seed(1)
        model = Sequential([Input((3, 4), dtype=dtype), GRU(6, return_sequences=True)])
        for layer in (layers.Dropout(0.5, seed=1), Dense(5), Activation(activation)):
            model.add(layer)
        shapes = [w.shape for w in model.get_weights()]
        model.set_weights(
            [1e3 * np.sin(np.arange(float(np.prod(shape))).reshape(shape)) for shape in shapes]
        )
        model.compile(optimizers.SGD(1e-3), loss, ["accuracy"], check_gradients=False)
        return model

    finite = np.nan_to_num(x, nan=0.0, posinf=1e30, neginf=-1e30)

    def compute():
        model = build()
        found = [model.predict(x), model.evaluate(x, targets, verbose=0)]
        found += [model.compute_gradients(finite, targets, np.linspace(0, 1e30, 20))]
        model.fit(
            finite,
            targets,
            batch_size=7,
            epochs=2,
            verbose=0,
            shuffle=False,
            validation_data=(x, targets),
        )
        found += [model.history.history, model.get_weights()]
        return found

    assert_indifferent(compute)
    chain = Sequential(
        [Input((None, 4), dtype=dtype), GRU(6, return_sequences=True), Dense(5, activation)]
    )

    def streamed():
        stream = chain.stream()
        return [stream(step) for step in finite[0]] + [stream(finite[1])]

    assert_indifferent(streamed)


def test_layers_on_padding_and_two_directions():
    x = extreme((6, 4, 3))
    x[:, 2:] = 0
    for mode in ("mul", "sum", "concat", "ave"):
        end = Input((None, 3), dtype="float64")
        start = end
        end = layers.Masking()(end)
        end = layers.Bidirectional(layers.LSTM(2, return_sequences=True), merge_mode=mode)(end)
        model = Model(start, layers.GlobalAveragePooling1D()(Dense(2, "exponential")(end)))
        model.compile("adam", "mse", check_gradients=False)
        assert_indifferent(lambda: model.predict(x))  # noqa: B023
        y = np.full((6, 2), 1e200)
        assert_indifferent(lambda: model.compute_gradients(np.nan_to_num(x), y))  # noqa: B023


@pytest.mark.parametrize("name", ["Adam", "AdamW", "RMSprop", "SGD"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_optimizers(name, dtype):
    values, gradients = extreme(17, dtype), extreme(17, dtype)[::-1].copy()
    for options in ({}, {"clipnorm": 1e-30}, {"global_clipnorm": 1e30}, {"clipvalue": 1e-38}):

        def compute(options=options):
            optimizer = getattr(optimizers, name)(1e30, **options)
            one, other = values.copy(), gradients.copy()
            for _ in range(3):
                optimizer.apply(one, other)
            return one, other, optimizer.slots

        assert_indifferent(compute)


def test_small_things():
    huge = initializers.RandomNormal(0.0, 1e300, seed=1)
    assert_indifferent(lambda: huge((3, 3), "float32"))
    assert_indifferent(lambda: initializers.Constant(1e-320)((3,), "float32"))
    layer = Dense(3, kernel_initializer=huge)
    layer(Input((2,)))
    assert_indifferent(lambda: layer.set_weights([np.full((2, 3), 1e-310), np.full(3, 1e-320)]))
    for order in (1, 2):
        assert_indifferent(lambda: utils.normalize(extreme((4, 5)), order=order))  # noqa: B023
    for name in ("softmax", "sigmoid", "relu", "l2_normalize", "sum", "mean", "std", "var"):
        assert_indifferent(lambda: getattr(K, name)(extreme((4, 5))))  # noqa: B023
    tokenizer = Tokenizer(num_words=5)
    tokenizer.fit_on_texts(["a b c", "", "a"])
    for mode in ("binary", "count", "freq", "tfidf"):
        assert_indifferent(lambda: tokenizer.texts_to_matrix(["a a", "b", ""], mode))  # noqa: B023


def test_the_caller_s_settings_are_as_they_were():
    @quietly
    def failing():
        raise KeyError

    with np.errstate(over="raise", under="warn", divide="print"):
        before = np.geterr()
        with pytest.raises(KeyError):
            failing()
        losses.categorical_crossentropy([[1.0, 0.0]], [[0.0, 0.0]])
        assert np.geterr() == before
    with pytest.raises(FloatingPointError), np.errstate(all="raise"):
        np.exp(np.float64(1e4))
