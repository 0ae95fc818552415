"""One-hot rows and unit vectors; an error instead of a wrapped class number."""

import numpy as np
import pytest

from fastrnn.utils import normalize, to_categorical


@pytest.mark.parametrize(
    ("x", "shape"),
    [([0, 2, 1], (3, 3)), ([[0], [2]], (2, 3)), ([[0, 2]], (1, 2, 3)), ([[[1]], [[2]]], (2, 1, 3))],
)
def test_rows_are_one_hot_and_a_last_axis_of_one_goes(x, shape):
    rows = to_categorical(x)
    assert rows.shape == shape
    assert rows.dtype == np.float64
    assert (rows.sum(axis=-1) == 1).all()
    assert (rows.argmax(axis=-1).ravel() == np.ravel(x)).all()


def test_floats_are_fine_where_they_are_whole():
    assert (to_categorical(np.array([2.0, 0.0]), 4) == np.eye(4)[[2, 0]]).all()


@pytest.mark.parametrize(
    ("x", "classes", "error", "words"),
    [
        ([-1, 0], 3, ValueError, "class -1"),
        ([3], 3, ValueError, "class 3"),
        ([0.5], 3, ValueError, "fractions"),
        ([np.nan], 3, ValueError, "fractions"),
        (np.array([2**63], np.uint64), 3, ValueError, str(2**63)),
        ([1j], 3, TypeError, "complex"),
        (["a"], 3, TypeError, "dtype"),
        ([], None, ValueError, "num_classes"),
        ([0], 2.0, TypeError, "num_classes"),
        (np.ma.masked_array([0, 1], [True, False]), 2, ValueError, "masked"),
    ],
)
def test_what_is_no_class_number_is_refused(x, classes, error, words):
    with pytest.raises(error, match=words):
        to_categorical(x, classes)


def test_norms_are_those_of_numpy_and_zeros_stay():
    x = np.random.default_rng(0).standard_normal((4, 5))
    x[2] = 0
    for order in (1, 2, np.inf):
        for axis in (0, 1, -1):
            unit = normalize(x, axis, order)
            lengths = np.linalg.norm(unit, order, axis)
            assert np.allclose(lengths[lengths > 0], 1)
    assert (normalize(x)[2] == 0).all()
