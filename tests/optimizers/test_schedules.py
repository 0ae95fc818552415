"""Learning-rate schedules against their formulas, and how optimizers use them."""

import math

import numpy as np
import pytest

from fastrnn import optimizers
from fastrnn.models import CheckpointError, load_model
from fastrnn.optimizers import SGD, Adam, schedules
from fastrnn.optimizers.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from tests.models.builders import shifted, tagger


def cosine(share):
    return 0.5 * (1 + math.cos(math.pi * share))


#: A schedule, and what it should be at some steps.
CASES = [
    (ExponentialDecay(0.1, 100, 0.5), {0: 0.1, 50: 0.1 * 0.5**0.5, 100: 0.05, 300: 0.0125}),
    (ExponentialDecay(0.1, 100, 0.5, staircase=True), {0: 0.1, 99: 0.1, 100: 0.05, 250: 0.025}),
    (InverseTimeDecay(0.1, 10, 0.5), {0: 0.1, 5: 0.08, 20: 0.05}),
    (InverseTimeDecay(0.1, 10, 0.5, staircase=True), {9: 0.1, 19: 0.1 / 1.5, 20: 0.05}),
    (PolynomialDecay(0.1, 100), {0: 0.1, 50: 0.05005, 100: 1e-4, 1000: 1e-4}),
    (PolynomialDecay(0.1, 100, 0.0, power=2.0), {0: 0.1, 50: 0.025, 100: 0.0}),
    (
        PolynomialDecay(0.1, 100, 0.0, cycle=True),
        {0: 0.1, 100: 0.0, 101: 0.1 * (1 - 101 / 200), 200: 0.0, 250: 0.1 / 6},
    ),
    (PiecewiseConstantDecay([5, 8], [1.0, 0.5, 0.1]), {0: 1, 5: 1, 6: 0.5, 8: 0.5, 9: 0.1}),
    (PiecewiseConstantDecay([], [0.3]), {0: 0.3, 100: 0.3}),
    (CosineDecay(0.1, 100), {0: 0.1, 25: 0.1 * cosine(0.25), 50: 0.05, 100: 0, 200: 0}),
    (CosineDecay(0.1, 100, alpha=0.1), {0: 0.1, 50: 0.055, 100: 0.01, 200: 0.01}),
    (
        CosineDecay(0.0, 100, warmup_target=0.2, warmup_steps=10),
        {0: 0.0, 5: 0.1, 10: 0.2, 60: 0.1, 110: 0.0, 500: 0.0},
    ),
    (CosineDecay(0.1, 100, warmup_steps=10), {0: 0.1, 50: 0.05}),
    (
        CosineDecayRestarts(0.1, 10),
        {0: 0.1, 5: 0.05, 10: 0.1, 20: 0.05, 30: 0.1, 50: 0.05, 70: 0.1},
    ),
    (
        CosineDecayRestarts(0.1, 10, t_mul=1.0, m_mul=0.5, alpha=0.1),
        {0: 0.1, 5: 0.055, 10: 0.055, 15: 0.0325, 20: 0.0325},
    ),
    (CosineDecayRestarts(0.1, 10, t_mul=3.0, m_mul=0.5), {10: 0.05, 25: 0.025, 40: 0.025}),
]


@pytest.mark.parametrize(("schedule", "rates"), CASES, ids=lambda case: type(case).__name__)
def test_rates(schedule, rates):
    for step, rate in rates.items():
        assert schedule(step) == pytest.approx(rate, rel=1e-12, abs=1e-17), step


def test_a_restart_comes_at_its_very_step():
    for t_mul in (1.0, 1.1, 1.5, 2.0, 3.0):
        schedule = CosineDecayRestarts(1.0, 1000, t_mul=t_mul)
        for start in np.cumsum([1000 * t_mul**i for i in range(12)]):
            first = math.ceil(start - 1e-6)
            assert schedule(first) > 0.9999, t_mul
            assert schedule(first - 1) < 1e-4, t_mul


@pytest.mark.parametrize("schedule", [case[0] for case in CASES], ids=lambda s: type(s).__name__)
def test_there_and_back(schedule):
    again = schedules.deserialize(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert repr(again) == repr(schedule)
    made = optimizers.get(optimizers.serialize(Adam(schedule)))
    assert [made.learning_rate, repr(made)] == [schedule(0), repr(Adam(schedule))]


def test_an_optimizer_asks_at_every_step():
    optimizer = SGD(ExponentialDecay(1.0, 1, 0.5))
    values = np.zeros(3)
    for step in range(4):
        assert optimizer.learning_rate == optimizer.lr == 0.5**step
        optimizer.apply(values, np.ones(3))
    np.testing.assert_array_equal(values, -1.875)


def test_where_a_schedule_decides_a_number_cannot_be_set():
    schedule = CosineDecay(0.1, 10)
    optimizer = Adam(schedule)
    with pytest.raises(TypeError, match=r"decided by CosineDecay\(.* cannot be set to 0\.5"):
        optimizer.learning_rate = 0.5
    with pytest.raises(TypeError, match="cannot be set"):
        optimizer.lr = 0.5
    assert optimizer.schedule is schedule
    optimizer.learning_rate = other = ExponentialDecay(0.1, 2, 0.5)
    assert optimizer.schedule is other
    plain = Adam(0.1)
    assert plain.schedule is None
    plain.learning_rate = other
    assert plain.schedule is other


def test_a_training_goes_on_in_the_middle_of_a_schedule(tmp_path):
    model = tagger()
    schedule = CosineDecay(0.0, 30, warmup_target=0.1, warmup_steps=5)
    model.compile(SGD(schedule, 0.9), model.loss)
    for _ in range(7):
        model.train_on_batch(*shifted())
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.optimizer.learning_rate == schedule(7)
    for one in (model, again):
        one.train_on_batch(*shifted())
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Halving(LearningRateSchedule):
    """A schedule of one's own."""

    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / 2**step

    def get_config(self):
        return {"start": self.start}


def test_a_schedule_of_one_s_own(tmp_path):
    model = tagger()
    model.compile(SGD(Halving(0.5)), model.loss)
    model.train_on_batch(*shifted())
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model", custom_objects={"Halving": Halving})
    assert again.optimizer.learning_rate == 0.25
    with pytest.raises(CheckpointError, match="learning-rate schedule is 'Halving'"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: ExponentialDecay(0.1, 0, 0.5), ValueError, "decay_steps is 0"),
        (lambda: ExponentialDecay(-0.1, 1, 0.5), ValueError, "initial_learning_rate is -0.1"),
        (lambda: PolynomialDecay(0.1, "9"), TypeError, "decay_steps is '9'"),
        (lambda: CosineDecay(0.1, -3), ValueError, "decay_steps is -3"),
        (lambda: CosineDecayRestarts(0.1, 0), ValueError, "first_decay_steps is 0"),
        (lambda: CosineDecayRestarts(0.1, 9, t_mul=0.5), ValueError, "t_mul is 0.5"),
        (lambda: PiecewiseConstantDecay([1], [1.0]), ValueError, "one more rate than steps"),
        (lambda: PiecewiseConstantDecay([2, 2], [1.0] * 3), ValueError, "above the one before"),
        (lambda: schedules.deserialize({"class_name": "os"}), ValueError, "schedule is 'os'"),
        (lambda: LearningRateSchedule()(0), NotImplementedError, "__call__"),
        (lambda: LearningRateSchedule().get_config(), NotImplementedError, "get_config"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
