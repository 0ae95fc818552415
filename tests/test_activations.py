"""Activation functions on arrays, and the derivatives that layers use."""

import math

import numpy as np
import pytest

from fastrnn import activations
from fastrnn.differentiation import value_and_gradient

normal_distribution = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))
X = np.random.default_rng(3).normal(size=(2, 5, 7)) * 3
EXPECTED = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
    "relu6": lambda x: np.minimum(np.maximum(x, 0), 6),
    "leaky_relu": lambda x: np.where(x < 0, 0.2 * x, x),
    "elu": lambda x: np.where(x < 0, np.exp(x) - 1, x),
    "selu": lambda x: 1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(x), x),
    "gelu": lambda x: x * normal_distribution(x),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "exponential": np.exp,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "log_sigmoid": lambda x: -np.log1p(np.exp(-x)),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(axis=-1, keepdims=True)),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-13), ("float32", 2e-6)])
def test_values(name, dtype, rtol):
    x = X.astype(dtype)
    before = x.copy()
    y = getattr(activations, name)(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, EXPECTED[name](x.astype(float)), rtol=rtol, atol=rtol / 9)
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
    kernel.backward(function(rows), drows, rows.shape[-1], np.empty_like(rows), rows.copy())
    np.testing.assert_allclose(drows, expected, atol=1e-8)


def test_extremes_saturate():
    x = np.array([[-1e4, 1e4, -np.inf, np.inf, 0.0]])
    np.testing.assert_array_equal(activations.sigmoid(x), [[0, 1, 0, 1, 0.5]])
    np.testing.assert_array_equal(activations.tanh(x), [[-1, 1, -1, 1, 0]])
    np.testing.assert_array_equal(activations.softmax([[1e4, 0.0]]), [[1, 0]])
    np.testing.assert_array_equal(activations.log_softmax([[1e4, 0.0]]), [[0, -1e4]])
    np.testing.assert_array_equal(activations.softplus(x), [[0, 1e4, 0, np.inf, np.log(2)]])
    np.testing.assert_array_equal(activations.log_sigmoid(x[:, 1:2]), [[0]])
    for name in ("gelu", "silu", "mish"):
        found = getattr(activations, name)([[-1e4, 1e4, 0.0]])
        np.testing.assert_array_equal(found, [[0, 1e4, 0]], err_msg=name)
        rows = np.array([[-1e4, 1e4, 0.0]])
        drows = np.ones((1, 3))
        activations.get(name).backward(found, drows, 3, np.empty((1, 3)), rows)
        assert drows[0, :2].tolist() == [0, 1], name


def test_integers_are_read_as_float64():
    assert activations.tanh([1, 2]).dtype == np.float64
    assert activations.tanh(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_names_and_functions_mean_the_same():
    assert activations.get("tanh") is activations.get(activations.tanh)
    assert activations.get(None) is activations.get("linear")


@pytest.mark.parametrize("identifier", ["swoosh", np.tanh])
def test_unknown_activations(identifier):
    with pytest.raises(ValueError, match="should be one of"):
        activations.get(identifier)


@pytest.mark.parametrize("identifier", [3, [], {}, int])
def test_what_is_no_activation(identifier):
    with pytest.raises(TypeError, match="it should be a name such as 'relu'"):
        activations.get(identifier)


@pytest.mark.parametrize("x", [np.zeros(3, np.float16), np.zeros(3, complex), ["a"], [None]])
def test_types(x):
    with pytest.raises(TypeError, match="x is of type"):
        activations.softmax(x)


def test_a_number_has_no_features():
    with pytest.raises(ValueError, match="single number"):
        activations.softmax(3.0)


OTHERS = {
    "relu": (
        {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.5},
        lambda x: np.minimum(np.where(x > 0.5, x, 0.1 * (x - 0.5)), 2),
    ),
    "leaky_relu": ({"negative_slope": 0.4}, lambda x: np.where(x < 0, 0.4 * x, x)),
    "elu": ({"alpha": 0.5}, lambda x: np.where(x < 0, 0.5 * np.expm1(x), x)),
    "gelu": (
        {"approximate": True},
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    "softmax": ({"axis": 1}, lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)),
    "log_softmax": ({"axis": 1}, lambda x: x - np.log(np.exp(x).sum(axis=1, keepdims=True))),
}


@pytest.mark.parametrize("name", OTHERS)
def test_values_with_other_arguments(name):
    options, expected = OTHERS[name]
    found = getattr(activations, name)(X, **options)
    np.testing.assert_allclose(found, expected(X), rtol=1e-12, atol=1e-12)
    if "negative_slope" in options:
        older = {"alpha" if key == "negative_slope" else key: options[key] for key in options}
        np.testing.assert_allclose(getattr(activations, name)(X, **older), expected(X), rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"other": True}])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_gradient_is_followed_through_a_function(name, options):
    options, _ = OTHERS.get(name, ({}, None)) if options else ({}, None)
    function, h = getattr(activations, name), 1e-6
    weights = np.random.default_rng(4).normal(size=X.shape)
    value, back = value_and_gradient(lambda x: function(x, **options), [X])
    np.testing.assert_array_equal(value, function(X, **options))
    found, places = back(weights), np.random.default_rng(5).integers(X.size, size=12)
    for place in places:
        step = np.zeros(X.size)
        step[place] = h
        step = step.reshape(X.shape)
        change = function(X + step, **options) - function(X - step, **options)
        expected = (change * weights).sum() / (2 * h)
        np.testing.assert_allclose(found.ravel()[place], expected, atol=1e-8)


def test_what_get_returns_can_be_called_and_named():
    for name in EXPECTED:
        kernel = activations.get(name)
        np.testing.assert_array_equal(kernel(X), getattr(activations, name)(X))
        assert activations.get(activations.serialize(kernel)) is kernel
    assert activations.deserialize("tanh") is activations.TANH
    assert activations.deserialize("mine", {"mine": len}) is len
    with pytest.raises(TypeError, match=r"a gradient cannot be followed through relu of \(\)"):
        value_and_gradient(lambda x: activations.relu(x.sum()), [X])
