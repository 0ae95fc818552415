"""Optimizers against their equations, in NumPy."""

import numpy as np
import pytest

from fastrnn import optimizers
from fastrnn._core.memory import aligned_zeros
from fastrnn.optimizers import SGD, Adam, AdamW, RMSprop
from fastrnn.optimizers.schedules import ExponentialDecay
from tests.compare import assert_close
from tests.optimizers.formulas import weights_after
from tests.tolerances import PARITY

N = 77

WAYS = {
    "sgd": lambda: SGD(0.1),
    "sgd, momentum": lambda: SGD(0.1, 0.9),
    "sgd, nesterov": lambda: SGD(0.1, 0.9, True),
    "sgd, nesterov without momentum": lambda: SGD(0.1, 0.0, True),
    "sgd, decay": lambda: SGD(0.1, 0.9, weight_decay=0.1),
    "adam": lambda: Adam(0.01, 0.8, 0.95, 1e-5),
    "adam, amsgrad": lambda: Adam(0.01, 0.8, 0.5, 1e-5, amsgrad=True),
    "adam, decay": lambda: Adam(0.01, weight_decay=0.3),
    "adamw": lambda: AdamW(0.1, 0.2, 0.8, 0.95, 1e-5),
    "adamw, amsgrad": lambda: AdamW(0.1, beta_2=0.5, amsgrad=True),
    "rmsprop": lambda: RMSprop(0.01, 0.8, epsilon=1e-4),
    "rmsprop, momentum": lambda: RMSprop(0.01, momentum=0.7, weight_decay=0.1),
    "rmsprop, centered": lambda: RMSprop(0.01, 0.8, epsilon=1e-2, centered=True),
    "rmsprop, all": lambda: RMSprop(0.01, 0.8, 0.5, 1e-2, True, 0.1),
}


def run(optimizer, dtype, steps=12):
    """Return the weights before and after some steps, and all gradients."""
    rng = np.random.default_rng(3)
    values, gradients = aligned_zeros(N, dtype), aligned_zeros(N, dtype)
    values[:] = rng.normal(size=N)
    start, seen = values.copy(), []
    for _ in range(steps):
        gradients[:] = rng.normal(size=N)
        seen.append(gradients.copy())
        optimizer.apply(values, gradients)
    assert optimizer.iterations == steps
    return start, seen, values


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("way", WAYS)
def test_steps_are_those_of_the_formulas(dtype, way):
    optimizer = WAYS[way]()
    start, gradients, found = run(optimizer, dtype)
    assert_close(found, weights_after(optimizer, start, gradients).astype(dtype), PARITY)


@pytest.mark.parametrize("way", [SGD, Adam, AdamW, RMSprop])
def test_a_schedule_gives_every_step_its_rate(way):
    start, gradients, found = run(way(ExponentialDecay(0.1, 2, 0.5)), "float64")
    rates = [0.1 * 0.5 ** (step / 2) for step in range(len(gradients))]
    expected = weights_after(way(1.0), start, gradients, rates)
    assert_close(found, expected, PARITY)


def test_centered_rmsprop_survives_a_gradient_that_does_not_change():
    values = np.ones(N, np.float32)
    optimizer = RMSprop(1e-6, centered=True)
    for _ in range(300):
        optimizer.apply(values, np.full(N, 1234.567, np.float32))
    assert np.isfinite(values).all()


def test_defaults_are_keras_s():
    shared = {"weight_decay": None, "clipnorm": None, "clipvalue": None, "global_clipnorm": None}
    adam = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False}
    rmsprop = {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False}
    expected = {
        Adam: {"learning_rate": 0.001, **shared, **adam},
        AdamW: {"learning_rate": 0.001, **shared, "weight_decay": 0.004, **adam},
        RMSprop: {"learning_rate": 0.001, **shared, **rmsprop},
        SGD: {"learning_rate": 0.01, **shared, "momentum": 0.0, "nesterov": False},
    }
    for way, config in expected.items():
        assert way().get_config() == config


def test_the_older_name_of_the_learning_rate():
    for way in (Adam, AdamW, RMSprop, SGD):
        assert way(lr=0.5).learning_rate == way(lr=0.5).lr == 0.5
    adam = Adam()
    adam.lr = 0.25
    assert adam.learning_rate == 0.25


@pytest.mark.parametrize(
    "identifier",
    [
        "adam",
        "SGD",
        "RMSprop",
        "adamw",
        Adam,
        SGD(0.1, 0.5, True),
        *(way() for way in WAYS.values()),
    ],
)
def test_configuration_there_and_back(identifier):
    made = optimizers.get(identifier)
    again = optimizers.get(optimizers.serialize(made))
    assert type(again) is type(made)
    assert repr(again) == repr(made)
    assert again.get_config() == made.get_config()


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
        (lambda: RMSprop(rho=1), ValueError, "rho is 1"),
        (lambda: RMSprop(momentum=-0.1), ValueError, "momentum is -0.1"),
        (lambda: AdamW(weight_decay=-0.1), ValueError, "weight_decay is -0.1"),
        (lambda: AdamW(weight_decay=None), ValueError, "weight_decay is None"),
        (lambda: SGD(weight_decay="a"), TypeError, "weight_decay is 'a'"),
        (lambda: SGD(clipnorm=0), ValueError, "clipnorm is 0; it should be above 0"),
        (lambda: Adam(clipvalue=-1.0), ValueError, "clipvalue is -1"),
        (lambda: Adam(global_clipnorm=np.nan), ValueError, "global_clipnorm is nan"),
        (
            lambda: RMSprop(clipnorm=1.0, clipvalue=0.5),
            ValueError,
            r"clipnorm=1\.0, clipvalue=0\.5 are given; only one of",
        ),
        (lambda: optimizers.get("ftrl"), ValueError, "'ftrl'"),
        (lambda: optimizers.get(None), TypeError, "optimizer is None; it should be a name"),
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
