"""Tanh RNN and LSTM, forward and backward through time: reference and compiled, case by case."""

import pytest

from bench.fields import DTYPES, SIDES, competitor
from fastrnn.arguments import LSTM
from fastrnn.benchmark.cases import FORWARD_BACKWARD, LSTM_CASES


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", FORWARD_BACKWARD, ids=lambda sizes: sizes.name)
def test_forward_backward(benchmark, sizes, dtype, side):
    benchmark.group = f"forward and backward, {sizes}, {dtype}"
    benchmark(competitor(side, "forward_backward", sizes, dtype))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LSTM_CASES)
def test_lstm_forward_backward(benchmark, name, dtype, side):
    (sizes,) = (sizes for sizes in FORWARD_BACKWARD if sizes.name == name)
    benchmark.group = f"forward and backward, LSTM, {sizes}, {dtype}"
    benchmark(competitor(side, "forward_backward", sizes, dtype, LSTM))
