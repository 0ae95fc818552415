"""Optimizers against their equations, in NumPy."""

import numpy as np
import pytest

from fastrnn import optimizers
from fastrnn._core.memory import aligned_zeros
from fastrnn.optimizers import SGD, Adam
from tests.compare import assert_close
from tests.tolerances import PARITY

N = 77


def run(optimizer, dtype, steps=5):
    """Return the weights after some steps, and all gradients."""
    rng = np.random.default_rng(3)
    values, gradients = aligned_zeros(N, dtype), aligned_zeros(N, dtype)
    values[:] = rng.normal(size=N)
    start, seen = values.copy(), []
    for _ in range(steps):
        gradients[:] = rng.normal(size=N)
        seen.append(gradients.astype("float64"))
        optimizer.apply(values, gradients)
    assert optimizer.iterations == steps
    return start.astype("float64"), seen, values


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_adam(dtype):
    p, gradients, found = run(Adam(0.01, 0.8, 0.95, 1e-5), dtype)
    m = v = np.zeros(N)
    for t, g in enumerate(gradients, start=1):
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        p = p - 0.01 * np.sqrt(1 - 0.95**t) / (1 - 0.8**t) * m / (np.sqrt(v) + 1e-5)
    assert_close(found, p.astype(dtype), PARITY)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd(dtype, momentum, nesterov):
    p, gradients, found = run(SGD(0.1, momentum, nesterov), dtype)
    velocity = np.zeros(N)
    for g in gradients:
        velocity = momentum * velocity - 0.1 * g
        p = p + (momentum * velocity - 0.1 * g if nesterov and momentum else velocity)
    assert_close(found, p.astype(dtype), PARITY)


def test_defaults_are_keras_s():
    assert Adam().get_config() == {
        "learning_rate": 0.001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
    }
    assert SGD().get_config() == {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}


def test_the_older_name_of_the_learning_rate():
    assert Adam(lr=0.5).learning_rate == SGD(lr=0.5).lr == 0.5
    adam = Adam()
    adam.lr = 0.25
    assert adam.learning_rate == 0.25


@pytest.mark.parametrize("identifier", ["adam", "SGD", Adam, SGD(0.1, 0.5, True), Adam(0.3)])
def test_configuration_there_and_back(identifier):
    made = optimizers.get(identifier)
    again = optimizers.get(optimizers.serialize(made))
    assert type(again) is type(made)
    assert repr(again) == repr(made)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Adam(-1), ValueError, "learning_rate is -1"),
        (lambda: Adam(np.nan), ValueError, "learning_rate is nan"),
        (lambda: Adam(np.inf), ValueError, "finite"),
        (lambda: Adam("0.1"), TypeError, "learning_rate is '0.1'"),
        (lambda: Adam(beta_1=1.0), ValueError, "beta_1 is 1.0; it should be at least 0 and below"),
        (lambda: Adam(epsilon=-1), ValueError, "epsilon"),
        (lambda: SGD(momentum=2), ValueError, "momentum is 2"),
        (lambda: optimizers.get("adagrad"), ValueError, "'adagrad'"),
        (lambda: optimizers.get(None), TypeError, "NoneType"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_a_bad_learning_rate_is_refused_later_too():
    adam = Adam()
    with pytest.raises(ValueError, match="learning_rate"):
        adam.learning_rate = -3
    assert adam.learning_rate == 0.001
