"""Optimizers in NumPy against recorded numbers of Keras, their state in files, and `decay`."""

import numpy as np
import pytest

from fastrnn import layers, optimizers
from fastrnn.models import Sequential, load_model
from fastrnn.optimizers import schedules
from tests import recorded
from tests.keras_oracle import double_precision, require_keras
from tests.models.builders import shifted, tagger
from tests.tolerances import RECORDED

FILE = "keras_optimizers"
CASES = [
    ("Nadam", {}),
    ("Nadam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9, "weight_decay": 0.1}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.8}),
    ("Adamax", {"learning_rate": 0.05, "beta_2": 0.9}),
    ("Lion", {"learning_rate": 0.05, "weight_decay": 0.1}),
]


def gradient(step):
    return np.sin(1.3 * np.arange(7) + step**2)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_steps_are_keras_s(case, dtype):
    values = np.linspace(-1, 1, 7).astype(dtype)
    name, options = CASES[case]
    optimizer = getattr(optimizers, name)(**options)
    for step in range(8):
        optimizer.apply(values, gradient(step).astype(dtype))
    recorded.assert_alike(values, recorded.load(FILE, case), RECORDED[np.dtype(dtype)])
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert (type(again), again.get_config()) == (type(optimizer), optimizer.get_config())
    assert type(optimizers.get(name.lower())) is type(optimizers.get(name)) is type(optimizer)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(len(CASES)))
def test_keras_makes_these_steps(case):
    keras = require_keras()
    name, options = CASES[case]
    with double_precision():
        variable = keras.Variable(np.linspace(-1, 1, 7))
        optimizer = getattr(keras.optimizers, name)(**options)
        for step in range(8):
            optimizer.apply_gradients([(keras.ops.convert_to_tensor(gradient(step)), variable)])
        recorded.check(FILE, case, np.asarray(variable.value), RECORDED[np.dtype("float64")])


@pytest.mark.parametrize("name", ["nadam", "adagrad", "adadelta", "adamax", "lion"])
def test_a_training_goes_on_from_a_file(tmp_path, name):
    x, y = shifted(16)
    model = tagger()
    model.compile(name, model.loss)
    model.fit(x, y, epochs=3, batch_size=4, verbose=0, shuffle=False)
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model")
    for one in (model, again):
        one.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False)
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


class Momentum(optimizers.Optimizer):
    """An optimizer of one's own."""

    slot_names = ("speed",)

    def __init__(self, learning_rate=0.01, friction=0.1, **options):
        super().__init__(learning_rate, **options)
        self.friction = friction

    def update(self, values, gradients, learning_rate, decay):
        speed = self.slots["speed"]
        speed *= 1 - self.friction
        speed -= learning_rate * gradients
        values += speed - decay * values

    def get_config(self):
        return {**super().get_config(), "friction": self.friction}


def test_an_optimizer_of_one_s_own(tmp_path):
    x, y = shifted(16)
    model = tagger()
    model.compile(Momentum(0.05, 0.3, clipnorm=1.0), model.loss)
    losses = model.fit(x, y, epochs=5, batch_size=4, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model")
    again = load_model(tmp_path / "model", {"Momentum": Momentum})
    for one in (model, again):
        one.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False)
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match="optimizer is 'Momentum'"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("kind", ["Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "SGD"])
def test_the_older_spelling_of_a_decay(kind):
    older = getattr(optimizers, kind)(lr=0.1, decay=0.5)
    newer = getattr(optimizers, kind)(schedules.InverseTimeDecay(0.1, 1, 0.5))
    assert older.get_config() == {**newer.get_config(), "learning_rate": 0.1, "decay": 0.5}
    values = [np.ones(3), np.ones(3)]
    for optimizer, one in zip((older, newer), values, strict=True):
        for step in range(4):
            rate = optimizer.learning_rate / (1 + optimizer.decay * step)
            assert rate == pytest.approx(0.1 / (1 + 0.5 * step))
            optimizer.apply(one, np.array([1.0, -2.0, 0.5]))
    np.testing.assert_array_equal(*values)
    again = type(older).from_config(older.get_config())
    assert (again.learning_rate, again.decay) == (0.1, 0.5)
    assert getattr(optimizers, kind)(0.1, decay=0).learning_rate == 0.1
    with pytest.raises(TypeError, match=r"decay is 0\.5 and learning_rate"):
        getattr(optimizers, kind)(schedules.InverseTimeDecay(0.1, 1, 0.5), decay=0.5)
    with pytest.raises(ValueError, match="decay is -1"):
        getattr(optimizers, kind)(decay=-1)


def test_a_rate_that_decays_may_be_set():
    """As in Keras 2: what is set is the rate before it is divided."""
    optimizer = optimizers.SGD(lr=0.5, decay=1.0)
    values, gradients = np.zeros(1), np.ones(1)
    optimizer.apply(values, gradients.copy())
    optimizer.lr = 0.25
    optimizer.apply(values, gradients.copy())
    assert values[0] == -0.5 - 0.25 / 2
    optimizer.learning_rate, optimizer.decay = 1.0, 0.0
    optimizer.apply(values, gradients.copy())
    assert values[0] == -0.5 - 0.25 / 2 - 1
    with pytest.raises(ValueError, match="decay is -1"):
        optimizer.decay = -1
    with pytest.raises(TypeError, match="give one of them"):
        optimizers.SGD(schedules.InverseTimeDecay(0.1, 1, 0.5)).decay = 0.5


@pytest.mark.parametrize("ending", ["", ".keras", ".h5"])
def test_files_hold_a_decay(ending, tmp_path):
    if ending:
        pytest.importorskip("h5py")
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model.compile(optimizers.SGD(0.5, decay=0.25), "mse")
    x, y = np.ones((4, 3)), np.ones((4, 2))
    model.train_on_batch(x, y)
    model.save(tmp_path / f"model{ending}")
    again = load_model(tmp_path / f"model{ending}")
    for one in (model, again):
        one.train_on_batch(x, y)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
