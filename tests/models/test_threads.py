"""Models, streams and functions on several threads at once: what is safe, and what is refused."""

import contextvars
import copy
import pickle
import threading

import numpy as np
import pytest

import fastrnn
from fastrnn import metrics, naming, seeding
from fastrnn.callbacks import LambdaCallback
from fastrnn.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Dropout,
    Input,
    Lambda,
    Layer,
    SimpleRNN,
    SymbolicTensor,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential
from tests.compare import assert_same_bits
from tests.threads import Pause, in_threads

THREADS = 8


def data_of(seed, samples=12, steps=9, features=3):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((samples, steps, features)).astype(np.float32)
    return x, rng.integers(0, 4, (samples, steps))


# Threads that have nothing in common.


def trained(i):
    """Train a model that draws at random, and return all that came of it."""
    x, y = data_of(i)
    layers = [Input((None, 3)), (GRU, LSTM, SimpleRNN)[i % 3](7, return_sequences=True)]
    layers += [Dropout(0.3), BatchNormalization(), Dense(4, "softmax")]
    with seeding.apart():
        fastrnn.set_seed(i)
        model = Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
        history = model.fit(x, y, 5, epochs=2, validation_split=0.25, verbose=0).history
    return model, [*model.get_weights(), *map(np.array, history.values())]


def streamed(i):
    """Feed a stream, whose answers are kept in part."""
    x, _ = data_of(i, samples=1, steps=60)
    stream = streaming_model().stream()
    answers = [stream(step).copy() if t % 2 else stream(step) for t, step in enumerate(x[0])]
    return [np.array(answers), *stream.state]


def streaming_model():
    with seeding.apart():
        return Sequential([Input((None, 3)), GRU(20, return_sequences=True), Dense(2, "tanh")])


def differentiated(i):
    """Call the functional API, large enough for memory that is kept, there and back."""
    rng, n_x, n_s, m, steps = np.random.default_rng(i), 5, 24, 16, 20 + i
    parameters = {
        "Wx": rng.standard_normal((3 * n_s, n_x)) / 4,
        "Ws": rng.standard_normal((3 * n_s, n_s)) / 4,
        "bs": rng.standard_normal((3 * n_s, 1)),
        "Wy": rng.standard_normal((3, n_s)),
        "by": np.zeros((3, 1)),
    }
    x, s = rng.standard_normal((n_x, m, steps)), np.zeros((n_s, m))
    states, y, caches = fastrnn.gru_forward(x, s, parameters)
    return [states, y, *fastrnn.gru_backward(np.cos(states), caches).values()]


def all_of_it(i):
    model, found = trained(i)
    x, y = data_of(i + 100)
    found += [model.predict(x), np.array(model.evaluate(x, y, verbose=0))]
    for _ in range(3):
        found += [*streamed(i), *differentiated(i)]
    return found


def test_threads_get_the_bits_of_a_serial_run():
    want = [all_of_it(i) for i in range(THREADS)]
    for i, found in enumerate(in_threads(THREADS, all_of_it)):
        assert_same_bits(found, want[i], f"thread {i}")


def test_threads_that_go_back_through_one_forward_pass():
    rng = np.random.default_rng(0)
    parameters = {
        "Wx": rng.standard_normal((20, 3)),
        "Ws": rng.standard_normal((20, 20)) / 4,
        "bs": np.zeros((20, 1)),
    }
    x, s = rng.standard_normal((3, 8, 15)), np.zeros((20, 8))
    states, _, caches = fastrnn.rnn_forward(x, s, parameters)
    want = fastrnn.rnn_backward(states, caches)
    for found in in_threads(THREADS, lambda i: fastrnn.rnn_backward(states, caches)):
        assert_same_bits(found, want)


# One model.


class Summed(Layer):
    """A layer of the user's own, in NumPy."""

    def build(self, input_shape):
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, inputs):
        return np.cumsum(inputs * self.factor.value, axis=1)


SHARED = {
    "stacked": lambda: Sequential(
        [Input((None, 3)), LSTM(9, return_sequences=True), Summed(), Dropout(0.5), Dense(4)]
    ),
    "bidirectional": lambda: Sequential(
        [Input((None, 3)), Bidirectional(GRU(5, return_sequences=True)), TimeDistributed(Dense(4))]
    ),
    "branches": lambda: branches(),
    "regularized": lambda: Sequential(
        [Input((None, 3)), GRU(9, return_sequences=True, kernel_regularizer="l2"), Dense(4)]
    ),
}


def branches():
    start = Input((None, 3))
    left, right = GRU(6, return_sequences=True)(start), SimpleRNN(6, return_sequences=True)(start)
    return Model(start, Dense(4)(left * right + left))


@pytest.mark.parametrize("name", SHARED)
def test_one_model_predicts_on_many_threads(name):
    model = SHARED[name]()
    model.compile("adam", "mse", ["mae", metrics.R2Score()])
    x, _ = data_of(0, samples=THREADS * 6)
    y = np.random.default_rng(1).standard_normal((len(x), 9, 4)).astype(np.float32)
    parts = [slice(6 * i, 6 * i + 6 - i % 3) for i in range(THREADS)]

    def work(i):
        part, found = parts[i], []
        for size in (4, 1, 6):
            found.append(model.predict(x[part], size))
            found.append(np.array(model.evaluate(x[part], y[part], size, verbose=0)))
            found.append(np.array(model.test_on_batch(x[part], y[part])))
        return found

    found = in_threads(THREADS, work)
    for i in range(THREADS):
        assert_same_bits(found[i], work(i), f"thread {i}")


class Late(metrics.Metric):
    """Takes its time to make its sums."""

    def build(self, features):
        if not self.variables:
            threading.Event().wait(0.2)
            self.total = self.add_variable((features,))

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total += np.sum(y_pred, axis=(0, 1))

    def result(self):
        return self.total.sum()


def test_the_first_evaluations_of_a_model_make_the_sums_of_its_metrics_once():
    x, y = data_of(0)[0], np.zeros((12, 9, 4), np.float32)
    model = Sequential([Input((None, 3)), Dense(4, "sigmoid")])
    model.compile("sgd", "mse", [Late()])
    found = in_threads(THREADS, lambda i: model.evaluate(x, y, verbose=0))
    assert found == [found[0]] * THREADS
    assert len(model.metrics[0].variables) == 1


class Asked(Layer):
    """Waits while it makes its weights, so that other threads come to want them."""

    def __init__(self, pause, **options):
        super().__init__(**options)
        self._pause, self.calls = pause, 0

    def build(self, input_shape):
        self.calls += 1
        if self.calls == 1:
            self._pause()
        self.add_weight((input_shape[-1], 2), name="kernel")

    def call(self, inputs):
        return inputs @ self.kernel.value


class Own(Model):
    """Calls a layer, and takes its time to do so where it is asked what it does."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x):
        if isinstance(x, SymbolicTensor):
            self.layer.calls += 1
            threading.Event().wait(0.2)
        return x * 2.0


def test_a_model_of_the_users_own_is_asked_once_what_it_does():
    model, x = Own(Asked(None)), data_of(0)[0]
    for found in in_threads(THREADS, lambda i: model.predict(x)):
        assert_same_bits(found, x * 2)
    assert model.layer.calls == 1


@pytest.mark.parametrize(
    "callable_of",
    [
        lambda layer: layer,
        lambda layer: Sequential([layer]),
        lambda layer: Sequential([layer]).predict,
        lambda layer: TimeDistributed(layer),
    ],
    ids=["layer", "called model", "sequential", "wrapper"],
)
def test_what_is_not_built_yet_is_built_once(callable_of):
    x, _ = data_of(0)
    built = threading.Event()
    layer = Asked(lambda: built.wait(0.2))
    call = callable_of(layer)
    found = in_threads(THREADS, lambda i: call(x))
    assert layer.calls == 1
    assert len(layer.parameters) == 1
    assert_same_bits(found, [found[0]] * THREADS)


def test_a_prediction_during_a_training():
    model = Sequential([Input((None, 3)), GRU(5, return_sequences=True), Dense(4)])
    model.compile("sgd", "mse")
    x, y = data_of(0)[0], np.zeros((12, 9, 4), np.float32)
    pause = Pause()
    callback = LambdaCallback(on_train_batch_begin=lambda *_: pause())
    _, answer = pause.during(
        lambda: model.fit(x, y, callbacks=[callback], verbose=0),
        lambda: (model.predict(x).shape, np.isfinite(model.evaluate(x, y, verbose=0))),
    )
    assert answer == ((12, 9, 4), True)


# What is for one thread at a time.

TRAININGS = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=0),
    "train_on_batch": lambda model, x, y: model.train_on_batch(x, y),
    "compute_gradients": lambda model, x, y: model.compute_gradients(x, y),
    "test_on_batch": lambda model, x, y: model.test_on_batch(x, y, reset_metrics=False),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_a_second_training_in_another_thread_is_refused(name):
    model = Sequential([Input((None, 3)), GRU(5, return_sequences=True), Dense(4)])
    model.compile("sgd", "mse", ["mae"])
    x, y = data_of(0)[0], np.zeros((12, 9, 4), np.float32)
    alone = copy.deepcopy(model)
    alone.fit(x, y, 6, shuffle=False, verbose=0)
    pause = Pause()
    calls = []

    def stop(batch, logs):
        calls.append(batch)
        if batch == 1:
            pause()

    def refused():
        with pytest.raises(RuntimeError, match=f"^{name} was called while another thread uses the"):
            TRAININGS[name](model, x, y)
        TRAININGS[name](copy.deepcopy(model), x, y)
        assert pickle.loads(pickle.dumps(model)).predict(x).shape == y.shape

    callback = LambdaCallback(on_train_batch_begin=stop)
    pause.during(
        lambda: model.fit(x, y, 6, shuffle=False, callbacks=[callback], verbose=0), refused
    )
    assert_same_bits(model.get_weights(), alone.get_weights(), "the training that went on")
    TRAININGS[name](model, x, y)
    assert calls == [0, 1]


def test_a_callback_may_train_the_model_too():
    model = Sequential([Input((None, 3)), Dense(4)])
    model.compile("sgd", "mse")
    x, y = data_of(0)[0], np.zeros((12, 9, 4), np.float32)
    again = LambdaCallback(on_epoch_end=lambda *_: model.train_on_batch(x, y))
    assert len(model.fit(x, y, callbacks=[again], verbose=0).history["loss"]) == 1


@pytest.mark.parametrize("method", ["predict", "evaluate", "test_on_batch", "train_on_batch"])
@pytest.mark.parametrize("wraps", [lambda layer: layer, Bidirectional])
def test_stateful_layers_are_for_one_thread_at_a_time(method, wraps):
    pause = Pause()

    def paused(x):
        pause()
        return x

    gru = wraps(GRU(4, return_sequences=True, stateful=True))
    start = Input((9, 3), batch_size=2)
    lambda_ = Lambda(lambda x: x, output_shape=lambda shape: shape)
    model = Model(start, Dense(1)(gru(lambda_(start))))
    model.compile("sgd", "mse")
    x, y = data_of(0, samples=2)[0], np.zeros((2, 9, 1), np.float32)
    model.predict(x)
    lambda_.function = paused
    given = (x,) if method == "predict" else (x, y)

    def refused():
        with pytest.raises(RuntimeError, match=f"^{method} was called while another thread uses"):
            getattr(model, method)(*given)

    pause.during(lambda: model.predict(x), refused)
    getattr(model, method)(*given)


class Slow:
    """What a stream reads as an array, in its own time."""

    def __init__(self, array, pause):
        self._array, self._pause = array, pause

    def __array__(self, dtype=None, copy=None):
        self._pause()
        return self._array


@pytest.mark.parametrize(
    "use",
    [
        lambda stream, x: stream(x),
        lambda stream, x: stream.reset(),
        lambda stream, x: stream.isfinite(),
        lambda stream, x: stream.state,
        lambda stream, x: setattr(stream, "state", [np.zeros(20)]),
        lambda stream, x: stream.copy(),
        lambda stream, x: copy.copy(stream),
    ],
)
def test_a_stream_is_taken_from_the_beginning_of_a_call_on(use):
    x, _ = data_of(0, samples=1)
    stream, other, pause = streaming_model().stream(), streaming_model().stream(), Pause()

    def refused():
        with pytest.raises(RuntimeError, match="in the middle of a call"):
            use(stream, x[0])

    found, _ = pause.during(lambda: stream(Slow(x[0], pause)), refused)
    assert_same_bits(found, other(x[0]))
    use(stream, x[0])


def test_a_stream_that_is_given_up_can_be_used_again():
    stream, x = streaming_model().stream(), data_of(0, samples=1)[0][0]
    for wrong in (x[:, :2], "words", None, np.zeros((2, 3), complex)):
        with pytest.raises((TypeError, ValueError)):
            stream(wrong)
        with pytest.raises((TypeError, ValueError)):
            stream.state = wrong
    assert_same_bits(stream(x), streaming_model().stream()(x))


# No lock is held while anything is computed.


class Waiting(Layer):
    """Computes nothing, and waits in the middle of it where it has a pause."""

    pause = None
    is_per_step = True

    def call(self, inputs):
        if self.pause is not None:
            self.pause()
        return inputs * 1.0

    def backward(self, gradient):
        return gradient


def waiting_model():
    layer = Waiting()
    model = Sequential([Input((None, 3)), GRU(20, return_sequences=True), layer, Dense(2, "tanh")])
    model.compile("sgd", "mse")
    x, y = data_of(0)[0], np.zeros((12, 9, 2), np.float32)
    model.fit(x, y, verbose=0)
    return model, layer, x, y


WORK = {
    "predict": lambda model, stream, x, y: model.predict(x),
    "fit": lambda model, stream, x, y: model.fit(x, y, verbose=0),
    "evaluate": lambda model, stream, x, y: model.evaluate(x, y, verbose=0),
    "stream": lambda model, stream, x, y: stream(x[0]),
    "long stream": lambda model, stream, x, y: stream(np.tile(x[0], (2000, 1))),
    "layer": lambda model, stream, x, y: model.layers[1](x[..., :1]),
}


@pytest.mark.parametrize("name", WORK)
def test_no_lock_is_held_while_something_is_computed(name):
    model, layer, x, y = waiting_model()
    stream, pause = model.stream(), Pause()
    want = all_of_it(0)

    def paused():
        here = threading.current_thread()
        layer.pause = lambda: pause() if threading.current_thread() is here else None
        return WORK[name](model, stream, x, y)

    def other():
        found = all_of_it(0)
        fresh, *_ = waiting_model()
        fresh.stream()(x[0])
        return found, model.predict(x).shape, model.get_weights(), model.stream()(x[0]).shape

    _, (found, *_) = pause.during(paused, other)
    assert_same_bits(found, want)


# What the whole program has in common.


def test_names_that_are_counted_are_each_given_once():
    naming.forget_names()
    found = in_threads(THREADS, lambda i: [naming.unique_name("of_threads") for _ in range(200)])
    names = [name for each in found for name in each]
    assert len(set(names)) == len(names) == 200 * THREADS


def test_seeds_are_each_given_once():
    with_key = in_threads(THREADS, lambda i: [seeding.spawn().spawn_key for _ in range(100)])
    keys = [key for each in with_key for key in each]
    assert len(set(keys)) == 100 * THREADS


def test_a_thread_that_is_started_within_apart_draws_as_the_program():
    """Also where it inherits the variables of the context, as the Python without a lock lets it."""

    def drawn(run):
        found = []
        thread = threading.Thread(target=run, args=(lambda: found.append(seeding.root()),))
        thread.start()
        thread.join()
        return found[0]

    of_program = seeding.root()
    with seeding.apart():
        own = seeding.root()
        assert own is not of_program
        assert drawn(lambda f: f()) is of_program
        assert drawn(contextvars.copy_context().run) is of_program
        assert seeding.root() is own


def test_what_is_frozen_in_one_thread_is_seen_whatever_others_freeze():
    def work(i):
        model = Sequential([Input((None, 3)), Dense(4), Dense(4)])
        model.compile("sgd", "mse")
        x, y = data_of(i)[0], np.ones((12, 9, 4), np.float32)
        moved = []
        for n in range(30):
            frozen = model.layers[n % 2]
            model.layers[0].trainable, model.layers[1].trainable = n % 2 == 1, n % 2 == 0
            before = frozen.get_weights()
            model.train_on_batch(x, y)
            moved += [
                not np.array_equal(a, b) for a, b in zip(before, frozen.get_weights(), strict=True)
            ]
        return any(moved)

    assert in_threads(THREADS, work) == [False] * THREADS
