"""Batches of arrays, in any order, for one process or for several."""

import numpy as np
import pytest

from fastrnn.distributed import share_of
from fastrnn.models import samples
from fastrnn.models.samples import Samples
from fastrnn.models.source import Data

RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 4, 3))
Y = RNG.integers(0, 9, (23, 4))
ORDER = RNG.permutation(23)

LAYOUTS = {
    "plain": lambda array: array,
    "swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "strided": lambda array: np.repeat(array, 2, axis=0)[::2],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "fortran": np.asfortranarray,
}


@pytest.mark.parametrize("most", [0, 1 << 26], ids=["not copied", "copied"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_batches_are_the_samples_asked_for_however_they_lie(monkeypatch, layout, most):
    monkeypatch.setattr(samples, "COPIED", most)
    data = Data([LAYOUTS[layout](X)], [LAYOUTS[layout](Y)], [None])
    for order in (None, ORDER):
        numbers = np.arange(23) if order is None else order
        for step, batch in enumerate(Samples(data, 6).ordered(order, 1), start=1):
            wanted = numbers[6 * step : 6 * step + 6]
            np.testing.assert_array_equal(batch.x[0], X[wanted])
            np.testing.assert_array_equal(batch.y[0], Y[wanted])
            assert batch.share is None


@pytest.mark.parametrize("ranks", [1, 2, 3, 7, 8])
def test_the_shares_of_all_ranks_make_the_batch(ranks):
    for total in (1, 2, 5, 6, 23):
        shares = [share_of(total, rank, ranks) for rank in range(ranks)]
        counted = [share for share in shares if share.counts]
        rows = [row for share in counted for row in range(share.start, share.stop)]
        assert rows == list(range(total))
        sizes = [share.rows for share in counted]
        assert max(sizes) - min(sizes) <= 1
        # The others have a row too, so that what they draw at random is drawn everywhere.
        assert all(share.rows >= 1 and share.total == total for share in shares)


@pytest.mark.parametrize("order", [None, ORDER], ids=["in order", "shuffled"])
def test_a_rank_reads_its_rows_alone(order):
    data = Data([X], [Y], [None])
    # Not lists of them: a batch is valid until the next.
    of_ranks = [
        Samples(data, 6, lambda total, rank=rank: share_of(total, rank, 3)).ordered(order)
        for rank in range(3)
    ]
    numbers = np.arange(23) if order is None else order
    for step, batches in enumerate(zip(*of_ranks, strict=True)):
        assert len(batches) == 3
        wanted = numbers[6 * step : 6 * step + 6]
        assert sum(len(batch) for batch in batches) == len(wanted)
        for batch in batches:
            share = batch.share
            np.testing.assert_array_equal(batch.x[0], X[wanted[share.start : share.stop]])
