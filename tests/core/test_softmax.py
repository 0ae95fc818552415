"""Softmax of padded rows, of every width."""

import numpy as np
import pytest

from fastrnn import reference
from fastrnn._core import activation
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import DTYPES, Memory
from tests.tolerances import PARITY

WIDTHS = range(1, 71)


def softmax(values, fill=np.nan):
    """Return the softmax of the last axis, by the core."""
    memory = Memory(values.dtype, fill)
    x = memory.rows(values)
    activation.activate("softmax", x, values.shape[-1])
    memory.check()
    return x[:, : values.shape[-1]]


def by_reference(values):
    return reference.softmax(values.T).T


def logits(rows, n, dtype, scale=3.0):
    return (scale * np.random.default_rng((rows, n)).standard_normal((rows, n))).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_width(dtype):
    for n in WIDTHS:
        x = logits(5, n, dtype)
        y = softmax(x)
        assert_close(y, by_reference(x), PARITY, f"n = {n}")
        assert_close(y.sum(-1), np.ones(5, dtype), PARITY, f"sums, n = {n}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_padding_counts_for_nothing(dtype):
    for n in WIDTHS:
        x = logits(3, n, dtype)
        want = softmax(x, 0.0)
        for fill in (np.nan, np.inf, -np.inf, 1e30, -1e30):
            assert_same_bits(softmax(x, fill), want, f"n = {n} beside {fill}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_takes_its_whole_row_and_no_other(dtype):
    for n in WIDTHS:
        x = logits(3, n, dtype)
        want = softmax(x)
        for place in {0, n // 2, n - 1}:
            spoiled = x.copy()
            spoiled[1, place] = np.nan
            got = softmax(spoiled)
            assert np.isnan(got[1]).all(), f"n = {n}, NaN at {place}"
            assert_same_bits(got[::2], want[::2], f"n = {n}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinities_are_as_in_numpy(dtype):
    for n in WIDTHS:
        x = logits(6, n, dtype)
        x[0, n // 2] = np.inf  # inf - inf
        x[1, n // 2] = -np.inf  # nothing for it, unless it is alone
        x[2] = -np.inf
        x[3] = np.inf
        x[4, : n // 2] = -np.inf
        with np.errstate(invalid="ignore"):
            want = by_reference(x)
        assert_close(softmax(x), want, PARITY, f"n = {n}")
        assert np.isnan(want[0]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_shift_changes_nothing(dtype):
    for n in WIDTHS:
        # whole numbers, so that the shifted ones are exact
        x = np.random.default_rng(n).integers(-20, 20, (4, n)).astype(dtype)
        want = softmax(x)
        for shift in (1, -100, 4096, 1e6):
            assert_same_bits(softmax(x + dtype_number(dtype, shift)), want, f"{shift}, n = {n}")


def dtype_number(dtype, value):
    return np.dtype(dtype).type(value)


@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_of_ten_thousand(dtype):
    for n in WIDTHS:
        x = logits(4, n, dtype, scale=1e4)
        x[0], x[1] = 1e4, -1e4
        y = softmax(x)
        assert np.isfinite(y).all()
        assert_close(y, by_reference(x), PARITY, f"n = {n}")
    largest = np.finfo(dtype).max
    x = np.array([[largest, -largest, 0]], dtype)
    assert_same_bits(softmax(x), np.array([[1, 0, 0]], dtype), "the ends of the range")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_does_not_depend_on_its_neighbours(dtype):
    for n in (1, 7, 33, 70):
        x = logits(100, n, dtype)
        want = softmax(x)
        for row in (0, 41, 99):
            assert_same_bits(softmax(x[row : row + 1]), want[row : row + 1], f"row {row}, n = {n}")
