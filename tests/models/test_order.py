"""The order of an epoch: any for few samples, bounded in memory for many, the same for a seed."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, strategies as st

from fastrnn.models import order, samples as training

SEED = np.random.SeedSequence(3, spawn_key=(2,))


def test_few_samples_have_the_order_that_a_permutation_gives():
    for samples in (1, 2, 1000, 70_000):
        found = training.order_of(2, samples, np.random.SeedSequence(3))
        assert found.dtype == np.int32
        generator = np.random.Generator(np.random.PCG64(SEED))
        assert np.array_equal(found, generator.permutation(samples))


@given(st.integers(1, 400), st.integers(1, 9), st.integers(1, 9), st.data())
def test_many_samples_come_once_each_in_pieces_of_any_size(samples, block, mixed, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "MOST", 0)
        patch.setattr(order, "BLOCK", block)
        patch.setattr(order, "BLOCKS_MIXED", mixed)
        found = order.drawn(samples, SEED)
        assert len(found) == samples
        whole = found[0:samples]
        assert np.array_equal(np.sort(whole), np.arange(samples))
        # A resumed epoch begins anywhere, and a batch lies where it lies.
        again = order.drawn(samples, SEED)
        for start in data.draw(st.lists(st.integers(0, samples), max_size=5)):
            stop = data.draw(st.integers(0, samples + 9))
            assert np.array_equal(again[start:stop], whole[start:stop])


def test_many_samples_are_mixed_and_other_epochs_mix_them_otherwise(monkeypatch):
    monkeypatch.setattr(order, "MOST", 9_999)
    monkeypatch.setattr(order, "BLOCK", 10)
    monkeypatch.setattr(order, "BLOCKS_MIXED", 100)
    epochs = [training.order_of(n, 10_000, np.random.SeedSequence(3))[0:10_000] for n in (0, 1)]
    assert np.count_nonzero(epochs[0] == epochs[1]) < 10
    for found in epochs:
        # Neighbours in the order come from anywhere, and a group has samples from everywhere.
        assert np.abs(np.diff(found.astype(int))).mean() > 2000
        assert np.ptp(found[:1000] // 1000) == 9


def test_the_order_of_a_thousand_million_samples_takes_little_memory():
    tracemalloc.start()
    try:
        found = training.order_of(0, 10**9, np.random.SeedSequence(3))
        batch = found[987_654_300:987_654_332]
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert batch.dtype == np.int32
    assert len(set(batch.tolist())) == 32
    assert batch.max() < 10**9
