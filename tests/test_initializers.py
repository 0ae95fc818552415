"""First values of weights: their distributions, and that a seed decides them."""

import subprocess
import sys

import numpy as np
import pytest

from fastrnn import initializers, seeding

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
        (lambda: initializers.get(3), TypeError, "int"),
        (lambda: initializers.Orthogonal()((3,)), ValueError, "two extents"),
        (lambda: initializers.RandomUniform(2, 1), ValueError, "minval"),
        (lambda: initializers.RandomNormal(0, -1), ValueError, "stddev"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
