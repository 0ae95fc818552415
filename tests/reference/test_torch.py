"""The reference against PyTorch: its own cells, and its derivatives of our equations."""

import numpy as np
import pytest

from fastrnn import reference
from tests.compare import assert_close
from tests.tolerances import TORCH
from tests.torch_oracle import CASES, DOUBLES, run, run_torch, with_lengths

pytest.importorskip("torch")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_states_predictions_loss_and_gradients(case):
    arrays = case.make()
    want = run_torch(case, arrays)
    assert_close(run(reference, case, arrays), want, TORCH)


@pytest.mark.parametrize("case", DOUBLES, ids=str)
def test_sequences_of_several_lengths(case):
    arrays, runs = with_lengths(case)
    got = run(reference, case, arrays, arrays.lengths)
    assert_close(got, run_torch(case, arrays, runs), TORCH)


def test_softmax_over_the_first_axis():
    import torch

    x = np.random.default_rng(0).standard_normal((5, 3, 4)) * 30
    want = torch.softmax(torch.tensor(x), dim=0).numpy()
    assert_close(reference.softmax(x), want, TORCH)
