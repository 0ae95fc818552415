"""Memory that is given to the next array: not while anybody looks at it, and not without end."""

import gc
import tracemalloc

import numpy as np
import pytest

from fastrnn._core.recycled import empty, kept_bytes, release
from tests.core.calls import DTYPES

ELEMENTS = 1 << 16


@pytest.fixture(autouse=True)
def nothing_kept():
    release()
    yield
    release()


def address(array):
    return array.__array_interface__["data"][0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_it_is_an_ordinary_array(dtype):
    for shape in [(0,), (3, 0, 5), (7,), (ELEMENTS,), (129, 33, 16)]:
        array = empty(shape, np.dtype(dtype))
        assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
        assert array.flags.c_contiguous
        assert array.flags.writeable
        array[...] = 7
        assert np.all(array == 7)


def test_the_next_array_gets_the_memory_of_the_last():
    first = empty((ELEMENTS,), np.dtype(np.float64))
    where = address(first)
    assert where % 64 == 0
    del first
    assert kept_bytes() >= 8 * ELEMENTS
    second = empty((ELEMENTS - 5,), np.dtype(np.float64))
    assert address(second) == where
    assert kept_bytes() == 0


def test_a_view_keeps_the_memory():
    array = empty((ELEMENTS,), np.dtype(np.float64))
    array[...] = 3
    view = array[5:].reshape(-1, 1).T
    circle = [view]
    circle.append(circle)
    del array, view
    assert kept_bytes() == 0
    other = empty((ELEMENTS,), np.dtype(np.float64))
    other[...] = 4
    assert np.all(circle[0] == 3)
    del circle
    gc.collect()
    assert kept_bytes() >= 8 * ELEMENTS


def test_a_small_array_does_not_take_a_large_memory():
    large = empty((16 * ELEMENTS,), np.dtype(np.float64))
    del large
    kept = kept_bytes()
    small = empty((ELEMENTS,), np.dtype(np.float64))
    assert kept_bytes() == kept
    del small


def test_no_more_than_a_limit_is_kept():
    limit = 256 << 20
    arrays = [empty((5 << 20,), np.dtype(np.float64)) for _ in range(12)]
    del arrays
    assert 0 < kept_bytes() <= limit
    too_large = empty((limit,), np.dtype(np.float64))
    kept = kept_bytes()
    del too_large
    assert kept_bytes() == kept


def test_what_is_kept_shows_in_tracemalloc():
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        array = empty((ELEMENTS,), np.dtype(np.float64))
        del array
        assert tracemalloc.get_traced_memory()[0] - before > 8 * ELEMENTS
        release()
        assert tracemalloc.get_traced_memory()[0] - before < ELEMENTS
    finally:
        tracemalloc.stop()


def test_sizes_that_no_memory_has_are_refused():
    for shape in [(2**62, 2**62), (2**40, 2**20), (2**60,)]:
        with pytest.raises((ValueError, MemoryError)):
            empty(shape, np.dtype(np.float64))
