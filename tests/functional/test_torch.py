"""The compiled functions against PyTorch, with no reference between them."""

import pytest

import fastrnn
from tests.compare import assert_close
from tests.tolerances import TORCH
from tests.torch_oracle import CASES, DOUBLES, run, run_torch, with_lengths

pytest.importorskip("torch")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_states_predictions_loss_and_gradients(case):
    arrays = case.make()
    assert_close(run(fastrnn, case, arrays), run_torch(case, arrays), TORCH)


@pytest.mark.parametrize("case", DOUBLES, ids=str)
def test_sequences_of_several_lengths(case):
    arrays, runs = with_lengths(case)
    got = run(fastrnn, case, arrays, arrays.lengths)
    assert_close(got, run_torch(case, arrays, runs), TORCH)
