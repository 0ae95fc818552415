"""Arrays that the loops over time take as the user has them: the bits are those of rows."""

import itertools
import sys

import numpy as np
import pytest

import fastrnn
from fastrnn._core import gru, lstm, rnn
from fastrnn._core.layout import padded_copy
from fastrnn._core.memory import padded
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import DTYPES, cell_case, run_cell
from tests.core.child import run
from tests.functional.calls import fortran, spread
from tests.functional.test_guard_pages import guarded

#: n_x and n_s, m, T: less than a vector, more than a line, chunks and segments.
WIDTHS, BATCHES, STEPS = (1, 5, 17, 33), (1, 3, 40), (1, 2, 7, 16, 17, 100)


def features_backwards(array):
    """Return a view whose steps are neighbours, and whose features go from right to left."""
    return np.ascontiguousarray(array[::-1])[::-1]


def batch_contiguous(array):
    return np.ascontiguousarray(array.transpose(0, 2, 1)).transpose(0, 2, 1)


LAYOUTS = [np.ascontiguousarray, fortran, spread, features_backwards, batch_contiguous]


@pytest.fixture
def threads():
    """Let a test set the number of threads, and put it back."""
    before = fastrnn.get_num_threads()
    yield fastrnn.set_num_threads
    fastrnn.set_num_threads(before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_s", WIDTHS)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_layout_changes_no_bit(threads, form, n_s, dtype):
    n_x = WIDTHS[WIDTHS.index(n_s) - 1]
    for m, T in itertools.product(BATCHES, STEPS):
        case = cell_case(form, n_x, n_s, m, T, dtype)
        threads(1)
        want = run_cell(case)
        for layout in LAYOUTS:
            # smaller calls stay on one thread
            for number in (1, 2) if m * T > 600 else (1,):
                threads(number)
                got = run_cell(case, np.nan, given=layout)
                assert_same_bits(got, want, f"{case}, {layout.__name__}, {number} threads")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_with_steps_that_do_not_count(threads, form, dtype):
    case = cell_case(form, 5, 33, 40, 17, dtype)
    mask = np.random.default_rng(0).random((17, 40)) < 0.3
    want = run_cell(case, mask=mask)
    counts = {"gates", "hidden", "tanh_c"} & set(want)
    for layout, number in itertools.product(LAYOUTS, (1, 2)):
        threads(number)
        got = run_cell(case, np.nan, mask=mask, garbage=np.nan, given=layout)
        for name, array in got.items():
            of_steps = mask if name in counts else ...
            assert_same_bits(array[of_steps], want[name][of_steps], f"{name}, {layout.__name__}")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_features_and_no_gradient_of_the_input(form):
    for n_x in (0, 5):
        case = cell_case(form, n_x, 17, 3, 17, "float64")
        want = run_cell(case, wants_dx=False)
        for layout in LAYOUTS:
            got = run_cell(case, np.nan, wants_dx=False, given=layout)
            assert_same_bits(got, want, layout.__name__)


def forward_calls():
    """Yield the forward functions and their arguments before `work`.

    There are 3 features, 5 units, 2 columns and 4 steps.
    """
    x, states = np.zeros((4, 2, 8)), np.zeros((5, 2, 8))
    wx, ws, b = np.zeros((20, 3)), np.zeros((20, 5)), np.zeros(20)
    gates, kept = np.zeros((4, 2, 4, 8)), np.zeros((4, 2, 8))
    of_gru = np.zeros((4, 2, 3, 8))
    yield rnn.forward, (x, wx[:5], ws[:5], b[:5], states)
    yield gru.forward, (x, wx[:15], ws[:15], b[:15], None, states, of_gru, kept)
    yield lstm.forward, (x, wx, ws, b, states, states.copy(), gates, kept)


def backward_calls():
    """Yield the backward functions and their arguments between `ds` and `work`, as large."""
    of_forward = [arguments for _, arguments in forward_calls()]
    for module, (x, wx, ws, b, *rest) in zip((rnn, gru, lstm), of_forward, strict=True):
        form, dbx, dc0 = (), (), ()
        if module is gru:
            form, dbx, rest = (False,), (None,), rest[1:]
        elif module is lstm:
            dc0 = (np.zeros((2, 8)),)
        gradients = (np.zeros((2, 8)), *dc0, wx.copy(), ws.copy(), b.copy(), *dbx)
        yield module.backward, (x, *rest, wx, ws, *form, None, *gradients)


#: Wrong where (3, 2, 4) or (5, 2, 4) is right.
WRONG = [(6, 2, 4), (2, 2, 4), (0, 2, 4), (3, 1, 4), (5, 3, 4), (3, 2, 3), (5, 2, 5), (4, 2, 3)]


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
def test_a_given_array_of_another_shape_is_refused(forward):
    ds, n = ((), 3) if forward else ((None,), 5)
    for function, arguments in forward_calls() if forward else backward_calls():
        arguments = (*ds, *arguments, np.zeros(5000), None, None)
        function(*arguments, np.zeros((n, 2, 4)))
        for shape in WRONG:
            with pytest.raises(ValueError, match="given"):
                function(*arguments, np.zeros(shape))


def test_the_gradient_at_the_states_comes_in_one_way():
    rows, given, work = np.zeros((4, 2, 8)), np.zeros((5, 2, 4)), np.zeros(5000)
    for function, arguments in backward_calls():
        function(rows, *arguments, work)
        function(None, *arguments, work, None, None, given)
        for ds, other in ((rows, given), (None, None)):
            with pytest.raises(ValueError, match="ds or given"):
                function(ds, *arguments, work, None, None, other)


#: The order of the axes in memory; each is its own inverse.
ORDERS = [(0, 1, 2), (0, 2, 1), (2, 1, 0)]


def run_given(dtype, behind):
    """Run the cells on given arrays against unreadable pages, in several orders of the axes."""
    for n, order in itertools.product((1, 3, 7, 16, 33), ORDERS):

        def against_a_page(array, order=order):
            return guarded(np.ascontiguousarray(array.transpose(order)), behind).transpose(order)

        for form, (m, T) in itertools.product(FORMS, [(1, n), (3, 17), (n, 5)]):
            run_cell(cell_case(form, n, 34 - n, m, T, dtype), given=against_a_page)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mprotect as on Linux only")
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_fault_12_nothing_past_the_ends_is_touched(dtype, behind):
    run(f"from tests.core.test_given import run_given; run_given({dtype!r}, {behind})")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_copy_of_any_size_is_the_transpose(dtype):
    rng = np.random.default_rng(0)
    for n, k in itertools.product((*range(1, 36), 64, 67), repeat=2):
        array = rng.standard_normal((n, 2, k)).astype(dtype)
        want = np.zeros((k, 2, padded(n, array.dtype)), dtype)
        want[..., :n] = array.T
        assert_same_bits(padded_copy(array), want, f"neighbouring steps, ({n}, 2, {k})")
        got = padded_copy(array.swapaxes(1, 2))
        assert_same_bits(got, want.swapaxes(0, 1), f"neighbouring columns, ({n}, {k}, 2)")
