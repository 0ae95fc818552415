"""Integers as input: embeddings, and one-hot rows that are never made."""

import numpy as np
import pytest

from fastrnn.layers import Activation, CategoryEncoding, Dense, Embedding, Input
from fastrnn.models import Model, Sequential, load_model
from tests.compare import assert_close
from tests.tolerances import PARITY

from .recurrent import RECURRENT
from .test_gradients import assert_gradients_are_differences, randomised

RNG = np.random.default_rng(41)
TOKENS, TARGETS = RNG.integers(0, 7, (5, 6)), RNG.normal(size=(5, 6, 2))


def model_of(*layers, dtype="float64", compiled=True):
    model = Sequential([Input((None,), dtype=dtype), *layers])
    if compiled:
        model.compile("sgd", "mse")
    return randomised(model, np.random.default_rng(42))


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("backwards", [False, True])
def test_one_hot_rows_are_gathered(cell, backwards):
    made, again = (
        RECURRENT[cell](5, return_sequences=True, go_backwards=backwards) for _ in range(2)
    )
    gathering = model_of(CategoryEncoding(7), made, Dense(2))
    rows = Sequential([Input((None, 7), dtype="float64"), again, Dense(2)])
    rows.compile("sgd", "mse")
    rows.set_weights(gathering.get_weights())
    x = np.eye(7)[TOKENS]
    assert_close(gathering.predict(TOKENS), rows.predict(x), PARITY)
    assert_close(
        gathering.compute_gradients(TOKENS, TARGETS), rows.compute_gradients(x, TARGETS), PARITY
    )


def test_one_hot_rows_are_made_where_a_layer_reads_them():
    model = Sequential([Input((None,)), CategoryEncoding(7)])
    np.testing.assert_array_equal(model.predict(TOKENS), np.eye(7)[TOKENS])
    model = model_of(CategoryEncoding(7), Activation("tanh"), Dense(2))
    assert_gradients_are_differences(model, TOKENS, TARGETS)


def test_a_mask_beside_one_hot_tokens():
    counts = RNG.random(TOKENS.shape) < 0.6
    tokens = Input((None,), dtype="int32")
    which = Input((None,), dtype="bool")
    made = RECURRENT["gru"](4, return_sequences=True, dtype="float64")
    model = Model([tokens, which], made(CategoryEncoding(7, dtype="float64")(tokens), mask=which))
    rows = Input((None, 7), dtype="float64")
    other = Model([rows, which], made(rows, mask=which))
    found = model.predict([TOKENS, counts])
    np.testing.assert_allclose(found, other.predict([np.eye(7)[TOKENS], counts]), rtol=1e-12)
    assert not found[~counts].any()


@pytest.mark.parametrize("cell", RECURRENT)
@pytest.mark.parametrize("mask_zero", [False, True])
def test_gradients_of_an_embedding(cell, mask_zero):
    model = model_of(
        Embedding(7, 3, mask_zero=mask_zero), RECURRENT[cell](4, return_sequences=True), Dense(2)
    )
    table, *others = model.get_weights()
    model.set_weights([table, *others])
    found = model.compute_gradients(TOKENS, TARGETS)[0]
    if mask_zero:  # its vector is never looked at
        assert not found[0].any()
        assert found[1:].all()
        model.set_weights([np.full_like(table, 0.3), *others])
        before = model.predict(TOKENS)
        table = np.full_like(table, 0.3)
        table[0] = 9
        model.set_weights([table, *others])
        np.testing.assert_array_equal(model.predict(TOKENS), before)
        assert not before[TOKENS == 0].any()
    else:
        assert_gradients_are_differences(model, TOKENS, TARGETS)


def test_an_embedding_is_a_table_of_vectors():
    model = Sequential([Input((6,), dtype="int64"), Embedding(7, 3)])
    table = model.get_weights()[0]
    assert np.abs(table).max() <= 0.05
    np.testing.assert_array_equal(model.predict(TOKENS), table[TOKENS])
    for same in (TOKENS.astype(np.uint8), TOKENS.astype(float), TOKENS.tolist(), TOKENS[..., None]):
        np.testing.assert_array_equal(model.predict(same), table[TOKENS])


def test_unbuilt_models_see_that_they_get_tokens():
    model = Sequential([Embedding(7, 3), RECURRENT["gru"](4), Dense(1)])
    assert model.predict(TOKENS).shape == (5, 1)
    assert model.predict(TOKENS[:, :2]).shape == (5, 1)
    model = Sequential([Embedding(7, 3, input_length=6), RECURRENT["gru"](4)])
    assert model.input_shape == (None, 6)


@pytest.mark.parametrize("first", [Embedding(7, 3, mask_zero=True), CategoryEncoding(7)])
def test_they_learn_and_live_in_files(tmp_path, first):
    model = model_of(first, RECURRENT["gru"](8), Dense(1), dtype="int32", compiled=False)
    model.compile("adam", "mse")
    y = (TOKENS == 3).sum(axis=1)
    model.fit(TOKENS, y, epochs=3, batch_size=2, verbose=0)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(TOKENS), model.predict(TOKENS))
    assert again.get_config() == model.get_config()


@pytest.mark.parametrize("first", [Embedding(7, 3), CategoryEncoding(7)])
@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        (TOKENS + 1, ValueError, r"x holds the token 7 at \[\d, \d\]; .* is 7, .* of 0 to 6"),
        (TOKENS - 1, ValueError, "x holds the token -1"),
        (TOKENS + 0.5, ValueError, "tokens should be whole numbers"),
        (np.full((2, 6), np.nan), ValueError, "x holds nan"),
        (TOKENS[0], ValueError, r"x has shape \(6,\); it should be \(samples, time\)"),
        (np.zeros((2, 0)), ValueError, "one step or more"),
        (np.full((2, 6), "a"), TypeError, "x is of type"),
    ],
)
def test_what_is_no_token(first, tokens, error, message):
    model = model_of(first, RECURRENT["rnn"](2), Dense(2), compiled=False)
    with pytest.raises(error, match=message):
        model.predict(tokens)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Embedding(0, 3), ValueError, "input_dim of Embedding is 0"),
        (lambda: Embedding(3, 2.5), TypeError, "output_dim of Embedding is 2.5"),
        (lambda: CategoryEncoding(3, "count"), ValueError, "output_mode"),
        (lambda: Embedding(3, 2)(Dense(2)(Input((4,)))), ValueError, "straight from the data"),
        (
            lambda: Model(x := Input((4,)), [Embedding(3, 2)(x), Dense(2)(x)]),
            ValueError,
            "give each an Input of its own",
        ),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_rows_are_made_whoever_reads_them_and_when():
    """Nobody has read them before the first batch, where nothing stands behind the layer."""
    tokens = np.array([[0, 2, 1], [3, 3, 0]])
    rows = np.eye(4, dtype=np.float32)
    np.testing.assert_array_equal(CategoryEncoding(4)(tokens), rows[tokens])
    inputs = Input((None,), dtype="int32")
    model = Model(inputs, CategoryEncoding(4)(inputs))
    for batch in (tokens, tokens[::-1], 3 - tokens):
        np.testing.assert_array_equal(model.predict(batch, verbose=0), rows[batch])
