"""States in and out: initial states, last states, states that are kept from batch to batch."""

import numpy as np
import pytest

from fastrnn import seeding
from fastrnn.layers import Bidirectional, Dense, Input, Masking
from fastrnn.models import Model, Sequential, load_model
from fastrnn.optimizers import SGD
from tests.compare import assert_close
from tests.tolerances import PARITY

from .recurrent import RECURRENT
from .test_gradients import assert_gradients_are_differences, randomised
from .test_masks import LENGTHS, ragged

RNG = np.random.default_rng(61)
BATCH, TIME = 4, 12
X, Y = RNG.normal(size=(BATCH, TIME, 3)), RNG.normal(size=(BATCH, TIME, 2))


def stateful(cell, **options):
    return Sequential(
        [
            Input((None, 3), dtype="float64", **options),
            RECURRENT[cell](5, return_sequences=True, stateful=True),
            RECURRENT[cell](4, return_sequences=True, stateful=True),
            Dense(2),
        ]
    )


def windows(array, length):
    """Return pieces of all samples, one window after the other."""
    pieces = [array[:, start : start + length] for start in range(0, TIME, length)]
    return np.concatenate(pieces)


@pytest.mark.parametrize("cell", RECURRENT)
def test_the_last_state_comes_out(cell):
    x, _ = ragged(RNG)
    data = Input((None, 3), dtype="float64")
    made = RECURRENT[cell](5, return_sequences=True, return_state=True)
    output, *states = made(Masking()(data))
    assert [state.shape for state in states] == [(None, 5)] * made.state_count
    sequence, *last = Model(data, [output, *states]).predict(x)
    for one, length in enumerate(LENGTHS):
        expected = sequence[one, length - 1] if length else np.zeros(5)
        np.testing.assert_array_equal(last[0][one], expected)


@pytest.mark.parametrize("cell", RECURRENT)
def test_two_halves_are_a_whole(cell):
    data = Input((None, 3), dtype="float64")
    made = RECURRENT[cell](5, return_sequences=True, return_state=True)
    begins = [Input((5,), dtype="float64", name=f"begin_{i}") for i in range(made.state_count)]
    whole = Model(data, made(data))
    rest = Model([data, *begins], made(data, initial_state=begins))
    first, *states = whole.predict(X[:, :5])
    second, *last = rest.predict([X[:, 5:], *states])
    expected, *expected_last = whole.predict(X)
    assert_close(np.concatenate([first, second], axis=1), expected, PARITY)
    assert_close(last, expected_last, PARITY)


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_go_to_the_initial_state(cell, masked):
    """It is made of a layer, whose weights only see the loss through it."""
    x, _ = ragged(RNG)
    data, seed = Input((None, 3), dtype="float64"), Input((2,), dtype="float64")
    made = RECURRENT[cell](3, return_sequences=True, return_state=True)
    begins = [Dense(3, "tanh")(seed) for _ in range(made.state_count)]
    output, *last = made(Masking()(data) if masked else data, initial_state=begins)
    model = randomised(Model([data, seed], [output, *last]), RNG)
    model.compile("sgd", "mse")
    y = [RNG.normal(size=(len(x), 7, 3)), *(RNG.normal(size=(len(x), 3)) for _ in last)]
    assert_gradients_are_differences(model, [x, RNG.normal(size=(len(x), 2))], y)


@pytest.mark.parametrize("cell", RECURRENT)
def test_a_stateful_layer_goes_on_where_it_was(cell):
    model = stateful(cell)
    expected = model.predict(X)
    model.reset_states()
    found = [model.predict(X[:, t : t + 3]) for t in range(0, TIME, 3)]
    assert_close(np.concatenate(found, axis=1), expected, PARITY)
    again = model.predict(X[:, :3])
    assert not np.allclose(again, expected[:, :3])
    model.reset_states()
    assert_close(model.predict(X[:, :3]), np.ascontiguousarray(expected[:, :3]), PARITY)
    model.reset_states()
    one_call = model.predict(windows(X, 3), batch_size=BATCH)
    assert_close(one_call, windows(expected, 3), PARITY)


@pytest.mark.parametrize("cell", RECURRENT)
def test_states_can_be_set(cell):
    model = stateful(cell)
    model.predict(X)
    kept = [[state.copy() for state in layer.states] for layer in model.layers[:2]]
    expected = model.predict(X)
    for layer, states in zip(model.layers, kept, strict=False):
        layer.reset_states(states)
        states[0][:] = 7  # they were copied
    assert_close(model.predict(X), expected, PARITY)


@pytest.mark.parametrize("cell", RECURRENT)
def test_truncated_backpropagation(cell):
    """A fit on windows is steps by hand, each from the states that the one before ended with."""
    model = stateful(cell, batch_size=BATCH)
    model.compile(SGD(0.1), "mse")
    end = data = Input((None, 3), dtype="float64")
    begins, ends = [], []
    for units in (5, 4):
        layer = RECURRENT[cell](units, return_sequences=True, return_state=True)
        begin = [Input((units,), dtype="float64") for _ in range(layer.state_count)]
        end, *last = layer(end, initial_state=begin)
        begins += begin
        ends += last
    by_hand = Model([data, *begins], [Dense(2)(end), *ends])
    by_hand.compile("sgd", ["mse", *[None] * len(ends)])
    by_hand.set_weights(model.get_weights())
    model.fit(windows(X, 4), windows(Y, 4), shuffle=False, verbose=0)
    states = [np.zeros((BATCH, *begin.shape[1:])) for begin in begins]
    for t in range(0, TIME, 4):
        given = [X[:, t : t + 4], *states]
        gradients = by_hand.compute_gradients(given, Y[:, t : t + 4])
        _, *states = by_hand.predict(given)
        pairs = zip(by_hand.get_weights(), gradients, strict=True)
        by_hand.set_weights([weight - 0.1 * gradient for weight, gradient in pairs])
    assert_close(model.get_weights(), by_hand.get_weights(), PARITY)


def test_stateful_models_live_in_files(tmp_path):
    model = stateful("gru", batch_size=BATCH)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.get_config() == model.get_config()
    assert again.input_shape == (BATCH, None, 3)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert not np.array_equal(again.predict(X), again.predict(X))


def test_both_directions_may_be_stateful():
    model = Sequential([Input((None, 3)), Bidirectional(RECURRENT["rnn"](4, stateful=True))])
    first = model.predict(X)
    assert not np.array_equal(model.predict(X), first)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X), first)


def test_a_batch_shape():
    data = Input(batch_shape=(BATCH, None, 3))
    assert data.shape == (BATCH, None, 3)
    assert RECURRENT["gru"](2)(data).shape == (BATCH, 2)
    layer = RECURRENT["gru"](2, stateful=True, batch_input_shape=(BATCH, None, 3))
    assert Sequential([layer]).input_shape == (BATCH, None, 3)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda m: m.predict(X[:3]), "x has 3 samples; the model's batches have 4"),
        (lambda m: m.predict(X, batch_size=2), "batch_size is 2; the model's input says 4"),
        (
            lambda m: m.layers[0].reset_states(np.zeros((4, 3))),
            r"1 of shape \(batch, 5\)",
        ),
        (lambda m: RECURRENT["rnn"](2).reset_states(), "keeps no state; give it stateful=True"),
        (lambda m: Input((3,), batch_size=0), "batch_size of Input is 0"),
        (lambda m: Input((3,), batch_shape=(1, 3)), "should be left out"),
    ],
)
def test_errors(act, message):
    with pytest.raises(ValueError, match=message):
        act(stateful("rnn", batch_size=BATCH))


def test_batches_of_a_stateful_model_are_of_one_size():
    model = stateful("rnn")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="batch_size is 3 for 4 samples, so the last batch is sma"):
        model.fit(X, Y, batch_size=3, verbose=0)
    model.predict(X)
    with pytest.raises(ValueError, match="holds the states of 4 samples, and the batch has 2"):
        model.predict(X[:2])
    model.reset_states()
    model.predict(X[:2])


def test_training_is_the_same_for_the_same_seed():
    def weights():
        seeding.set_seed(3)
        model = stateful("gru", batch_size=BATCH)
        model.compile("adam", "mse")
        model.fit(windows(X, 3), windows(Y, 3), shuffle=False, epochs=2, verbose=0)
        return model.get_weights()

    assert_close(weights(), weights(), 0.0)
