"""Several ranks give the answer of one."""

import json
from itertools import chain

import numpy as np
import pytest

from tests.tolerances import PROCESSES

from .conftest import PROGRAMS

SAMPLES, STEPS = 122, 8


@pytest.mark.parametrize("ranks", [2, 3])
def test_every_kind_of_model_learns_the_same(mpiexec, ranks):
    code, out, err = mpiexec(ranks, PROGRAMS / "same_answer.py")
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 34
    for found in lines:
        title = f"{found['case']}, {found['dtype']}"
        within = PROCESSES[np.dtype(found["dtype"])]
        assert found["curve"] < within, title
        assert found["model"] < within, title
        # The seventh batch of 97 samples and the last numbered one have fewer rows than ranks.
        steps = STEPS if found["case"] in ("dataset", "numbered") else 7
        assert found["steps"] == 2 * steps, title
        assert found["same bits"], title
        assert found["same names"], title
        if found["case"] == "dataset":
            assert_shared_out(found["asked"])


def assert_shared_out(asked):
    """Check that each rank asked for its own rows of every batch, and for no others."""
    # The first time is before the training, to see whether all have the same data.
    parts = zip(*(of_rank[1:] for of_rank in asked), strict=True)
    steps = [sorted(chain.from_iterable(of_step)) for of_step in parts]
    assert [len(step) for step in steps] == [16, 16, 16, 16, 16, 16, 16, 10] * 2
    for epoch in (steps[:STEPS], steps[STEPS:]):
        assert sorted(chain.from_iterable(epoch)) == list(range(SAMPLES))
