"""First values of weights: their distributions, and that a seed decides them."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from fastrnn import initializers, layers, seeding
from fastrnn.layers import GRU, LSTM, MGU, Bidirectional, Dense, Input, SimpleRNN
from fastrnn.models import Sequential, load_model
from tests.keras_oracle import require_keras

SHAPE = (40, 90)


def draw(identifier, shape=SHAPE, seed=5, dtype="float64"):
    return initializers.get(identifier)(shape, dtype, np.random.default_rng(seed))


def test_glorot_uniform_has_keras_s_limit():
    values = draw("glorot_uniform")
    limit = np.sqrt(6 / (40 + 90))
    assert np.abs(values).max() <= limit
    assert np.abs(values).max() > 0.99 * limit
    assert abs(values.var() - limit**2 / 3) < 0.05 * limit**2


def test_glorot_normal_is_cut_off_and_keeps_its_deviation():
    values = draw("glorot_normal", (300, 200))
    deviation = np.sqrt(2 / 500)
    assert abs(values.std() / deviation - 1) < 0.02
    assert np.abs(values).max() <= 2 * deviation / 0.8796


@pytest.mark.parametrize(
    ("name", "square"),
    [
        ("glorot_uniform", lambda n_in, n_out: 6 / (n_in + n_out)),
        ("he_uniform", lambda n_in, _: 6 / n_in),
        ("lecun_uniform", lambda n_in, _: 3 / n_in),
    ],
)
def test_limits_are_rounded_as_their_formula(name, square):
    # (4, 210): a limit that is off by one bit changes the float64 weights that a seed gives
    for shape in [(4, 210), *itertools.product(range(1, 40), (1, 2, 3, 7, 64, 129))]:
        limit = np.sqrt(square(*shape))
        expected = np.random.default_rng(5).uniform(-limit, limit, shape)
        np.testing.assert_array_equal(draw(name, shape), expected)


@pytest.mark.parametrize("shape", [(8, 24), (24, 8), (8, 8), (2, 3, 5)])
def test_orthogonal(shape):
    matrix = draw("orthogonal", shape).reshape(-1, shape[-1])
    product = matrix @ matrix.T if len(matrix) <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_matrices_favour_no_sign():
    signs = [np.sign(draw("orthogonal", (3, 3), seed)[0, 0]) for seed in range(200)]
    assert 60 < signs.count(1.0) < 140


def test_gain_scales():
    plain = initializers.Orthogonal()((4, 4), "float64", np.random.default_rng(1))
    gained = initializers.Orthogonal(gain=2.5)((4, 4), "float64", np.random.default_rng(1))
    np.testing.assert_allclose(gained, 2.5 * plain)


def test_uniform_and_normal():
    uniform = initializers.RandomUniform(1, 3)(SHAPE, "float64", np.random.default_rng(2))
    assert uniform.min() >= 1
    assert uniform.max() < 3
    assert abs(uniform.mean() - 2) < 0.05
    normal = initializers.RandomNormal(2, 0.5)(SHAPE, "float64", np.random.default_rng(2))
    assert abs(normal.mean() - 2) < 0.05
    assert abs(normal.std() - 0.5) < 0.05


def test_constants():
    assert (draw("zeros") == 0).all()
    assert (draw("ones") == 1).all()
    assert (initializers.Constant(0.25)((3,)) == 0.25).all()


@pytest.mark.parametrize(
    "name", ["glorot_uniform", "glorot_normal", "orthogonal", "random_normal", "random_uniform"]
)
def test_float32_is_float64_rounded(name):
    np.testing.assert_array_equal(draw(name, dtype="float32"), draw(name).astype("float32"))


def test_a_seed_of_its_own_wins():
    one = initializers.GlorotUniform(seed=3)
    np.testing.assert_array_equal(
        one(SHAPE, rng=np.random.default_rng(1)), one(SHAPE, rng=np.random.default_rng(2))
    )


def test_the_package_s_seed_decides():
    def drawn(seed):
        seeding.set_seed(seed)
        return [initializers.GlorotUniform()((3, 3)) for _ in range(2)]

    first, again, other = drawn(7), drawn(7), drawn(8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first, other)


def test_numpy_s_global_state_is_left_alone():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    seeding.set_seed(0)
    draw("orthogonal")
    initializers.GlorotUniform()((3, 3))
    np.testing.assert_array_equal(np.random.get_state()[1], before)


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        (-1, ValueError),
        (1.5, TypeError),
        ("1", TypeError),
        ([], TypeError),
        (True, TypeError),
        ([1, -1], ValueError),
    ],
)
def test_bad_seeds(seed, error):
    with pytest.raises(error, match="seed is"):
        seeding.set_seed(seed)


def test_without_a_seed_every_process_draws_the_same():
    program = "from fastrnn import seeding; print(seeding.generator().random())"
    run = [sys.executable, "-c", program]
    drawn = [float(subprocess.run(run, check=True, capture_output=True).stdout) for _ in range(2)]
    seeding.set_seed(seeding.DEFAULT_SEED)
    assert drawn == [seeding.generator().random()] * 2


def test_a_seed_from_the_operating_system_differs_every_time():
    drawn = []
    for _ in range(3):
        seeding.set_seed(None)
        drawn.append(seeding.generator().random())
    assert len(set(drawn)) == 3


def test_a_seed_may_have_parts():
    seeding.set_seed([3, 1])
    one = seeding.generator().random()
    seeding.set_seed([3, 2])
    assert seeding.generator().random() != one


@pytest.mark.parametrize(
    "identifier",
    [
        "orthogonal",
        initializers.Orthogonal,
        initializers.Orthogonal(2.0, seed=4),
        initializers.RandomUniform(-1, 1),
        initializers.Constant(3),
    ],
)
def test_configuration_there_and_back(identifier):
    made = initializers.get(identifier)
    again = initializers.get(initializers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert repr(again) == repr(made)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: initializers.get("gloro"), ValueError, "'gloro'"),
        (lambda: initializers.get(3), TypeError, "initializer is 3"),
        (lambda: initializers.Orthogonal()((3,)), ValueError, "two extents"),
        (lambda: initializers.RandomUniform(2, 1), ValueError, "minval"),
        (lambda: initializers.RandomNormal(0, -1), ValueError, "stddev"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()


SCALED = [
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "uniform"}),
    ("VarianceScaling", {}),
    *((name, {}) for name in ("HeNormal", "HeUniform", "LecunNormal", "LecunUniform")),
    *((name, {}) for name in ("GlorotNormal", "GlorotUniform")),
    ("TruncatedNormal", {"mean": 0.5, "stddev": 2.0}),
    ("RandomNormal", {"mean": -1.0, "stddev": 0.1}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
]


def moments(values):
    values = np.asarray(values, np.float64)
    return [values.mean(), values.std(), values.min(), values.max()]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(200, 300), (3, 40, 500), (60_000,)])
@pytest.mark.parametrize(("name", "options"), SCALED)
def test_distributions_are_keras_s(name, options, shape):
    keras = require_keras()
    ours = getattr(initializers, name)(seed=1, **options)(shape, "float64")
    theirs = getattr(keras.initializers, name)(seed=1, **options)(shape, dtype="float32")
    one, other = moments(ours), moments(theirs)
    spread = other[1]
    assert abs(one[0] - other[0]) < 0.03 * spread
    assert abs(one[1] / other[1] - 1) < 0.02
    ends = 0.5 if "untruncated" in str(options) or name == "RandomNormal" else 0.01
    assert abs(one[2] - other[2]) < ends * spread
    assert abs(one[3] - other[3]) < ends * spread


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("he_normal", 2 / 200),
        ("he_uniform", 2 / 200),
        ("lecun_normal", 1 / 200),
        ("lecun_uniform", 1 / 200),
        ("variance_scaling", 1 / 200),
        ("glorot_normal", 2 / 500),
        ("truncated_normal", (0.05 * 0.8796) ** 2),
    ],
)
def test_variances(name, variance):
    values = draw(name, (200, 300))
    assert abs(values.mean()) < 0.02 * np.sqrt(variance)
    assert values.var() == pytest.approx(variance, rel=0.02)
    limit = 2 / 0.8796 if "uniform" not in name else np.sqrt(3)
    assert np.abs(values).max() <= limit * np.sqrt(variance) * 1.0001


def test_identity():
    np.testing.assert_array_equal(draw("identity", (3, 3)), np.eye(3))
    np.testing.assert_array_equal(initializers.Identity(gain=0.5)((2, 4)), 0.5 * np.eye(2, 4))
    with pytest.raises(ValueError, match=r"shape is \(3,\)"):
        draw("identity", (3,))
    cell = SimpleRNN(3, activation="relu", recurrent_initializer=initializers.Identity(0.9))
    model = Sequential([Input((None, 2)), cell])
    np.testing.assert_allclose(model.get_weights()[1], 0.9 * np.eye(3), rtol=1e-6)
    # In the gate that comes first in Keras's arrays.
    kernel = Sequential([Input((None, 2)), GRU(3, recurrent_initializer="identity")]).get_weights()
    np.testing.assert_array_equal(kernel[1], np.eye(3, 9))


@pytest.mark.parametrize(
    ("layer", "kept"),
    [
        (LSTM, np.s_[3:6]),
        (GRU, np.s_[0:3]),  # z, the first of Keras's
        (MGU, np.s_[0:3]),
    ],
)
def test_forget_bias_is_that_of_the_gate_that_keeps_the_state(layer, kept):
    def made(value, **options):
        initializer = initializers.ForgetBias(value)
        cell = layer(3, bias_initializer=initializer, return_sequences=True, **options)
        return Sequential([Input((None, 2)), cell])

    bias = made(3.0).get_weights()[2]
    wanted = np.zeros_like(bias)
    wanted[kept] = -3 if layer is MGU else 3
    np.testing.assert_array_equal(bias, wanted)
    # A state of ones lasts: the larger the value, the more of it is left after some steps.
    left = []
    for value in (-3, 0, 3):
        model = made(value, learn_initial_state=True)
        first = [np.zeros_like(w) for w in model.get_weights()[:2]]
        ones = [np.ones_like(w) for w in model.get_weights()[3:]]
        model.set_weights([*first, model.get_weights()[2], *ones])
        left.append(float(model.predict(np.zeros((1, 5, 2)), verbose=0)[0, -1, 0]))
    assert 0 <= left[0] < left[1] < left[2]
    assert left[1] < 0.05 < 0.3 < left[2]


def test_forget_bias_of_a_gru_with_two_biases_counts_once():
    layer = GRU(2, reset_after=True, bias_initializer="forget_bias")
    bias = Sequential([Input((None, 2)), layer]).get_weights()[2]
    np.testing.assert_array_equal(bias, [[1, 1, 0, 0, 0, 0], [0] * 6])


def test_forget_bias_takes_the_place_of_an_lstm_s_own():
    for own in (True, False):
        cell = LSTM(2, bias_initializer=initializers.ForgetBias(-2), unit_forget_bias=own)
        bias = Sequential([Input((None, 2)), cell]).get_weights()[2]
        np.testing.assert_array_equal(bias, [0, 0, -2, -2, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "layer",
    [
        lambda: SimpleRNN(2, bias_initializer="forget_bias"),
        lambda: Dense(2, bias_initializer="forget_bias"),
        lambda: LSTM(2, kernel_initializer="forget_bias"),
    ],
)
def test_a_layer_without_such_a_gate(layer):
    with pytest.raises(ValueError, match="should be the bias_initializer of LSTM, GRU or MGU"):
        Sequential([Input((None, 2)), layer()])


@pytest.mark.parametrize(("value", "error"), [("3", TypeError), (np.nan, ValueError)])
def test_a_forget_bias_is_a_number(value, error):
    with pytest.raises(error, match="value"):
        initializers.ForgetBias(value)


def remade(layer):
    return layers.deserialize(layers.serialize(layer))


def test_forget_bias_in_files(tmp_path):
    bias = initializers.ForgetBias(3.0)
    model = Sequential(
        [
            Input((None, 2)),
            LSTM(3, bias_initializer=bias, return_sequences=True),
            Bidirectional(GRU(3, bias_initializer=bias, return_sequences=True)),
            GRU(3, reset_after=True, bias_initializer=bias),
        ]
    )
    model.save(tmp_path / "model.safetensors")
    own = load_model(tmp_path / "model.safetensors")
    assert own.layers[0].bias_initializer.value == 3
    assert own.get_config() == model.get_config()
    pytest.importorskip("h5py")
    for ending in (".keras", ".h5"):
        path = tmp_path / f"model{ending}"
        model.save(path)
        # What Keras has no name for stands there as numbers: the layers begin as they did here.
        read = Sequential([Input((None, 2)), *map(remade, load_model(path).layers[-3:])])
        for one, other in zip(read.get_weights(), model.get_weights(), strict=True):
            if one.ndim == 1 or one.shape == (2, 9):
                np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_keras_begins_with_the_same_forget_bias(tmp_path, ending):
    keras = require_keras()
    pytest.importorskip("h5py")
    bias = initializers.ForgetBias(3.0)
    model = Sequential(
        [
            Input((None, 2)),
            LSTM(3, bias_initializer=bias, return_sequences=True),
            GRU(3, bias_initializer=bias, return_sequences=True),
            GRU(3, reset_after=True, bias_initializer=bias),
        ]
    )
    model.save(tmp_path / f"model{ending}")
    theirs = keras.models.load_model(tmp_path / f"model{ending}", compile=False)
    x = np.random.default_rng(0).random((2, 4, 2), np.float32)
    np.testing.assert_allclose(theirs.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-4)
    new = keras.Sequential.from_config(theirs.get_config())
    new.build((None, None, 2))
    for which in (2, 5, 8):
        first = np.asarray(new.weights[which].value)
        np.testing.assert_array_equal(first, model.get_weights()[which])


def steps(shape, dtype=None):
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


class Sevens(initializers.Initializer):
    def __init__(self, factor=1):
        self.factor = factor

    def __call__(self, shape, dtype=None, **options):
        return np.full(shape, 7 * self.factor, dtype)

    def get_config(self):
        return {"factor": self.factor}


def test_initializers_of_one_s_own(tmp_path):
    model = Sequential(
        [
            Input((None, 2)),
            GRU(3, kernel_initializer=steps, recurrent_initializer=Sevens(2)),
            Dense(2, kernel_initializer=lambda shape: np.ones(shape)),
            Dense(1, kernel_initializer=initializers.Constant(np.array([[2.0], [3.0]]))),
        ]
    )
    weights = model.get_weights()
    np.testing.assert_array_equal(weights[0], steps((2, 9)))
    assert (weights[1] == 14).all()
    assert (weights[3] == 1).all()
    np.testing.assert_array_equal(weights[5], [[2], [3]])
    model.save(tmp_path / "model")
    own = {"steps": steps, "Sevens": Sevens, "<lambda>": np.ones}
    again = load_model(tmp_path / "model", own)
    assert again.get_config() == {**model.get_config(), **again.get_config()}
    assert again.layers[0].recurrent_initializer.factor == 2
    with pytest.raises(ValueError, match="initializer is 'steps'"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("name", initializers._BY_NAME)
def test_names_and_configurations(name):
    made = initializers.get(name)
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(made))))
    assert (type(again), again.get_config()) == (type(made), made.get_config())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "scale is 0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode is 'fan'"),
        (lambda: initializers.VarianceScaling(distribution="even"), "distribution is 'even'"),
        (lambda: initializers.Constant([1.0, 2.0])((3,)), r"value of Constant has shape \(2,\)"),
        (lambda: initializers.get("he"), "initializer is 'he'"),
    ],
)
def test_wrong_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
