"""Optimizers and schedules against Keras itself, where it is installed."""

import os

import numpy as np
import pytest

from fastrnn import optimizers as ours
from fastrnn._core.memory import aligned_zeros
from fastrnn.optimizers import schedules as our_schedules
from tests.compare import assert_close
from tests.tolerances import KERAS

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

STEPS = 60
SHAPES = [(7, 9), (9,), (5, 3), (1,)]

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "clipnorm": 0.7}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "global_clipnorm": 1.5}),
    ("Adam", {"weight_decay": 0.02, "clipvalue": 0.3}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.01, "amsgrad": True, "clipnorm": 0.5}),
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.01, "beta_1": 0.8, "weight_decay": 0.02, "clipnorm": 0.5}),
    ("Adagrad", {}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "clipnorm": 0.5}),
    ("Adadelta", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.9, "weight_decay": 0.01}),
    ("Adamax", {}),
    ("Adamax", {"learning_rate": 0.01, "beta_1": 0.8, "global_clipnorm": 1.5}),
    ("Lion", {}),
    ("Lion", {"learning_rate": 0.01, "beta_2": 0.9, "weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5, "clipvalue": 0.5}),
    ("RMSprop", {"centered": True, "global_clipnorm": 2.0}),
    ("RMSprop", {"momentum": 0.8, "centered": True, "weight_decay": 0.01, "clipnorm": 1.0}),
]

SCHEDULES = [
    ("ExponentialDecay", {"decay_steps": 20, "decay_rate": 0.7}),
    ("ExponentialDecay", {"decay_steps": 20, "decay_rate": 0.7, "staircase": True}),
    ("InverseTimeDecay", {"decay_steps": 20, "decay_rate": 0.7}),
    ("InverseTimeDecay", {"decay_steps": 20, "decay_rate": 0.7, "staircase": True}),
    ("PolynomialDecay", {"decay_steps": 64}),
    ("PolynomialDecay", {"decay_steps": 32, "power": 2.0, "cycle": True}),
    ("CosineDecay", {"decay_steps": 64, "alpha": 0.1}),
    ("CosineDecay", {"decay_steps": 64, "warmup_target": 0.3, "warmup_steps": 16}),
    ("CosineDecayRestarts", {"first_decay_steps": 16, "m_mul": 0.8, "alpha": 0.1}),
    ("CosineDecayRestarts", {"first_decay_steps": 16, "t_mul": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_the_weights_are_keras_s(name, options):
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
    bounds = np.cumsum([0, *(w.size for w in weights)]).astype(np.intp)
    flat, gradients = (aligned_zeros(int(bounds[-1]), "float32") for _ in range(2))
    flat[:] = np.concatenate([w.ravel() for w in weights])
    variables = [keras.Variable(w) for w in weights]
    one, other = getattr(ours, name)(**options), getattr(keras.optimizers, name)(**options)
    for _ in range(STEPS):
        parts = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
        gradients[:] = np.concatenate([part.ravel() for part in parts])
        one.apply(flat, gradients, bounds)
        other.apply([keras.ops.convert_to_tensor(part) for part in parts], variables)
    expected = np.concatenate([np.asarray(v.value).ravel() for v in variables])
    assert_close(flat, expected, KERAS)


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_the_rates_are_keras_s(name, options):
    one = getattr(our_schedules, name)(0.1, **options)
    other = getattr(keras.optimizers.schedules, name)(0.1, **options)
    steps = [0, 1, 15, 16, 17, 31, 33, 47, 63, 64, 65, 80, 100, 129]
    expected = np.array([float(other(step)) for step in steps])
    assert_close(np.array([one(step) for step in steps]), expected, KERAS[np.dtype("float32")])
    assert one.get_config() == pytest.approx(other.get_config())


def test_piecewise_rates_are_keras_s():
    arguments = [10, 20], [0.1, 0.05, 0.01]
    one = our_schedules.PiecewiseConstantDecay(*arguments)
    other = keras.optimizers.schedules.PiecewiseConstantDecay(*arguments)
    for step in (0, 9, 10, 11, 19, 20, 21, 100):
        assert one(step) == pytest.approx(float(other(step)), rel=1e-6)
