"""Sizes that no memory has, and calls that fail without end."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest

import fastrnn
from fastrnn.arguments import CELLS

GATES = {f"{cell.name}_forward": cell.gates for cell in CELLS}


def parameters(gates, n_x=1, n_s=2):
    shapes = {
        "Wx": (gates * n_s, n_x),
        "Ws": (gates * n_s, n_s),
        "Wy": (3, n_s),
        "bs": (gates * n_s, 1),
        "by": (3, 1),
    }
    return {name: np.ones(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize(
    ("m", "T_x"), [(2**29, 2**29), (2**58, 1), (1, 2**58)], ids=["both", "m", "T_x"]
)
def test_sizes_whose_product_overflows(name, m, T_x):
    X = np.broadcast_to(np.float64(1), (1, m, T_x))
    S_0 = np.broadcast_to(np.float64(1), (2, m))
    with pytest.raises((MemoryError, ValueError)):
        getattr(fastrnn, name)(X, S_0, parameters(GATES[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", GATES)
def test_failing_calls_leave_nothing_behind(name):
    forward = getattr(fastrnn, name)
    X, S_0, given = np.ones((1, 3, 4)), np.ones((2, 3)), parameters(GATES[name])
    too_large = np.broadcast_to(np.float64(1), (1, 2**58, 1)), np.broadcast_to(1.0, (2, 2**58))
    wrong = [
        (X, np.ones((3, 3)), given),
        (np.ones((2, 3, 4)), S_0, given),
        (X, S_0, {**given, "Wy": None}),
    ]
    wrong = [*wrong * 10, (*too_large, given)]

    def fail(times):
        for i in range(times):
            try:
                forward(*wrong[i % len(wrong)])
            except (MemoryError, TypeError, ValueError):
                continue
            pytest.fail("a call that should have failed did not")

    fail(2_000)
    gc.collect()
    watched = [X, S_0, *given.values(), X.dtype, *too_large]
    before = [sys.getrefcount(one) for one in watched]
    tracemalloc.start()
    try:
        fail(2_000)
        gc.collect()
        memory = tracemalloc.get_traced_memory()[0]
        fail(2_000)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - memory < 20_000
    finally:
        tracemalloc.stop()
    fail(30_000)
    gc.collect()
    after = [sys.getrefcount(one) for one in watched]
    assert max(abs(a - b) for a, b in zip(after, before, strict=True)) < 10
