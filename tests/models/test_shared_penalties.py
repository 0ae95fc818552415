"""Penalties on outputs where several processes share out a batch."""

import numpy as np
import pytest

from fastrnn import layers as L
from fastrnn.models import Sequential
from fastrnn.models.reading import Reader

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 4, 3))


def model_of(*layers):
    model = Sequential([L.Input((4, 3), dtype="float64"), *layers])
    model.compile("sgd", "mse")
    return model


MODELS = {
    "a recurrent layer": lambda: [
        L.GRU(3, return_sequences=True, activity_regularizer="l1_l2"),
        L.Dense(2, activity_regularizer="l2"),
    ],
    "inside others": lambda: [
        L.Bidirectional(L.LSTM(2, return_sequences=True, activity_regularizer="l2")),
        L.TimeDistributed(L.Dense(2, activity_regularizer="l1")),
        Sequential([L.Input((4, 2), dtype="float64"), L.Dense(3, activity_regularizer="l2")]),
    ],
}


@pytest.mark.parametrize("name", MODELS)
def test_the_gradients_of_shares_add_up_to_those_of_the_batch(name):
    model = model_of(*MODELS[name]())
    y = model.predict(X)  # so that the loss has no gradient
    whole = model.compute_gradients(X, y)
    assert all(np.abs(gradient).max() > 0 for gradient in whole[:2])
    penalty = model._graph.penalty
    found = [np.zeros_like(gradient) for gradient in whole]
    for part in (slice(0, 3), slice(3, 5)):
        penalty.share(len(X[part]) / len(X))
        for total, gradient in zip(found, model.compute_gradients(X[part], y[part]), strict=True):
            total += gradient
    penalty.share(1.0)
    for one, other in zip(found, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-14)
    for one, other in zip(model.compute_gradients(X, y), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def test_processes_do_not_share_a_penalty_that_is_no_sum():
    class Two:
        size, rank, is_first = 2, 0, True

    def mean(x):
        return 0.1 * np.mean(np.square(x))

    for regularizer in (mean, "l2"):
        model = model_of(L.TimeDistributed(L.Dense(2, activity_regularizer=regularizer)))
        reader = Reader(model, model._setup.objective)
        data = reader.arrays(X, model.predict(X), None)
        if regularizer == "l2":
            reader.samples(data, 2, group=Two())
            continue
        with pytest.raises(ValueError, match="regularizer of time_distributed_1 may be of"):
            reader.samples(data, 2, group=Two())
