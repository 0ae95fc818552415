"""exp, tanh and sigmoid: how exact they are, and what they make of what is no ordinary number."""

import numpy as np
import pytest

from fastrnn._core import activation
from tests.compare import assert_same_bits
from tests.core.calls import DTYPES, Memory
from tests.core.ulp import EXACT, LONG_DOUBLE_IS_EXACT, by_mpmath, ulp_errors
from tests.tolerances import ULP

NAMES = ["exponential", "tanh", "sigmoid"]
BITS = {"float64": np.uint64, "float32": np.uint32}


def compute(name, values):
    """Return a function of a flat array, by the core."""
    memory = Memory(values.dtype, np.nan)
    n = 60  # no whole number of vectors
    padded = np.zeros(-(-len(values) // n) * n, values.dtype)
    padded[: len(values)] = values
    x = memory.rows(padded.reshape(-1, n))
    activation.activate(name, x, n)
    memory.check()
    return x[:, :n].ravel()[: len(values)]


def assert_exact_enough(name, x, exact):
    got = compute(name, x)
    errors = ulp_errors(got, exact)
    worst = np.nanargmax(np.where(np.isnan(errors), np.inf, errors))
    assert errors[worst] <= ULP, (
        f"{name}({x[worst]!r}) is {got[worst]!r}, "
        f"{float(errors[worst]):.3g} ulp from {exact[worst]!r}"
    )


def edges(dtype):
    """Return the points where the result leaves the normal numbers, and their surroundings."""
    info = np.finfo(dtype)
    log = {"largest": np.log(np.float64(info.max)), "normal": np.log(np.float64(info.tiny))}
    log["nothing"] = log["normal"] - (info.nmant + 1) * np.log(2)
    points = [*log.values(), -log["normal"], -log["nothing"], 0.5 * (info.nmant + 2) * np.log(2)]
    points += [k * np.log(2) for k in (0.5, 1, 1.5, 2, 24, 53)]
    steps = np.linspace(-1.5, 1.5, 4001)
    return np.concatenate([sign * (point + steps) for point in points for sign in (-1, 1)])


def grid(dtype):
    """Return points over the whole range, dense where something happens."""
    reach = 800 if dtype == "float64" else 120
    rng = np.random.default_rng(0)
    magnitudes = np.logspace(-330 if dtype == "float64" else -46, 3, 40_001)
    return np.concatenate(
        [
            np.linspace(-reach, reach, 100_001),
            np.linspace(-3, 3, 60_001),
            rng.uniform(-30, 30, 60_000),
            magnitudes,
            -magnitudes,
            edges(dtype),
        ]
    ).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_number_does_not_depend_on_its_neighbours(name, dtype):
    # Vectors whose numbers are all near zero are computed in fewer operations.
    rng = np.random.default_rng(2)
    near = rng.uniform(-19, 19, 240).astype(dtype)
    alone = compute(name, near)
    others = [30.0, 85.0, 700.0, 1e4, np.inf, np.nan]
    for other in [*others, *(-one for one in others)]:
        for place in range(0, 240, 7):
            mixed = near.copy()
            mixed[place] = other
            got, want = compute(name, mixed), alone.copy()
            want[place] = compute(name, np.array([other], dtype))[0]
            assert_same_bits(got, want, f"{name} beside {other} at {place}")


@pytest.mark.skipif(not LONG_DOUBLE_IS_EXACT, reason="long double is no wider than double here")
@pytest.mark.parametrize("name", NAMES)
def test_float64_against_long_double(name):
    x = grid("float64")
    with np.errstate(all="ignore"):
        assert_exact_enough(name, x, EXACT[name](x.astype(np.longdouble)))


@pytest.mark.parametrize("name", NAMES)
def test_float64_against_mpmath(name):
    rng = np.random.default_rng(1)
    near_zero = [0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-300, 2.2250738585072014e-308, 1e-17]
    some = [rng.choice(points, 1500) for points in (grid("float64"), edges("float64"))]
    x = np.concatenate([near_zero, *some])
    assert_exact_enough(name, x, by_mpmath(name, x))


@pytest.mark.parametrize("name", NAMES)
def test_float32_over_all_bits(name):
    # every 3001st of all the numbers there are, of either sign
    x = np.arange(0, 2**32, 3001, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = np.concatenate([x[np.isfinite(x)], grid("float32")])
    with np.errstate(all="ignore"):
        assert_exact_enough(name, x, EXACT[name](x.astype(np.float64)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_cancels_near_zero(dtype):
    info = np.finfo(dtype)
    least = info.smallest_subnormal
    x = np.array([least, 7 * least, info.tiny / 4, info.tiny, info.tiny * 3, 1e-30, 1e-17], dtype)
    x = np.concatenate([x, -x])
    assert_same_bits(compute("tanh", x), x, "tanh")
    assert_same_bits(compute("exponential", x), np.ones_like(x), "exp")
    assert_same_bits(compute("sigmoid", x), np.full_like(x, 0.5), "sigmoid")


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_are_as_in_numpy(dtype):
    largest = np.finfo(dtype).max
    x = np.array([0.0, -0.0, np.inf, -np.inf, largest, -largest, 1e38, -1e38, 1e4, -1e4], dtype)
    with np.errstate(over="ignore", under="ignore"):
        want = {"exponential": np.exp(x), "tanh": np.tanh(x)}
    want["sigmoid"] = np.array([0.5, 0.5, 1, 0, 1, 0, 1, 0, 1, 0], dtype)
    for name in NAMES:
        got = compute(name, x)
        # as integers: -0.0 is not 0.0
        np.testing.assert_array_equal(
            got.view(BITS[dtype]), want[name].view(BITS[dtype]), f"{name} of {x}"
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_stays_nan_in_its_lane(dtype, name):
    nan = np.array([np.nan, -np.nan], dtype)
    for place in range(40):
        x = np.linspace(-2, 2, 40).astype(dtype)
        clean = compute(name, x)
        x[place] = nan[place % 2]
        got = compute(name, x)
        assert np.isnan(got[place])
        others = np.arange(40) != place
        assert_same_bits(got[others], clean[others], f"beside a NaN at {place}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_place_in_a_row_does_not_matter(dtype, name):
    values = np.random.default_rng(3).uniform(-9, 9, 70).astype(dtype)
    want = compute(name, values)
    for n in range(1, 71):
        memory = Memory(dtype, np.nan)
        x = memory.rows(values[None, 70 - n :])
        activation.activate(name, x, n)
        assert_same_bits(x[0, :n], want[70 - n :], f"{name} of the last {n}")


@pytest.mark.parametrize("name", [*NAMES, "softmax"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_without_padding_are_refused(dtype, name):
    x = np.zeros((3, 9), dtype)
    with pytest.raises(ValueError, match="9 elements are not padded"):
        activation.activate(name, x, 9)
    with pytest.raises(ValueError, match="16 elements are not padded for n = 17"):
        activation.activate(name, np.zeros((3, 16), dtype), 17)
