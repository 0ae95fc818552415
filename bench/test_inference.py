"""GRU, a sequence in one call, a step a call, and as a stream: reference and compiled."""

import pytest

from bench.fields import DTYPES, SIDES, competitor
from fastrnn.arguments import GRU
from fastrnn.benchmark.cases import GRU_SEQUENCE, GRU_STEP, GRU_STREAM


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", GRU_SEQUENCE, ids=lambda sizes: sizes.name)
def test_sequence(benchmark, sizes, dtype, side):
    benchmark.group = f"inference, {sizes}, {dtype}"
    benchmark(competitor(side, "sequence", sizes, dtype, GRU))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_step(benchmark, dtype, side):
    benchmark.group = f"inference, {GRU_STEP}, {dtype}"
    benchmark(competitor(side, "gru_step", GRU_STEP, dtype, GRU))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", GRU_STREAM, ids=lambda sizes: sizes.name)
def test_stream(benchmark, sizes, dtype, side):
    benchmark.group = f"inference, {sizes}, {dtype}"
    benchmark(competitor(side, "gru_stream", sizes, dtype, GRU))
