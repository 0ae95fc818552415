"""Losses on arrays: values worked out by hand, shapes, and what they refuse."""

import numpy as np
import pytest

from fastrnn import losses
from fastrnn.losses import (
    binary_crossentropy,
    categorical_crossentropy,
    mean_squared_error,
    sparse_categorical_crossentropy,
)

P = np.array([[[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]])
LABELS = np.array([[0, 2]])


def test_sparse_categorical_crossentropy():
    expected = -np.log([[0.7, 0.25]])
    np.testing.assert_allclose(sparse_categorical_crossentropy(LABELS, P), expected)
    np.testing.assert_allclose(sparse_categorical_crossentropy(LABELS[..., None], P), expected)
    np.testing.assert_allclose(sparse_categorical_crossentropy(LABELS * 1.0, P), expected)
    np.testing.assert_allclose(
        sparse_categorical_crossentropy(LABELS, np.log(P) + 3, from_logits=True), expected
    )


def test_categorical_crossentropy():
    expected = -np.log([[0.7, 0.25]])
    targets = np.eye(3)[LABELS]
    np.testing.assert_allclose(categorical_crossentropy(targets, P), expected)
    np.testing.assert_allclose(
        categorical_crossentropy(targets, np.log(P) - 5, from_logits=True), expected
    )
    np.testing.assert_allclose(
        categorical_crossentropy([[0.5, 0.5, 0]], P[0, :1]), [-0.5 * np.log(0.7 * 0.2)]
    )


def test_binary_crossentropy():
    targets, p = np.array([[1.0, 0.0]]), np.array([[0.8, 0.3]])
    expected = [-(np.log(0.8) + np.log(0.7)) / 2]
    np.testing.assert_allclose(binary_crossentropy(targets, p), expected)
    np.testing.assert_allclose(
        binary_crossentropy(targets, np.log(p / (1 - p)), from_logits=True), expected
    )


def test_mean_squared_error():
    np.testing.assert_allclose(mean_squared_error([[1, 2], [0, 0]], [[1, 4], [3, 0]]), [2, 4.5])
    np.testing.assert_allclose(mean_squared_error([1, 2], [[1.5], [2]]), [0.25, 0])


@pytest.mark.parametrize("from_logits", [True, False])
def test_nothing_is_infinite(from_logits):
    extreme = np.array([[1e4, -1e4]] if from_logits else [[1.0, 0.0]])
    for value in (
        sparse_categorical_crossentropy([1], extreme, from_logits),
        categorical_crossentropy([[0, 1]], extreme, from_logits),
        binary_crossentropy([[0, 1]], extreme, from_logits),
    ):
        assert np.isfinite(value).all()
        assert (value > 10).all()


def test_float32_stays_float32():
    for value in (
        sparse_categorical_crossentropy(LABELS, P.astype("float32")),
        categorical_crossentropy(P, P.astype("float32")),
        binary_crossentropy(P, P.astype("float32")),
        mean_squared_error(P, P.astype("float32")),
    ):
        assert value.dtype == np.float32


def test_objects_give_the_mean():
    loss = losses.SparseCategoricalCrossentropy()
    assert loss(LABELS, P) == pytest.approx(-np.log(0.7 * 0.25) / 2)
    assert losses.MeanSquaredError()([1, 2], [[1.5], [2]]) == pytest.approx(0.125)


@pytest.mark.parametrize(
    "identifier",
    [
        "mse",
        "mean_squared_error",
        binary_crossentropy,
        losses.CategoricalCrossentropy,
        losses.SparseCategoricalCrossentropy(from_logits=True),
        "MeanSquaredError",
    ],
)
def test_configuration_there_and_back(identifier):
    loss = losses.get(identifier)
    again = losses.get(losses.serialize(loss))
    assert type(again) is type(loss)
    assert repr(again) == repr(loss)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: sparse_categorical_crossentropy([[0, 3]], P), ValueError, r"label 3 at \[0, 1\]"),
        (lambda: sparse_categorical_crossentropy([[0, -1]], P), ValueError, "label -1"),
        (lambda: sparse_categorical_crossentropy([[0, 0.5]], P), ValueError, "label 0.5"),
        (lambda: sparse_categorical_crossentropy([[0, np.inf]], P), ValueError, "label inf"),
        (lambda: sparse_categorical_crossentropy([0, 1], P), ValueError, r"\(1, 2\) or \(1, 2, 1"),
        (lambda: sparse_categorical_crossentropy(["a"], P[0, :1]), TypeError, "y_true is of type"),
        (lambda: categorical_crossentropy(LABELS, P), ValueError, r"it should be \(1, 2, 3\)"),
        (lambda: mean_squared_error([1], 3.0), ValueError, "single number"),
        (lambda: mean_squared_error([1], np.zeros(1, complex)), TypeError, "y_pred is of type"),
        (lambda: binary_crossentropy(np.zeros(3, np.float16), np.zeros(3)), TypeError, "y_true"),
        (lambda: losses.get("msee"), ValueError, "'msee'"),
        (lambda: losses.get(3), TypeError, "loss is 3"),
    ],
)
def test_errors(act, error, message):
    with pytest.raises(error, match=message):
        act()
