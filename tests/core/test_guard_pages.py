"""Guard pages around memory that the core reads as it stands: time-major, and not padded."""

import sys

import numpy as np
import pytest

import fastrnn
from fastrnn.functional.layout import readable_rows
from tests.cases import FORMS
from tests.core.calls import DTYPES, cell_case, run_cell
from tests.core.child import run
from tests.functional.calls import make_calls
from tests.functional.test_guard_pages import guarded

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="mprotect as on Linux only"
)


def turned(array, behind):
    """Return an array of the contract as a view of guarded memory with the features last."""
    return guarded(np.ascontiguousarray(array.T), behind).T


def test_such_memory_is_read_without_a_copy():
    X = turned(np.ones((3, 5, 4)), True)
    assert np.shares_memory(readable_rows(X), X)


def run_turned(dtype, behind):
    """Run every call on time-major memory against unreadable pages, n_x and n_s from 1 to 67."""
    for n in range(1, 68):
        for call in make_calls(dtype, (n, 68 - n, n, n % 7 + 1, 2)):
            call.each(lambda array: turned(array, behind)).run(fastrnn)


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_past_the_ends_is_touched(dtype, behind):
    run(f"from tests.core.test_guard_pages import run_turned; run_turned({dtype!r}, {behind})")


def run_masked(behind):
    """Run the cells with masks against unreadable pages, batches from 1 to 67."""
    rng = np.random.default_rng(0)
    for m in range(1, 68):
        for form in FORMS:
            mask = guarded((rng.random((3, m)) < 0.5).astype(np.uint8), behind)
            run_cell(cell_case(form, 3, 5, m, 3, "float32"), mask=mask)


@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
def test_masks(behind):
    run(f"from tests.core.test_guard_pages import run_masked; run_masked({behind})")
