"""Gradients that are clipped before a step."""

from itertools import pairwise

import numpy as np
import pytest

from fastrnn._core import optimizer as core
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
from fastrnn.optimizers import SGD, Adam, AdamW, RMSprop
from tests.compare import assert_close
from tests.tolerances import PARITY

#: Three weights, the second of one number, the third of none.
BOUNDS = np.array([0, 40, 41, 41, 77], np.intp)


def gradients(dtype="float64", scale=1.0):
    return (np.random.default_rng(5).normal(size=77) * scale).astype(dtype)


def clipped(g, **limit):
    """Return what a plain step takes from weights that were zero."""
    values = np.zeros_like(g)
    SGD(1.0, **limit).apply(values, g.copy(), BOUNDS)
    return -values


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("limit", [1e-3, 0.9, 4.0, 1e6])
def test_every_weight_by_its_own_norm(dtype, limit):
    g = gradients(dtype)
    expected = g.astype("float64")
    for start, end in pairwise(BOUNDS):
        norm = np.linalg.norm(expected[start:end])
        if norm > limit:
            expected[start:end] *= limit / norm
    assert_close(clipped(g, clipnorm=limit), expected.astype(dtype), PARITY)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("limit", [1e-3, 0.9, 1e6])
def test_all_weights_by_one_norm(dtype, limit):
    g = gradients(dtype)
    norm = np.linalg.norm(g.astype("float64"))
    expected = g * min(1.0, limit / norm)
    assert_close(clipped(g, global_clipnorm=limit), expected.astype(dtype), PARITY)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("limit", [1e-3, 0.9, 1e6])
def test_every_number(dtype, limit):
    g = gradients(dtype)
    bound = np.dtype(dtype).type(limit)
    np.testing.assert_array_equal(clipped(g, clipvalue=limit), np.clip(g, -bound, bound))


@pytest.mark.parametrize("how", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_what_is_short_enough_keeps_its_bits(how):
    g = gradients()
    np.testing.assert_array_equal(clipped(g, **{how: 100.0}), g)
    nothing = np.zeros(77)
    np.testing.assert_array_equal(clipped(nothing, **{how: 0.5}), nothing)


@pytest.mark.parametrize(
    ("dtype", "scale"), [("float64", 1e200), ("float64", 1e-200), ("float32", 1e30)]
)
def test_norms_whose_square_no_number_can_hold(dtype, scale):
    g = gradients(dtype, scale)
    found = clipped(g, global_clipnorm=scale)
    expected = (g / g.dtype.type(scale)).astype("float64")
    expected = expected / np.linalg.norm(expected)
    assert_close(found / g.dtype.type(scale), expected.astype(dtype), PARITY)


@pytest.mark.parametrize("way", [SGD, Adam, AdamW, RMSprop])
@pytest.mark.parametrize("how", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_every_optimizer_clips_and_says_so_in_its_configuration(way, how):
    optimizer = way(0.1, **{how: 0.25})
    assert optimizer.get_config()[how] == getattr(optimizer, how) == 0.25
    by_hand, plain = np.ones(77), way(0.1)
    values, g = np.ones(77), gradients()
    optimizer.apply(values, g.copy(), BOUNDS)
    plain.apply(by_hand, clipped(g, **{how: 0.25}))
    assert_close(values, by_hand, PARITY)


@pytest.mark.parametrize("how", ["clipnorm", "global_clipnorm"])
def test_a_model_knows_where_its_weights_end(how):
    model = Sequential([Input((3,), dtype="float64"), Dense(5), Dense(2)])
    model.compile(SGD(1.0, **{how: 1e-3}), "mse")
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    before, g = model.get_weights(), model.compute_gradients(x, y)
    model.train_on_batch(x, y)
    norms = [np.linalg.norm(part) for part in g]
    if how == "global_clipnorm":
        norms = [np.linalg.norm(norms)] * len(g)
    for old, new, part, norm in zip(before, model.get_weights(), g, norms, strict=True):
        assert norm > 1e-3
        np.testing.assert_allclose(old - new, part * (1e-3 / norm), rtol=1e-9, atol=1e-15)


def test_bounds_that_do_not_fit_are_refused():
    for bounds in ([0, 78], [5, 3], [-1, 3]):
        with pytest.raises(ValueError, match="bounds"):
            core.clip_norms(gradients(), np.array(bounds, np.intp), 1.0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_whether_all_are_finite(dtype):
    for n in range(70):
        vector = np.full(n, np.finfo(dtype).max, dtype)
        assert core.all_finite(vector)
        for place in range(n):
            for bad in (np.nan, np.inf, -np.inf):
                vector[place] = bad
                assert not core.all_finite(vector)
            vector[place] = -vector[0] if place else np.finfo(dtype).max
