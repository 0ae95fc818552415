"""Initial states that are weights: in sequences, in streams, in files, and how they learn."""

import numpy as np
import pytest

from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Input, Masking, SimpleRNN
from fastrnn.models import Model, Sequential, load_model
from tests.tolerances import CENTRAL_DIFFERENCES

CELLS = {
    "rnn": lambda **options: SimpleRNN(4, **options),
    "gru": lambda **options: GRU(4, reset_after=True, **options),
    "lstm": lambda **options: LSTM(4, **options),
}


def model_of(cell, wrapped=lambda layer: layer, before=(), **options):
    """Return a model in float64 whose initial states are not zero."""
    layer = CELLS[cell](learn_initial_state=True, return_sequences=True, **options)
    x = Input((None, 2), dtype="float64")
    model = Sequential([x, *before, wrapped(layer), Dense(3)])
    model.compile("adam", "mse")
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    return model


def x_and_y(samples=3, steps=5):
    rng = np.random.default_rng(6)
    return rng.normal(size=(samples, steps, 2)), rng.normal(size=(samples, steps, 3))


@pytest.mark.parametrize("cell", CELLS)
def test_sequences_begin_with_the_weights(cell):
    model, (x, _) = model_of(cell), x_and_y()
    layer = model.layers[-2]
    states = [p.value for p in layer.parameters if p.name.startswith("initial_")]
    assert len(states) == layer.state_count
    given = CELLS[cell](return_sequences=True)
    inputs = [Input((None, 2), dtype="float64"), *(Input((4,), dtype="float64") for _ in states)]
    other = Model(inputs, given(inputs[0], initial_state=inputs[1:]))
    other.set_weights(layer.get_weights()[:3])
    wanted = other.predict([x, *(np.tile(state, (len(x), 1)) for state in states)], verbose=0)
    found = Model(model.inputs, layer.output).predict(x, verbose=0)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_match_central_differences(cell, both, masked):
    wrapped = Bidirectional if both else (lambda layer: layer)
    model = model_of(cell, wrapped, [Masking()] if masked else [])
    x, y = x_and_y()
    if masked:
        x[0, 3:] = 0
    gradients = model.compute_gradients(x, y)
    weights = model.get_weights()
    step = 1e-6
    for place, weight in enumerate(weights):
        if weight.shape != (4,):
            continue
        for index in range(4):
            losses = []
            for sign in (1, -1):
                moved = [w.copy() for w in weights]
                moved[place][index] += sign * step
                model.set_weights(moved)
                losses.append(model.evaluate(x, y, verbose=0))
            slope = (losses[0] - losses[1]) / (2 * step)
            assert abs(slope - gradients[place][index]) < CENTRAL_DIFFERENCES


@pytest.mark.parametrize("cell", CELLS)
def test_a_stream_begins_with_them_and_does_so_again_after_a_reset(cell):
    model, (x, _) = model_of(cell), x_and_y(3)
    wanted = model.predict(x, verbose=0)
    stream = model.stream(3)
    for _ in range(2):
        found = np.stack([stream(x[:, t]) for t in range(x.shape[1])], 1)
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)
        stream.reset()
    stream(x[:, 0])
    stream.reset([1])
    twin = stream.copy()
    twin.reset()
    np.testing.assert_allclose(stream(x[:, 0])[1], wanted[1, 0], rtol=1e-13)
    np.testing.assert_allclose(twin(x[:, 0]), wanted[:, 0], rtol=1e-13)


def test_a_stateful_layer_begins_with_them_once():
    model, (x, _) = model_of("lstm", stateful=True), x_and_y(2, 6)
    whole = model.predict(x, verbose=0)
    model.reset_states()
    halves = [model.predict(x[:, part], verbose=0) for part in (slice(0, 2), slice(2, 6))]
    np.testing.assert_allclose(np.concatenate(halves, 1), whole, rtol=1e-12)


def test_they_are_trained_and_saved(tmp_path):
    model, (x, y) = model_of("lstm"), x_and_y(8)
    before = model.get_weights()
    model.fit(x, y, epochs=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_layers_without_them_are_written_as_before():
    assert "learn_initial_state" not in LSTM(3).get_config()
    assert LSTM(3, learn_initial_state=True).get_config()["learn_initial_state"] is True
