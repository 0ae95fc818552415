"""Who weights belong to: copies, models that share layers, and what is frozen."""

import copy
import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn import seeding
from fastrnn.callbacks import Callback, LambdaCallback
from fastrnn.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    Input,
    SimpleRNN,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential, load_model
from fastrnn.optimizers import SGD, Adam, AdamW, RMSprop

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(10, 4, 3)), RNG.normal(size=(10, 2))

CELLS = {"gru": GRU, "lstm": LSTM, "rnn": SimpleRNN}
OPTIMIZERS = {
    "sgd": lambda: SGD(0.1),
    "momentum": lambda: SGD(0.1, 0.9, clipnorm=0.5),
    "adam": lambda: Adam(0.01, amsgrad=True, global_clipnorm=0.3),
    "adamw": lambda: AdamW(0.01, 0.1),
    "rmsprop": lambda: RMSprop(0.01, centered=True, clipvalue=0.1),
}
COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "old pickle": lambda model: pickle.loads(pickle.dumps(model, 2)),
}


def built(graph, cell, dtype, optimizer):
    seeding.set_seed(3)
    recurrent = CELLS[cell](3, return_sequences=True, dropout=0.2)
    middle = {
        "chain": [Dropout(0.1), TimeDistributed(Dense(3, "tanh"))],
        "both ways": [Bidirectional(CELLS[cell](2, return_sequences=True))],
    }.get(graph, [])
    end = [CELLS[cell](2), Dense(2)]
    if graph == "branches":
        x = Input((4, 3), dtype)
        h = recurrent(x)
        model = Model(
            x, [Dense(2)(CELLS[cell](2)(h)), Dense(2)(CELLS[cell](2, go_backwards=True)(h))]
        )
    else:
        model = Sequential([Input((4, 3), dtype), recurrent, *middle, *end])
    model.compile(OPTIMIZERS[optimizer](), "mse")
    return model


def y_of(model):
    return [Y, Y[::-1]] if len(model.outputs) > 1 else Y


def trained(model, seed=7):
    """Train in every way, and return the weights."""
    seeding.set_seed(seed)
    model.fit(X, y_of(model), batch_size=4, epochs=2, verbose=0)
    model.train_on_batch(X[:5], [y[:5] for y in y_of(model)] if len(model.outputs) > 1 else Y[:5])
    return model.get_weights()


def at_moment(model, moment, tmp_path, way):
    """Return a model and a copy that was made at that moment."""
    y = y_of(model)
    if moment == "within":
        found = []
        hook = LambdaCallback(
            on_train_batch_end=lambda step, logs: found or found.append(way(model))
        )
        seeding.set_seed(1)
        model.fit(
            X[:4], [p[:4] for p in y] if isinstance(y, list) else y[:4], verbose=0, callbacks=[hook]
        )
        return model, found[0]
    if moment == "predict":
        model.predict(X)
    elif moment == "fit":
        trained(model, 2)
    elif moment == "gradients":
        model.compute_gradients(X, y)
    elif moment == "compiled again":
        trained(model, 2)
        model.compile("adam", "mse")
    elif moment == "loaded":
        trained(model, 2)
        file = tmp_path / "model"
        model.save(file)
        model = load_model(file)
    elif moment == "frozen":
        trained(model, 2)
        model.layers[1].trainable = False
    return model, way(model)


def assert_equal(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    graph=st.sampled_from(["chain", "both ways", "branches"]),
    cell=st.sampled_from(sorted(CELLS)),
    dtype=st.sampled_from(["float32", "float64"]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    moment=st.sampled_from(
        ["new", "predict", "fit", "gradients", "within", "compiled again", "loaded", "frozen"]
    ),
    way=st.sampled_from(sorted(COPIES)),
    thawed=st.booleans(),
)
def test_a_copy_trains_as_the_original_would(
    tmp_path_factory, graph, cell, dtype, optimizer, moment, way, thawed
):
    model = built(graph, cell, dtype, optimizer)
    model, copied = at_moment(model, moment, tmp_path_factory.mktemp("m"), COPIES[way])
    if thawed:
        for one in (model, copied):
            one.layers[1].trainable = True
    before = model.get_weights()
    assert_equal(before, copied.get_weights())
    after = trained(copied)
    assert_equal(model.get_weights(), before)  # not changed by the copy
    assert any((a != b).any() for a, b in zip(after, before, strict=True))
    assert_equal(trained(model), after)
    assert copied.optimizer.iterations == model.optimizer.iterations


def test_a_pickle_holds_no_scratch_memory():
    model = Sequential([Input((50, 3)), GRU(40, return_sequences=True), Dropout(0.5), Dense(2)])
    model.compile("sgd", "mse")
    x, y = RNG.normal(size=(64, 50, 3)), RNG.normal(size=(64, 50, 2))
    fresh = len(pickle.dumps(model))
    model.fit(x, y, verbose=0)
    model.predict(x)
    size = sum(weight.nbytes for weight in model.get_weights())
    assert fresh < size + 10_000
    assert len(pickle.dumps(model)) < size + 10_000
    layer = model.layers[1]
    assert len(pickle.dumps(layer)) < 3_000  # and none of the layers before it


def test_a_copied_layer_and_a_copied_optimizer():
    model = built("chain", "gru", "float32", "adam")
    trained(model)
    layer = copy.deepcopy(model.layers[0])
    assert_equal(layer.get_weights(), model.layers[0].get_weights())
    other = built("chain", "gru", "float32", "adam")
    other.set_weights(model.get_weights())
    other.compile(pickle.loads(pickle.dumps(model.optimizer)), "mse")
    assert_equal(trained(model), trained(other))
    other.compile(model.optimizer, "mse")
    with pytest.raises(ValueError, match="compile each model with an optimizer of its own"):
        other.train_on_batch(X, Y)


def test_a_copy_of_a_deep_model():
    model = Sequential([Input((4, 3)), *[Dense(3) for _ in range(600)]])
    model.compile("sgd", "mse")
    for way in COPIES.values():
        assert len(way(model).layers) == 600


def shared(cls=Dense):
    seeding.set_seed(1)
    x = Input((4, 3))
    trunk = GRU(3)
    h = trunk(x)
    one, other = Model(x, cls(2)(h)), Model(x, cls(2)(h))
    one.compile(Adam(0.01, global_clipnorm=0.1), "mse")
    other.compile(SGD(0.1, 0.9), "mse")
    return one, other


def test_models_that_share_layers_train_in_turn():
    """As one model of one layer would: the numbers are those of steps by hand in NumPy."""
    one, other = shared()
    single, second = shared()
    velocity = None
    for _ in range(4):
        one.train_on_batch(X, Y)
        other.train_on_batch(X, Y)
        single.train_on_batch(X, Y)
        gradients = second.compute_gradients(X, Y)
        velocity = velocity or [np.zeros_like(g) for g in gradients]
        velocity = [0.9 * v - 0.1 * g for v, g in zip(velocity, gradients, strict=True)]
        second.set_weights([w + v for w, v in zip(second.get_weights(), velocity, strict=True)])
    for a, b in ((one, single), (other, second)):
        for w, v in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_allclose(w, v, rtol=1e-5, atol=1e-6)
    assert one.weights[0] is other.weights[0]


@pytest.mark.parametrize("act", ["train", "gradients", "compile", "fit", "predict"])
def test_what_a_callback_does_to_another_model_or_the_same(act):
    one, other = shared()
    by_hand, helper = shared()

    def step(first, second):
        if act == "train":
            second.train_on_batch(X, Y)
        elif act == "gradients":
            first.compute_gradients(X, Y)
            second.compute_gradients(X, Y)
        elif act == "fit":
            second.fit(X, Y, verbose=0, shuffle=False)
        else:
            first.predict(X)

    class Act(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if act == "compile":
                self.model.compile("rmsprop", "mae" if batch else "mse")
            step(one, other)

    one.fit(X, Y, 5, 2, verbose=0, callbacks=[Act()], shuffle=False)
    for _ in range(2):
        for start in (0, 5):
            by_hand.train_on_batch(X[start : start + 5], Y[start : start + 5])
            step(by_hand, helper)
    assert_equal(one.get_weights(), by_hand.get_weights())
    assert_equal(other.get_weights(), helper.get_weights())


def test_a_training_within_a_training_leaves_it_whole(tmp_path):
    model = built("chain", "gru", "float32", "adam")
    histories = []

    def nested(epoch, logs):
        if not histories:
            histories.append(model.history)
            stop = LambdaCallback(on_epoch_end=lambda *_: setattr(model, "stop_training", True))
            model.fit(X, Y, verbose=0, epochs=5, callbacks=[stop])
            model.save(tmp_path / "within")

    found = model.fit(X, Y, verbose=0, epochs=3, callbacks=[LambdaCallback(on_epoch_end=nested)])
    assert found.epoch == [0, 1, 2]
    assert model.history is found is histories[0]
    assert load_model(tmp_path / "within").optimizer.iterations == 2


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    frozen=st.sets(st.integers(0, 3), min_size=1, max_size=4),
    when=st.sampled_from(["built", "trained", "argument"]),
)
@pytest.mark.filterwarnings("ignore:the model has no trainable weights")
def test_frozen_weights_keep_their_bits(tmp_path_factory, cell, optimizer, frozen, when):
    layers = [
        CELLS[cell](3, return_sequences=True, trainable=not (when == "argument" and 0 in frozen)),
        Bidirectional(
            CELLS[cell](2, return_sequences=True),
            trainable=not (when == "argument" and 1 in frozen),
        ),
        CELLS[cell](2, trainable=not (when == "argument" and 2 in frozen)),
        Dense(2, trainable=not (when == "argument" and 3 in frozen)),
    ]
    model = Sequential([Input((4, 3)), *layers])
    model.compile(OPTIMIZERS[optimizer](), "mse")
    if when == "trained":
        trained(model)
    for index in frozen:
        layers[index].trainable = False
    before = [layer.get_weights() for layer in layers]
    slots = [weight.key for weight in model.non_trainable_weights]
    kept = [{k: v.copy() for k, v in model.optimizer.slots_of(key).items()} for key in slots]
    trained(model)
    for index, layer in enumerate(layers):
        same = all(map(np.array_equal, before[index], layer.get_weights()))
        assert same == (index in frozen)
    for key, pieces in zip(slots, kept, strict=True):
        for name, piece in pieces.items():
            np.testing.assert_array_equal(model.optimizer.slots_of(key)[name], piece)
    assert len(model.trainable_weights) + len(model.non_trainable_weights) == len(model.weights)
    path = tmp_path_factory.mktemp("m") / "model"
    model.save(path)
    again = load_model(path)
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in layers]
    assert_equal(trained(again), trained(model))
    for one in (again, model):
        one.trainable = True
    assert_equal(trained(again), trained(model))


def test_clipping_and_decay_go_by_what_is_trained():
    """A frozen layer in front is as data that went through it before."""
    seeding.set_seed(2)
    front, end = Dense(3, "tanh", dtype="float64", trainable=False), Dense(2)
    model = Sequential([Input((4, 3), "float64"), front, GRU(3), end])
    model.compile(AdamW(0.01, 0.1, global_clipnorm=1e-2), "mse")
    alone = Sequential([Input((4, 3), "float64"), GRU(3), Dense(2)])
    alone.compile(AdamW(0.01, 0.1, global_clipnorm=1e-2), "mse")
    alone.set_weights(model.get_weights()[2:])
    through = np.tanh(X @ front.get_weights()[0] + front.get_weights()[1])
    for _ in range(3):
        model.train_on_batch(X, Y)
        alone.train_on_batch(through, Y)
    for a, b in zip(model.get_weights()[2:], alone.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_summary_counts_apart():
    model = Sequential([Input((4,)), Embedding(5, 3, trainable=False), GRU(2), Dense(1)])
    text = io.StringIO()
    model.summary(print_fn=lambda line: text.write(line + "\n"))
    total, frozen = model.count_params(), 15
    assert f"Trainable params: {total - frozen:,}" in text.getvalue()
    assert f"Non-trainable params: {frozen}" in text.getvalue()


def test_a_change_takes_effect_at_the_next_step_of_a_running_training():
    model = built("chain", "gru", "float32", "momentum")
    seen = []

    def freeze(step, logs):
        model.layers[0].trainable = step != 0
        seen.append(model.layers[0].get_weights())

    model.fit(X, Y, 4, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=freeze)])
    assert_equal(seen[0], seen[1])
    assert (seen[1][0] != seen[2][0]).any()


@pytest.mark.parametrize("value", ["False", None, 2, 0.0])
def test_trainable_is_true_or_false(value):
    with pytest.raises(TypeError, match="trainable is"):
        Dense(2).trainable = value
    with pytest.raises(TypeError, match="trainable is"):
        Dense(2, trainable=value)


def test_a_model_of_which_all_is_frozen_says_so():
    model = built("chain", "gru", "float32", "adam")
    model.trainable = False
    model.layers[0].trainable = True
    assert model.trainable_weights == []  # as in Keras
    before = model.get_weights()
    with pytest.warns(UserWarning, match="no trainable weights"):
        model.fit(X, Y, verbose=0)
    assert_equal(model.get_weights(), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run_eagerly", True),
        ("jit_compile", False),
        ("steps_per_execution", 3),
        ("trainabel", False),
        ("stop_trainig", True),
        ("loss", "mae"),
        ("metrics", ["accuracy"]),
    ],
)
def test_attributes_of_a_model_that_would_be_ignored(name, value):
    model = built("chain", "gru", "float32", "adam")
    with pytest.raises(AttributeError):
        setattr(model, name, value)
    model.my_own_note = 3


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (Dense(2), "kernel_constraint"),
        (Dense(2), "kernel_regularizer"),
        (GRU(2), "unroll"),
        (GRU(2), "cell"),
        (Embedding(3, 2), "embeddings_regularizer"),
        (Bidirectional(GRU(2)), "trainabel"),
        (Dropout(0.2), "dtype_policy"),
    ],
)
def test_attributes_of_a_layer_that_would_be_ignored(layer, name):
    with pytest.raises(AttributeError, match=name):
        setattr(layer, name, None)
    layer.note = "mine"


def test_a_layer_of_one_s_own_may_mean_something_by_them():
    class Mine(Dense):
        def __init__(self, **options):
            super().__init__(2, **options)
            self.kernel_regularizer = "mine"

    assert Mine().kernel_regularizer == "mine"


@pytest.mark.parametrize("name", ["use_ema", "loss_scale_factor", "learning_rat"])
def test_attributes_of_an_optimizer_that_would_be_ignored(name):
    with pytest.raises(AttributeError, match=name):
        setattr(Adam(), name, 1.0)


def test_what_is_set_on_an_optimizer_later_counts():
    one, other = (built("chain", "gru", "float32", "sgd") for _ in range(2))
    one.optimizer.momentum = 0.9
    other.optimizer = SGD(0.1, 0.9)
    assert_equal(trained(one), trained(other))
