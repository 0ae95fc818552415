"""The mean over the steps that count."""

import numpy as np
import pytest

from fastrnn.layers import Dense, GlobalAveragePooling1D, Input, Masking
from fastrnn.models import Sequential

from .test_gradients import assert_gradients_are_differences, randomised
from .test_masks import ragged


@pytest.mark.parametrize("masked", [False, True])
def test_the_mean(masked):
    rng = np.random.default_rng(81)
    x, counts = ragged(rng)
    layers = [Masking()] if masked else []
    pooled = Sequential([Input((None, 3), dtype="float64"), *layers, GlobalAveragePooling1D()])
    steps = counts.sum(axis=1) if masked else x.shape[1]
    expected = x.sum(axis=1).T / np.maximum(steps, 1)
    np.testing.assert_allclose(pooled.predict(x), expected.T, rtol=1e-12, atol=1e-14)
    layers = [Masking()] if masked else []
    model = Sequential(
        [
            Input((None, 3), dtype="float64"),
            *layers,
            Dense(4, "tanh"),
            GlobalAveragePooling1D(),
            Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    y = rng.normal(size=(len(x), 2))
    assert_gradients_are_differences(randomised(model, rng), x, y)


def test_it_wants_a_sequence():
    with pytest.raises(ValueError, match="time, features"):
        GlobalAveragePooling1D()(Input((3,)))
