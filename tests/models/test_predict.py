"""Predictions in memory that is kept between calls: weights of now, bits, threads."""

import copy
import pickle
import threading

import numpy as np
import pytest

from fastrnn.layers import GRU, Dense, Input
from fastrnn.models import Model, Sequential
from tests.compare import assert_same_bits


def model_of():
    return Sequential([Input((None, 2)), GRU(9, return_sequences=True), Dense(3)])


def fresh(model, x):
    """Return what a model without any memory from before answers."""
    other = model_of()
    other.set_weights(model.get_weights())
    return other.predict(x)


@pytest.fixture
def x():
    return np.random.default_rng(1).standard_normal((4, 6, 2)).astype(np.float32)


def test_weights_that_change_between_predictions(x):
    model, y = model_of(), np.zeros((4, 6, 3), np.float32)
    model.predict(x)
    model.set_weights([w + 0.1 for w in model.get_weights()])
    assert_same_bits(model.predict(x), fresh(model, x), "after set_weights")
    model.compile("adam", "mse")
    assert_same_bits(model.predict(x), fresh(model, x), "after compile")
    model.fit(x, y, verbose=0)
    # All weights live in the trainer's vector now.
    assert_same_bits(model.predict(x), fresh(model, x), "after fit")
    model.fit(x, y, verbose=0)
    assert_same_bits(model.predict(x), fresh(model, x), "after another")
    longer = Sequential([*model.layers, Dense(2)])
    longer.compile("sgd", "mse")
    longer.fit(x, y[..., :2], verbose=0)
    assert_same_bits(model.predict(x), fresh(model, x), "after a fit of another with its layers")


def test_copies_do_not_share_memory(x):
    model = model_of()
    model.predict(x)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin.set_weights([w * 2 for w in twin.get_weights()])
        assert_same_bits(twin.predict(x), fresh(twin, x), "the copy")
    assert_same_bits(model.predict(x), fresh(model, x), "the model")


def test_a_layer_more(x):
    model = model_of()
    model.predict(x)
    model.add(Dense(2))
    assert model.predict(x).shape == (4, 6, 2)


def test_shapes_in_turn(x):
    model = model_of()
    want = model.predict(x)
    for samples, steps in ((1, 6), (4, 1), (3, 5), (1, 6), (4, 6), (2, 2)) * 3:
        got = model.predict(x[:samples, :steps])
        assert_same_bits(got, want[:samples, :steps], f"{samples} samples, {steps} steps")


def test_threads(x):
    model = model_of()
    data = np.random.default_rng(2).standard_normal((16, 10, 6, 2)).astype(np.float32)
    want = [fresh(model, part) for part in data]
    wrong = []

    def run(index):
        sizes = (10, 3, 1) * 20
        same = [(model.predict(data[index][:n]) == want[index][:n]).all() for n in sizes]
        wrong.extend([index] * same.count(False))

    threads = [threading.Thread(target=run, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_memory_of_large_batches_is_not_kept(x):
    start = Input((None, 2))
    model = Model(start, GRU(100)(start))
    model.predict(np.zeros((32, 500, 2)))
    assert not model._idle._idle
    model.predict(x)
    assert len(model._idle._idle) == 1
