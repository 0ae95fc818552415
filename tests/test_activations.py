"""Activation functions on arrays, and the derivatives that layers use."""

import numpy as np
import pytest

from fastrnn import activations

X = np.random.default_rng(3).normal(size=(2, 5, 7)) * 3
EXPECTED = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-13), ("float32", 2e-6)])
def test_values(name, dtype, rtol):
    x = X.astype(dtype)
    before = x.copy()
    y = getattr(activations, name)(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, EXPECTED[name](x), rtol=rtol)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", EXPECTED)
def test_derivatives_are_central_differences(name):
    kernel, h = activations.get(name), 1e-6
    rows = X.reshape(-1, X.shape[-1])
    weights = np.random.default_rng(4).normal(size=rows.shape)
    function = EXPECTED[name]
    expected = np.empty_like(rows)
    for index in np.ndindex(rows.shape):
        up, down = rows.copy(), rows.copy()
        up[index] += h
        down[index] -= h
        expected[index] = ((function(up) - function(down)) * weights).sum() / (2 * h)
    drows = weights.copy()
    kernel.backward(function(rows), drows, rows.shape[-1], np.empty_like(rows))
    np.testing.assert_allclose(drows, expected, atol=1e-8)


def test_extremes_saturate():
    x = np.array([[-1e4, 1e4, -np.inf, np.inf, 0.0]])
    np.testing.assert_array_equal(activations.sigmoid(x), [[0, 1, 0, 1, 0.5]])
    np.testing.assert_array_equal(activations.tanh(x), [[-1, 1, -1, 1, 0]])
    np.testing.assert_array_equal(activations.softmax([[1e4, 0.0]]), [[1, 0]])


def test_integers_are_read_as_float64():
    assert activations.tanh([1, 2]).dtype == np.float64
    assert activations.tanh(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_names_and_functions_mean_the_same():
    assert activations.get("tanh") is activations.get(activations.tanh)
    assert activations.get(None) is activations.get("linear")


@pytest.mark.parametrize("identifier", ["swish", 3, np.tanh, []])
def test_unknown_activations(identifier):
    with pytest.raises(ValueError, match="should be one of"):
        activations.get(identifier)


@pytest.mark.parametrize("x", [np.zeros(3, np.float16), np.zeros(3, complex), ["a"], [None]])
def test_types(x):
    with pytest.raises(TypeError, match="x is of type"):
        activations.softmax(x)


def test_a_number_has_no_features():
    with pytest.raises(ValueError, match="single number"):
        activations.softmax(3.0)
