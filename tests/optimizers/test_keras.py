"""Optimizers and schedules against recorded numbers of Keras, and against Keras itself."""

from contextlib import nullcontext

import numpy as np
import pytest

from fastrnn import optimizers as ours
from fastrnn._core.memory import aligned_zeros
from fastrnn.optimizers import schedules as our_schedules
from tests import recorded
from tests.compare import assert_close
from tests.keras_oracle import double_precision, require_keras
from tests.tolerances import KERAS, RECORDED

FILE = "keras_optimizers"
DTYPES = ["float64", "float32"]
TOLERANCE = KERAS[np.dtype("float32")]
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


def case_of(name, options, dtype="float32"):
    return f"{name} {options}" + (" in float64" if dtype == "float64" else "")


def tolerance_of(dtype, count):
    """Return what is allowed after so many steps: in float32 both programs round at each."""
    return TOLERANCE if dtype == "float32" and count > 5 else RECORDED[np.dtype(dtype)]


def start_and_gradients(dtype):
    """Yield the initial weights, then the gradients of each step."""
    rng = np.random.default_rng(1)
    for _ in range(1 + STEPS):
        yield [rng.normal(size=shape).astype(dtype) for shape in SHAPES]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_the_weights_are_keras_s(name, options, dtype):
    weights, *steps = start_and_gradients(dtype)
    bounds = np.cumsum([0, *(w.size for w in weights)]).astype(np.intp)
    flat, gradients = (aligned_zeros(int(bounds[-1]), dtype) for _ in range(2))
    flat[:] = np.concatenate([w.ravel() for w in weights])
    optimizer = getattr(ours, name)(**options)
    expected = recorded.load(FILE, case_of(name, options, dtype))
    for count, parts in enumerate(steps, 1):
        gradients[:] = np.concatenate([part.ravel() for part in parts])
        optimizer.apply(flat, gradients, bounds)
        if count in (5, STEPS):
            when = f"after {count}"
            recorded.assert_alike(flat, expected[when], tolerance_of(dtype, count), when)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_keras_says_so_of_weights(name, options, dtype):
    keras = require_keras()
    with double_precision() if dtype == "float64" else nullcontext():
        found = weights_of_keras(keras, getattr(keras.optimizers, name)(**options), dtype)
    recorded.check(FILE, case_of(name, options, dtype), found, tolerance_of(dtype, STEPS))


def weights_of_keras(keras, optimizer, dtype):
    weights, *steps = start_and_gradients(dtype)
    variables = [keras.Variable(w, dtype=dtype) for w in weights]
    found = {}
    for count, parts in enumerate(steps, 1):
        optimizer.apply([keras.ops.convert_to_tensor(part) for part in parts], variables)
        if count in (5, STEPS):
            values = [np.asarray(variable.value).ravel() for variable in variables]
            found[f"after {count}"] = np.concatenate(values)
    return found


#: The steps at which rates are compared.
PLACES = [0, 1, 15, 16, 17, 31, 33, 47, 63, 64, 65, 80, 100, 129]
PIECES = ("PiecewiseConstantDecay", {"boundaries": [10, 20], "values": [0.1, 0.05, 0.01]})


def rates(module, name, options):
    """Return a schedule, and its rates."""
    first = {} if name == PIECES[0] else {"initial_learning_rate": 0.1}
    schedule = getattr(module, name)(**first, **options)
    return schedule, [float(schedule(step)) for step in PLACES]


@pytest.mark.parametrize(("name", "options"), [*SCHEDULES, PIECES])
def test_the_rates_are_keras_s(name, options):
    _, found = rates(our_schedules, name, options)
    expected = np.array(recorded.load(FILE, case_of(name, options)))
    assert_close(np.array(found), expected, TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), [*SCHEDULES, PIECES])
def test_keras_says_so_of_rates(name, options):
    keras = require_keras()
    schedule, found = rates(keras.optimizers.schedules, name, options)
    recorded.check(FILE, case_of(name, options), found, TOLERANCE)
    if name != PIECES[0]:
        one, _ = rates(our_schedules, name, options)
        assert one.get_config() == pytest.approx(schedule.get_config())


def test_every_optimizer_and_schedule_has_a_case():
    names = {name for name, _ in OPTIMIZERS} | {name for name, _ in [*SCHEDULES, PIECES]}
    classes = {
        one.__name__
        for module in (ours, our_schedules)
        for one in (getattr(module, name) for name in module.__all__)
        if isinstance(one, type)
    }
    assert names == classes - {"Optimizer", "LearningRateSchedule"}
