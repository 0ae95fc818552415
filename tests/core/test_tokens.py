"""Tokens in place of one-hot rows: the same results as the products, whatever the strides."""

import numpy as np
import pytest

from fastrnn._core import gather
from fastrnn._core.memory import padded
from fastrnn._core.recurrence import Recurrence
from fastrnn._core.reserve import views
from fastrnn._core.thread_count import get_num_threads, set_num_threads
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import DTYPES, Memory
from tests.tolerances import PARITY

RNN = Recurrence("rnn")


def run_rnn(dtype, tokens, fill, mask=None, one_hot=False, sizes=(9, 17)):
    """Run the tanh RNN, forward and backward, over tokens or the one-hot rows for them."""
    (T, m), (n_x, n_s) = tokens.shape, sizes
    memory, rng = Memory(dtype, fill), np.random.default_rng(5)
    wx, ws = (memory.spread(rng.normal(size=(n_s, n)).astype(dtype) * 0.4) for n in (n_x, n_s))
    bs = memory.spread(rng.normal(size=(n_s, 1)).astype(dtype))
    itemsize = memory.dtype.itemsize
    reserve = memory.empty(RNN.reserve_length(T, m, n_s, itemsize))
    (states,) = views(RNN, reserve, T, m, n_s)
    states[0, :, :n_s] = rng.normal(size=(m, n_s))
    ds = memory.rows(rng.normal(size=(T, m, n_s)).astype(dtype))
    x = memory.rows(np.eye(n_x, dtype=dtype)[tokens]) if one_hot else np.empty((T, m, 0), dtype)
    options = {"mask": mask, "tokens": None if one_hot else tokens}
    RNN.forward(x, (wx, ws, bs), reserve, **options)
    d_initial, gradients = memory.empty(1, m, states.shape[2]), (*map(memory.spread, (wx, ws, bs)),)
    RNN.backward(ds, x, (wx, ws, bs), reserve, gradients, d_initial, **options)
    memory.check()
    names = ("states", "ds0", "dwx", "dws", "dbs")
    return dict(zip(names, (states[..., :n_s], d_initial[0, :, :n_s], *gradients), strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", [False, True])
def test_gathering_is_multiplying(dtype, masked):
    rng = np.random.default_rng(6)
    tokens = rng.integers(0, 9, (12, 7))
    mask = np.ascontiguousarray(rng.random((12, 7)) < 0.6, np.uint8) if masked else None
    found = run_rnn(dtype, tokens, 0.0, mask)
    assert_close(found, run_rnn(dtype, tokens, 0.0, mask, one_hot=True), PARITY)
    assert_same_bits(run_rnn(dtype, tokens, np.nan, mask), found)


def test_the_same_bits_for_any_number_of_threads():
    tokens, before = np.random.default_rng(7).integers(0, 40, (60, 33)), get_num_threads()
    try:
        set_num_threads(1)
        expected = run_rnn("float32", tokens, 0.0, sizes=(40, 130))
        set_num_threads(4)
        assert_same_bits(run_rnn("float32", tokens, 0.0, sizes=(40, 130)), expected)
    finally:
        set_num_threads(before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_table(dtype):
    rng = np.random.default_rng(8)
    table = rng.normal(size=(6, 5)).astype(dtype)
    tokens, mask = rng.integers(0, 6, (4, 3)), (rng.random((4, 3)) < 0.5).astype(np.uint8)
    out = np.full((4, 3, padded(5, np.dtype(dtype))), np.nan, dtype)
    gather.take_rows(table, tokens, out)
    np.testing.assert_array_equal(out[..., :5], table[tokens])
    for counts in (None, mask):
        expected, found = np.zeros_like(table), np.full_like(table, np.nan)
        for t, j in np.ndindex(4, 3):
            expected[tokens[t, j]] += out[t, j, :5] * (1 if counts is None else counts[t, j])
        gather.add_rows(out, tokens, counts, found)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("token", [-1, 6, 2**62])
def test_a_token_out_of_range_reads_nothing(token):
    tokens, table = np.full((2, 2), token), np.ones((6, 5))
    with pytest.raises(ValueError, match=f"a token is {token}; it should be from 0 to 5"):
        gather.take_rows(table, tokens, np.zeros((2, 2, 8)))
    with pytest.raises(ValueError, match="a token is"):
        gather.add_rows(np.zeros((2, 2, 8)), tokens, None, table)
    with pytest.raises(ValueError, match="a token is"):
        run_rnn("float64", tokens, 0.0, sizes=(6, 3))
