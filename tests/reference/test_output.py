"""Softmax and cross entropy: closed forms, extremes, what does not count."""

import math

import mpmath
import numpy as np
import pytest

from fastrnn.reference import cross_entropy, cross_entropy_backward, softmax
from fastrnn.reference.activation import sigmoid
from tests.compare import assert_close
from tests.tolerances import PARITY, ROUNDINGS

DTYPES = [np.float64, np.float32]


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_is_accurate_in_both_tails(dtype):
    a = np.concatenate([np.linspace(-80, 80, 161), [-1e-3, 1e-3, -1e-12, 0.0]]).astype(dtype)
    want = [1 / (1 + mpmath.exp(-mpmath.mpf(value.item()))) for value in a]
    for got, exact in zip(sigmoid(a), want, strict=True):
        assert abs(mpmath.mpf(float(got)) - exact) <= ROUNDINGS * np.finfo(dtype).eps * exact


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_saturates(dtype):
    a = np.array([-np.inf, np.inf, -np.finfo(dtype).max, np.finfo(dtype).max], dtype)
    np.testing.assert_array_equal(sigmoid(a), [0, 1, 0, 1])
    assert np.isnan(sigmoid(np.array([np.nan], dtype)))[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_columns_far_apart(dtype):
    """Each column's own maximum is taken off, not that of the whole array."""
    x = np.array([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0]], dtype)
    assert_close(softmax(x), np.full((2, 3), 0.5, dtype), 0.0)


def test_softmax_of_any_number_of_axes():
    x = np.random.default_rng(0).standard_normal((4, 2, 3, 5))
    got = softmax(x)
    for place in np.ndindex(2, 3, 5):
        column = np.exp(x[(slice(None), *place)])
        assert_close(got[(slice(None), *place)], column / column.sum(), PARITY)


def test_softmax_of_infinities():
    x = np.array([[-np.inf, np.inf, -np.inf], [0.0, 0.0, -np.inf]])
    np.testing.assert_array_equal(softmax(x), [[0, np.nan, np.nan], [1, np.nan, np.nan]])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_softmax_of_nothing(shape):
    assert softmax(np.empty(shape)).shape == shape


def test_cross_entropy_is_the_mean_over_what_counts():
    y_pred = np.array([[[0.5, 0.25]], [[0.5, 0.75]]])  # (2, 1, 2)
    assert_close(cross_entropy(y_pred, [[0, 0]]), math.log(2) * 1.5, PARITY)
    assert_close(cross_entropy(y_pred, [[0, 0]], [[False, True]]), math.log(4), PARITY)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_probability_of_zero_has_a_finite_loss_and_a_gradient(dtype):
    y_pred = np.array([[[1.0]], [[0.0]]], dtype)
    targets = np.array([[1]])
    want = -math.log(np.finfo(dtype).tiny)
    assert_close(cross_entropy(y_pred, targets), want, PARITY[np.dtype(dtype)])
    got = cross_entropy_backward(y_pred, targets, np.ones((1, 1, 1), dtype), {"Wy": [[1], [2]]})
    np.testing.assert_array_equal(got["dby"], [[1], [-1]])


def test_nothing_counts():
    y_pred = np.full((2, 3, 4), 0.5)
    targets, mask = np.zeros((3, 4), int), np.zeros((3, 4), bool)
    assert cross_entropy(y_pred, targets, mask) == 0.0
    got = cross_entropy_backward(y_pred, targets, np.ones((5, 3, 4)), {"Wy": np.ones((2, 5))}, mask)
    shapes = {name: array.shape for name, array in got.items()}
    assert shapes == {"ds": (5, 3, 4), "dWy": (2, 5), "dby": (2, 1)}
    assert not any(array.any() for array in got.values())
