"""Streams: the bits of predict whatever the blocks are, arrays of any kind, states, and memory."""

import copy
import pickle
import threading
import tracemalloc

import numpy as np
import pytest

from fastrnn import activations
from fastrnn.layers import (
    GRU,
    LSTM,
    MGU,
    Activation,
    Add,
    AlphaDropout,
    Bidirectional,
    CategoryEncoding,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    GaussianDropout,
    Input,
    Layer,
    Masking,
    Maximum,
    Multiply,
    Rescaling,
    RMSNormalization,
    SimpleRNN,
    TimeDistributed,
    UnitNormalization,
)
from fastrnn.models import Model, Sequential
from tests.compare import assert_same_bits

DTYPES = ["float32", "float64"]

#: Rows of layers, from their sizes: every kind that can run in a stream, alone and stacked.
MODELS = {
    "rnn": lambda n: [SimpleRNN(n, return_sequences=True)],
    "gru": lambda n: [GRU(n, return_sequences=True), Dense(3)],
    "reset after": lambda n: [GRU(n, reset_after=True, return_sequences=True), Dense(3, "softmax")],
    "mgu": lambda n: [MGU(n, return_sequences=True), Dense(3)],
    "lstm": lambda n: [LSTM(n, return_sequences=True), Dense(3)],
    "no bias": lambda n: [GRU(n, use_bias=False, return_sequences=True), Dense(3, use_bias=False)],
    "stack": lambda n: [
        Dense(7, "tanh"),
        GRU(n, return_sequences=True),
        Dropout(0.5),
        SimpleRNN(9, return_sequences=True, dropout=0.5),
        Activation("sigmoid"),
        GRU(5, reset_after=True, return_sequences=True),
        TimeDistributed(Dense(4)),
        Activation("softmax"),
    ],
    "activations": lambda n: [
        Activation("tanh"),
        SimpleRNN(n, return_sequences=True),
        Activation("relu"),
        Dense(2, "relu"),
        Activation("linear"),
    ],
    "norms": lambda n: [
        Rescaling(2.0, 0.5),
        RMSNormalization(),
        GRU(n, return_sequences=True),
        GaussianDropout(0.5),
        UnitNormalization(),
        AlphaDropout(0.5),
    ],
}


def model_of(name, features=3, units=11, dtype="float32", **options):
    """Return a model with weights of size 1 / sqrt(their rows), biases included."""
    layers = MODELS[name](units) if isinstance(name, str) else name
    model = Sequential([Input((None, features), dtype=dtype, **options), *layers])
    rng = np.random.default_rng(5)
    model.set_weights([rng.standard_normal(w.shape) / np.sqrt(len(w)) for w in model.get_weights()])
    return model


def data_of(samples, steps, features=3, dtype="float32"):
    return np.random.default_rng(6).standard_normal((samples, steps, features)).astype(dtype)


def fed(stream, x, lengths):
    """Return the answers to x, (..., time, features), in blocks of these lengths; 0 is a step."""
    answers, start, axis = [], 0, x.ndim - 2
    for length in lengths:
        piece = x[..., start, :] if length == 0 else x[..., start : start + length, :]
        answer = stream(piece)
        answers.append(np.expand_dims(answer, axis) if length == 0 else answer)
        start += length or 1
    assert start == x.shape[axis], "the lengths do not fill x"
    return np.concatenate(answers, axis)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("units", [1, 16, 67])
def test_a_stream_has_the_bits_of_predict(name, units, dtype):
    model = model_of(name, units=units, dtype=dtype)
    x = data_of(3, 90, dtype=dtype)
    want = model.predict(x)
    got = fed(model.stream(), x[0], [0, 0, 5, 0, 1, 79, 0, 1])
    assert_same_bits(got, want[0], "one stream")
    got = fed(model.stream(3), x, [2, 0, 70, 0, 0, 15])
    assert_same_bits(got, want, "three streams")
    assert_same_bits(fed(model.stream(1), x[:1], [0, 89]), want[:1], "an axis of one stream")


def graph_of_residuals(dtype="float32"):
    """Return a model whose layers read one another, the input and what stands in place."""
    of = {"dtype": dtype}
    x = Input((None, 3), **of)
    wide = Dense(5, **of)(x)
    squashed = Activation("tanh", **of)(wide)  # may not work in the memory of `wide`
    states = GRU(5, return_sequences=True, **of)(squashed)
    found = [Add(**of)([states, wide]), Dropout(0.5)(wide), Concatenate(**of)([x, states])]
    found += [Maximum(**of)([states, squashed]), Multiply(**of)([Dense(1, **of)(x), x])]
    return Model(x, Dense(2, **of)(Concatenate(**of)(found)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_graph_of_layers_has_the_bits_of_predict(dtype):
    model, x = graph_of_residuals(dtype), data_of(3, 90, dtype=dtype)
    want = model.predict(x)
    stream = model.stream(3)
    got = fed(stream, x[:, :10], [2, 0, 7])
    other = stream.copy()
    assert_same_bits(got, want[:, :10], "three streams")
    for one in (other, stream):  # each with memory of its own
        assert_same_bits(fed(one, x[:, 10:], [70, 0, 0, 8]), want[:, 10:], "a copy and the stream")


@pytest.mark.parametrize("features", [1, 2])
def test_one_stream_of_an_input_that_is_added_to_the_output(features):
    x = Input((None, features))
    states = GRU(5, return_sequences=True)(x)
    model, data = Model(x, Add()([Dense(features)(states), x])), data_of(1, 30, features)
    want = model.predict(data)[0]
    stream = model.stream()
    for given in (data[0], data[0].astype("float64"), data[0][::-1].copy()[::-1]):
        assert_same_bits(stream(given), want, "a block")
        stream.reset()
        assert_same_bits(np.array([stream(step) for step in given]), want, "steps")
        stream.reset()


def test_a_layer_called_on_states_is_refused():
    x, states = Input((None, 3)), Input((4,))
    with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
        Model([x, states], GRU(4)(x, initial_state=states)).stream()
    first = Dense(4)(x)
    model = Model(x, GRU(4)(x, initial_state=GRU(4)(first)))
    with pytest.raises(ValueError, match=r"gru_\d is called on several tensors"):
        model.stream()


@pytest.mark.parametrize("streams", [2, 5, 40])
@pytest.mark.parametrize("name", ["gru", "stack"])
def test_many_streams(name, streams):
    model, x = model_of(name, units=33), data_of(streams, 12)
    assert_same_bits(fed(model.stream(streams), x, [3, 0, 8]), model.predict(x), "streams")


def test_a_stream_on_threads(monkeypatch):
    import fastrnn

    model, x = model_of("gru", units=70), data_of(50, 40)
    want = model.predict(x)
    before = fastrnn.get_num_threads()
    try:
        for threads in (1, 3):
            fastrnn.set_num_threads(threads)
            assert_same_bits(fed(model.stream(50), x, [0, 39]), want, f"{threads} threads")
    finally:
        fastrnn.set_num_threads(before)


def test_the_last_state_is_answered_after_every_step():
    model = model_of([GRU(8, return_sequences=True), GRU(6), Dense(2, "tanh")])
    x, stream = data_of(1, 7), model.stream()
    for step in range(7):
        want = model.predict(x[:, : step + 1])[0]
        assert_same_bits(stream(x[0, step]), want, f"step {step}")
    assert stream(x[0]).shape == (7, 2)


def test_arrays_of_all_kinds():
    model = model_of("gru")
    x = data_of(2, 20)
    want = model.predict(x)
    wide = np.zeros((2, 40, 6), np.float32)
    wide[:, ::2, ::2] = x
    unaligned = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(x.shape)
    unaligned[...] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    for given in (
        wide[:, ::2, ::2],
        np.asfortranarray(x),
        np.ascontiguousarray(x.transpose(1, 0, 2)).transpose(1, 0, 2),
        np.ascontiguousarray(x[:, ::-1, ::-1])[:, ::-1, ::-1],
        x.astype(">f4"),
        x.astype(np.float64),
        unaligned,
        read_only,
        x.tolist(),
        memoryview(x),
    ):
        assert_same_bits(model.stream(2)(given), want, "two streams")
        assert_same_bits(model.stream()(np.asarray(given)[1]), want[1], "one")
        one = model.stream()
        got = [one(np.asarray(given)[0, step]).copy() for step in range(20)]
        assert_same_bits(np.array(got), want[0], "by steps")
    whole = np.arange(6).reshape(2, 3)
    for dtype in (np.int8, np.uint64, bool):
        x = whole.astype(dtype)
        assert_same_bits(model.stream()(x), model.predict(x[np.newaxis])[0], str(dtype))


def test_every_activation():
    others = ("deserialize", "get", "serialize")
    names = [name for name in activations.__all__ if name[0].islower() and name not in others]
    layers = [layer for name in names for layer in (Dense(5, name), Activation(name))]
    model, x = model_of([SimpleRNN(5, return_sequences=True), *layers]), data_of(1, 9)
    assert_same_bits(fed(model.stream(), x[0], [0, 8]), model.predict(x)[0], "all of them")


def test_tokens():
    for layer in (Embedding(7, 4), CategoryEncoding(7)):
        layers = [layer, GRU(9, return_sequences=True), Dense(7, "softmax")]
        model = Sequential([Input((None,), dtype="int32"), *layers])
        x = np.random.default_rng(7).integers(0, 7, (3, 20))
        want = model.predict(x)
        stream = model.stream()
        got = [stream(int(token)) for token in x[0, :5]]
        got += list(stream(x[0, 5:9].tolist())) + list(stream(x[0, 9:].astype(np.float32)))
        assert_same_bits(np.array(got), want[0], "one stream")
        stream = model.stream(3)
        got = [stream(x[:, 0])[:, np.newaxis], stream(x[:, 1:4].astype(np.int8))]
        got.append(stream(np.asfortranarray(x[:, 4:])))
        assert_same_bits(np.concatenate(got, 1), want, "three streams")
        state = stream.state[0]
        for wrong, message in (
            (np.full((3, 2), 7), "x holds the token 7; tokens should be from 0 to 6"),
            ([1, -1, 1], "x holds the token -1"),
            ([1, 0.5, 1], "x holds numbers that are not whole"),
            (x[:, :, np.newaxis], r"it should be \(3,\) for a step or \(3, time\) for a block"),
        ):
            with pytest.raises(ValueError, match=message):
                stream(wrong)
        assert_same_bits(stream.state[0], state, "the state after errors")


def test_numbers_of_a_model_with_one_feature():
    model = model_of("gru", features=1)
    x = data_of(1, 4, 1)
    stream = model.stream()
    got = [stream(float(value)) for value in x[0, :, 0]]
    assert_same_bits(np.array(got), model.predict(x)[0], "numbers")


def test_answers_that_are_kept_stay_and_others_are_filled_again():
    model, x = model_of("gru"), data_of(1, 50)
    want = model.predict(x)[0]
    stream = model.stream()
    kept = [stream(step) for step in x[0]]
    assert_same_bits(np.array(kept), want, "kept answers")
    addresses = set()
    stream.reset()
    for step in x[0]:
        y = stream(step)
        addresses.add(y.ctypes.data)
    assert len(addresses) <= 3
    # A part of an answer holds the whole; so does what another name calls it.
    stream.reset()
    parts = [stream(step)[1:2] for step in x[0]]
    assert_same_bits(np.array(parts), want[:, 1:2], "parts")
    # What somebody has done to an answer is not handed on.
    y = stream(x[0, 0])
    y.resize((3, 1), refcheck=False)
    y.flags.writeable = False
    del y
    answers = [stream(x[0, 0]) for _ in range(6)]
    assert all(y.shape == (3,) and y.flags.writeable for y in answers)


def test_out():
    model, x = model_of("gru"), data_of(2, 9)
    want = model.predict(x)
    whole = np.zeros((2, 18, 6), np.float32)
    out = whole[:, ::2, ::-2]
    assert model.stream(2)(x, out=out) is out
    assert_same_bits(out, want, "strides")
    out = np.empty(3, np.float32)
    assert model.stream()(x[0, 0], out) is out
    assert_same_bits(out, want[0, 0], "a step")
    same = x.copy()  # answers and input of one shape in one place
    model.stream(2)(same, out=same)
    assert_same_bits(same, want, "in place")
    shifted = np.zeros((30, 3), np.float32)
    shifted[:9] = x[0]
    model.stream()(shifted[:9], out=shifted[1:10])
    assert_same_bits(shifted[1:10], want[0], "shifted by a step")
    for wrong, error, message in (
        (np.empty(3), ValueError, r"out is float64 of shape \(3,\); it should be float32"),
        (np.empty((1, 3), np.float32), ValueError, r"it should be float32 of shape \(3,\)"),
        ([0.0] * 3, TypeError, "out is of type list; it should be an array"),
        (np.broadcast_to(np.float32(0), 3), ValueError, "out is read-only"),
    ):
        stream = model.stream()
        with pytest.raises(error, match=message):
            stream(x[0, 0], out=wrong)
        assert not stream.state[0].any(), "the state has moved on"


def test_reset():
    model, x = model_of("stack"), data_of(4, 10)
    want = model.predict(x)
    stream = model.stream(4)
    for _ in range(2):
        assert_same_bits(stream(x), want, "after a reset")
        stream.reset()
    assert all(not state.any() for state in stream.state)
    stream(x)
    stream.reset([1, 3])
    got = stream(x)
    assert_same_bits(got[[1, 3]], want[[1, 3]], "those that begin anew")
    assert (got[[0, 2]] != want[[0, 2]]).any()
    stream.reset(np.array([True, False, True, True]))
    stream.reset(1)
    assert_same_bits(stream(x), want, "all of them")
    with pytest.raises(IndexError):
        stream.reset(4)
    with pytest.raises(ValueError, match="index is 0; it should be left out"):
        model.stream().reset(0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODELS)
def test_a_nan_stays_in_its_stream_and_can_be_found_and_reset(name, dtype):
    model = model_of(name, dtype=dtype)
    x, later = data_of(3, 9, dtype=dtype), -data_of(3, 6, dtype=dtype)
    bad = x.copy()
    bad[1, 4, 0] = np.nan
    stream, healthy = model.stream(3), model.stream(3)
    assert stream.isfinite().tolist() == [True, True, True]
    got, want = stream(bad), healthy(x)
    assert_same_bits(got, model.predict(bad), "as predict")
    assert_same_bits(got[[0, 2]], want[[0, 2]], "the other streams")
    assert_same_bits(got[1, :4], want[1, :4], "the steps before")
    assert stream.isfinite().tolist() == [True, False, True]
    assert np.isnan(stream.state[-1][1]).all()
    got, want = stream(later), healthy(later)
    assert_same_bits(got[[0, 2]], want[[0, 2]], "the others go on")
    assert stream.isfinite().tolist() == [True, False, True], "the NaN has gone by itself"
    stream.reset(~stream.isfinite())
    assert stream.isfinite().all()
    got, want = stream(x), healthy(x)
    assert_same_bits(got[[0, 2]], want[[0, 2]], "the others, after the reset of one")
    assert_same_bits(got[1], model.predict(x)[1], "the one that was reset")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_stream_that_is_not_finite(value):
    model = model_of([SimpleRNN(4, activation="tanh", return_sequences=True)])
    stream, x = model.stream(), data_of(1, 5)[0]
    assert stream.isfinite() is True
    stream.state = [np.array([0, value, 0, 0])]
    assert stream.isfinite() is False
    stream.reset()
    assert stream.isfinite() is True
    assert_same_bits(stream(x), model.predict(x[np.newaxis])[0], "after a reset")


@pytest.mark.parametrize(("name", "units"), [("stack", [11, 9, 5]), ("lstm", [11, 11])])
def test_states_go_from_stream_to_stream(name, units):
    model, x = model_of(name), data_of(2, 20)
    want = model.predict(x)
    for stream, other, given, wanted in (
        (model.stream(), model.stream(), x[0], want[0]),
        (model.stream(2), model.stream(2), x, want),
    ):
        stream(given[..., :8, :])
        state = stream.state
        assert [s.shape[-1] for s in state] == units
        twin, third = stream.copy(), copy.deepcopy(stream)
        stream(given[..., :3, :])  # goes its own way
        other.state = state
        for same in (other, twin, third, copy.copy(twin)):
            assert_same_bits(same(given[..., 8:, :]), wanted[..., 8:, :], "the rest")


def test_a_state_that_does_not_fit():
    stream = model_of("stack").stream()
    stream(np.ones(3))
    before = stream.state
    good = [np.zeros_like(state) for state in before]
    with pytest.raises(ValueError, match=r"shapes \[\(11,\)\]; they should be \[\(11,\), \(9,\)"):
        stream.state = good[:1]
    with pytest.raises(ValueError, match="they should be"):
        stream.state = [good[0], good[1], good[2][np.newaxis]]
    with pytest.raises(TypeError, match="state holds complex128; it should be real numbers"):
        stream.state = [good[0], good[1], good[2].astype(complex)]
    assert_same_bits(dict(enumerate(stream.state)), dict(enumerate(before)), "the state")


def test_weights_are_those_of_when_it_was_made():
    model, x = model_of("gru"), data_of(1, 6)
    stream, want = model.stream(), model.predict(x)[0]
    model.set_weights([w * 2 for w in model.get_weights()])
    assert_same_bits(stream(x[0]), want, "before")
    assert_same_bits(model.stream()(x[0]), model.predict(x)[0], "after")


@pytest.mark.parametrize(
    ("streams", "x", "message"),
    [
        (None, np.zeros(2), r"x has shape \(2,\); it should be \(3,\) for a step or \(time, 3\)"),
        (None, np.zeros((1, 4, 3)), r"x has shape \(1, 4, 3\); it should be \(3,\) for a step"),
        (None, 0.5, r"x has shape \(\); it should be \(3,\)"),
        (2, np.zeros(3), r"x has shape \(3,\); it should be \(2, 3\) .* or \(2, time, 3\) for"),
        (2, np.zeros((4, 3)), r"x has shape \(4, 3\); it should be \(2, 3\) for a step"),
        (2, np.zeros((3, 4, 3)), r"x has shape \(3, 4, 3\); it should be"),
        (None, [[1, 2, 3], [4]], "x cannot be read as an array"),
    ],
)
def test_a_wrong_shape(streams, x, message):
    stream = model_of("gru").stream(streams)
    with pytest.raises(ValueError, match=message):
        stream(x)
    assert not stream.state[0].any()


@pytest.mark.parametrize("x", [np.zeros(3, "f2"), np.zeros(3, complex), "abc", None, [None] * 3])
def test_a_wrong_type(x):
    with pytest.raises(TypeError, match="it should be float32, float64 or integers"):
        model_of("gru").stream()(x)


def test_dates_are_no_numbers():
    with pytest.raises(TypeError, match="x is of type datetime64"):
        model_of("gru").stream()(np.zeros(3, "M8[s]"))


def test_an_empty_block():
    stream = model_of("gru").stream()
    assert stream(np.zeros((0, 3), np.float32)).shape == (0, 3)
    assert model_of("gru").stream(2)(np.zeros((2, 0, 3))).shape == (2, 0, 3)


def test_models_that_cannot_run_in_a_stream():
    for layers, message in (
        ([GRU(4, go_backwards=True, name="back")], "back cannot run in a stream: .*go_backwards"),
        ([Masking(), GRU(4)], "masking_1 cannot run in a stream"),
        ([Bidirectional(GRU(4), name="both")], "both cannot run in a stream"),
    ):
        with pytest.raises(ValueError, match=message):
            model_of(layers).stream()
    with pytest.raises(ValueError, match=r"input of the model has shape \(None, 5\)"):
        Sequential([Input((5,)), Dense(2)]).stream()
    x = Input((None, 2))
    states = GRU(3, return_sequences=True)(x)
    with pytest.raises(ValueError, match="the model has 1 inputs and 2 outputs"):
        Model(x, [states, Dense(2)(states)]).stream()
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"streams is {wrong}; it should be at least 1"):
            model_of("gru").stream(wrong)
    with pytest.raises(TypeError, match=r"streams is 2\.0; it should be an integer"):
        model_of("gru").stream(2.0)
    with pytest.raises(RuntimeError, match="the shape of the input is unknown"):
        Sequential([GRU(3)]).stream()
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(model_of("gru").stream())


def test_memory_stays_flat():
    model = model_of("stack")
    stream, many = model.stream(), model.stream(4)
    step, block = np.zeros(3, np.float32), np.zeros((4, 5, 3), np.float32)
    out = np.empty(4, np.float32)

    def run(times):
        for _ in range(times):
            stream(step)
            stream(step, out)
            many(block)

    run(10)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run(30_000)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before < 4096
    assert peak - before < 16384


def test_two_threads_cannot_use_one_stream_at_once():
    model = model_of("gru", units=200)
    stream, x = model.stream(), data_of(1, 30_000)[0]
    thread = threading.Thread(target=stream, args=(x,))
    thread.start()

    def meddle():
        while thread.is_alive():
            stream.reset()

    with pytest.raises(RuntimeError, match="in the middle of a call; a stream is for one thread"):
        meddle()
    thread.join()


def test_streams_of_one_model_run_side_by_side():
    model, x = model_of("gru", units=40), data_of(8, 300)
    want, got = model.predict(x), [None] * 8

    def run(index):
        stream = model.stream()
        got[index] = fed(stream, x[index], [0] * 50 + [250])

    threads = [threading.Thread(target=run, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_same_bits(np.array(got), want, "threads")


class Fragile(Layer):
    """Refuses a 7 anywhere in what it is given."""

    is_per_step = True

    def call(self, inputs):
        if (inputs == 7).any():
            raise FloatingPointError("a 7")
        return inputs * 2

    def compute_output_shape(self, input_shape):
        return input_shape


class FragileSum(Fragile):
    """As above, of two inputs, which it adds."""

    takes_several = True

    def call(self, inputs):
        return super().call(inputs[0]) + inputs[1]

    def compute_output_shape(self, input_shape):
        return input_shape[0]


@pytest.mark.parametrize("takes", ["one input", "two inputs"])
def test_an_error_in_a_layer_of_ones_own_is_raised_and_changes_nothing(takes):
    x = Input((None, 2))
    states = GRU(2, return_sequences=True)(x)
    last = Fragile()(x) if takes == "one input" else FragileSum()([x, states])
    last = Add()([last, GRU(2, return_sequences=True)(last)])
    stream = Model(x, last).stream()
    data = data_of(1, 300, 2)[0]
    stream(data[:10])
    before = stream.state
    wrong = data.copy()
    wrong[250] = 7
    for block in (wrong, wrong[250]):
        with pytest.raises(FloatingPointError, match="a 7"):
            stream(block)
        assert_same_bits(stream.state, before)
    fresh = Model(x, last).stream()
    fresh(data[:10])
    assert_same_bits(stream(data[10:]), fresh(data[10:]))
    assert_same_bits(stream.copy()(data[0]), fresh(data[0]))


def test_out_that_overlaps_what_is_read_after_it():
    stream = model_of([Dense(3)]).stream()
    data = data_of(1, 5000)[0]
    want = model_of([Dense(3)]).stream()(data)
    memory = np.empty((5001, 3), np.float32)
    memory[:-1] = data
    assert_same_bits(stream(memory[:-1], memory[1:]), want)
