"""The memory of workspaces: freed when a call returns, whatever it held before."""

import gc

import numpy as np
import pytest

import fastrnn
from fastrnn._core import recycled
from fastrnn.layers import (
    GRU,
    LSTM,
    MGU,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv1D,
    Dense,
    Embedding,
    Input,
    Masking,
    MaxPooling1D,
    SimpleRNN,
    TimeDistributed,
)
from fastrnn.models import Model, Sequential, batch
from fastrnn.workspace import Workspace
from tests.compare import assert_same_bits

STEPS, FEATURES = 40, 3


def chain(*layers):
    return Sequential([Input((STEPS, FEATURES)), *layers])


def with_states():
    x = Input((STEPS, FEATURES))
    y, h, c = LSTM(5, return_sequences=True, return_state=True)(x)
    return Model(x, Concatenate()([GRU(4)(y, initial_state=Dense(4)(h)), c]))


def over_parts():
    x = Input((STEPS, FEATURES, 1))
    return Model(x, TimeDistributed(LSTM(4))(x))


MODELS = {
    "rnn": lambda: chain(SimpleRNN(5)),
    "gru": lambda: chain(GRU(5, return_sequences=True), GRU(9, reset_after=False)),
    "lstm": lambda: chain(LSTM(70, return_sequences=True), TimeDistributed(Dense(3))),
    "mgu": lambda: chain(MGU(5)),
    "masked": lambda: chain(Masking(), LSTM(5, return_sequences=True), GRU(4)),
    "both ways": lambda: chain(Bidirectional(LSTM(5, recurrent_dropout=0.2)), Dense(2, "softmax")),
    "convolution": lambda: chain(Conv1D(4, 3), MaxPooling1D(2), BatchNormalization(), LSTM(4)),
    "states": with_states,
    "parts": over_parts,
    "tokens": lambda: Sequential([Input((STEPS,)), Embedding(9, 6, mask_zero=True), LSTM(5)]),
    "nested": lambda: chain(chain(LSTM(5, return_sequences=True)), GRU(4)),
}


def compiled(name):
    fastrnn.utils.set_random_seed(0)
    model = MODELS[name]()
    model.compile("sgd", "mse")
    return model


def data(model, samples=64):
    rng = np.random.default_rng(0)
    shape = (samples, *model.input_shape[1:])
    if len(shape) == 2:
        return rng.integers(0, 9, shape)
    x = rng.standard_normal(shape).astype(np.float32)
    x[::3, STEPS // 2 :] = 0  # masked, in the model that masks
    return x


def workspaces():
    # The types alone: isinstance would run code of objects of other packages.
    return [each for each in gc.get_objects() if issubclass(type(each), Workspace)]


@pytest.mark.parametrize("name", MODELS)
def test_it_is_free_when_a_prediction_returns(name, monkeypatch):
    monkeypatch.setattr(batch, "MOST_NUMBERS_KEPT", 0)
    model = compiled(name)
    x = data(model)
    model.predict(x, verbose=0)
    gc.collect()
    gc.disable()
    try:
        before = {id(each) for each in workspaces()}
        model.predict(x, verbose=0)
        left = [type(each).__name__ for each in workspaces() if id(each) not in before]
    finally:
        gc.enable()
    assert left == []


@pytest.fixture
def poison():
    """Return a function that fills what arrays are made of with NaN, from now on."""
    yield lambda: recycled.fill_scratch(255)
    recycled.fill_scratch(-1)


@pytest.mark.parametrize("name", MODELS)
def test_what_it_held_before_changes_nothing(name, poison):
    found = []
    for prepare in (recycled.release, poison):
        model = compiled(name)
        # Large enough that the states and gates have memory of their own.
        x = data(model, 512)
        prepare()
        predicted = model.predict(x, batch_size=512, verbose=0)
        # A batch of another shape has memory of its own.
        y = np.zeros((511, *model.output_shape[1:]), np.float32)
        losses = [model.train_on_batch(x[:511], y) for _ in range(2)]
        found.append([predicted, np.array(losses), *model.get_weights()])
        assert all(np.isfinite(array).all() for array in found[-1])
    assert_same_bits(found[1], found[0])


def test_the_next_prediction_uses_it(monkeypatch):
    monkeypatch.setattr(batch, "MOST_NUMBERS_KEPT", 0)
    model = compiled("lstm")
    x = data(model, 512)
    recycled.release()
    kept = []
    for _ in range(3):
        model.predict(x, batch_size=512, verbose=0)
        kept.append(recycled.kept_bytes())
    # Six arrays of 70 units for each step, among others, and each time the same.
    assert kept[0] >= 6 * 512 * STEPS * 70 * 4
    assert kept[0] == kept[1] == kept[2]
