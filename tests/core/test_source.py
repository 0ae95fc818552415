"""Sources, which the loops over time copy step by step: the bits are those of rows."""

import itertools
import sys

import numpy as np
import pytest

import fastrnn
from fastrnn._core.layout import padded_copy
from fastrnn._core.memory import padded
from fastrnn._core.reserve import views
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import CORES, DTYPES, backward_call, cell_case, forward_call, run_cell
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
                got = run_cell(case, np.nan, source=layout)
                assert_same_bits(got, want, f"{case}, {layout.__name__}, {number} threads")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_with_steps_that_do_not_count(threads, form, dtype):
    case = cell_case(form, 5, 33, 40, 17, dtype)
    mask = np.random.default_rng(0).random((17, 40)) < 0.3
    want = run_cell(case, mask=mask)
    counts = {"gates", "hidden"} & set(want)
    for layout, number in itertools.product(LAYOUTS, (1, 2)):
        threads(number)
        got = run_cell(case, np.nan, mask=mask, garbage=np.nan, source=layout)
        for name, array in got.items():
            of_steps = mask if name in counts else ...
            assert_same_bits(array[of_steps], want[name][of_steps], f"{name}, {layout.__name__}")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_features_and_no_gradient_of_the_input(form):
    for n_x in (0, 5):
        case = cell_case(form, n_x, 17, 3, 17, "float64")
        want = run_cell(case, wants_dx=False)
        for layout in LAYOUTS:
            got = run_cell(case, np.nan, wants_dx=False, source=layout)
            assert_same_bits(got, want, layout.__name__)


def forward_calls():
    """Yield the forward functions and their arguments: 3 features, 5 units, 2 columns, 4 steps."""
    for core in CORES:
        arguments = forward_call(core, 4, 2, 3, 5)
        yield core.forward, arguments | {"x": np.zeros((4, 2, 8))}


def backward_calls():
    """Yield the backward functions and their arguments but for `ds`, as large."""
    for core in CORES:
        arguments = backward_call(core, 4, 2, 3, 5)
        del arguments["ds"]
        yield core.backward, arguments


#: Wrong where (3, 2, 4) or (5, 2, 4) is right.
WRONG = [(6, 2, 4), (2, 2, 4), (0, 2, 4), (3, 1, 4), (5, 3, 4), (5, 2, 5), (4, 2, 3)]


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "backward"])
def test_a_source_of_another_shape_is_refused(forward):
    ds, n = ({}, 3) if forward else ({"ds": None}, 5)
    for function, arguments in forward_calls() if forward else backward_calls():
        function(**arguments, **ds, source=np.zeros((n, 2, 4)))
        for shape in WRONG:
            with pytest.raises(ValueError, match="source"):
                function(**arguments, **ds, source=np.zeros(shape))


def test_the_gradient_at_the_states_comes_in_one_way():
    rows, source = np.zeros((4, 2, 8)), np.zeros((5, 2, 4))
    for function, arguments in backward_calls():
        function(rows, **arguments)
        function(None, **arguments, source=source)
        for ds, other in ((rows, source), (None, None)):
            with pytest.raises(ValueError, match="ds and source"):
                function(ds, **arguments, source=other)


@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_a_gradient_of_the_first_steps_is_that_of_zeros_behind_them(core):
    T, m, n_x, n_s = 9, 3, 4, 5
    rng, arguments = np.random.default_rng(0), backward_call(core, T, m, n_x, n_s)
    weights = tuple(rng.standard_normal(weight.shape) for weight in arguments["weights"])
    initial = tuple(rng.standard_normal((n_s, m)) for _ in range(core.states))
    reserve = np.zeros(core.reserve_length(T, m, n_s, 8))
    for states, first in zip(views(core, reserve, T, m, n_s), initial, strict=False):
        states[0, :, :n_s] = first.T
    arguments |= {"weights": weights, "x": rng.standard_normal((T, m, n_x)), "reserve": reserve}
    core.forward(arguments["x"], weights, reserve)
    for steps in (1, 4, 8):
        ds = np.zeros((T, m, padded(n_s, np.float64)))
        ds[:steps] = rng.standard_normal((steps, *ds.shape[1:]))
        results = []
        for count in (steps, T):
            dx = np.zeros((count, m, padded(n_x, np.float64)))
            gradients = tuple(np.full_like(weight, np.nan) for weight in weights)
            d_initial = np.zeros_like(arguments["d_initial"])
            given = {"ds": ds[:count], "dx": dx, "gradients": gradients, "d_initial": d_initial}
            core.backward(**arguments | given)
            results.append([d_initial[..., :n_s], dx[:steps, :, :n_x], *gradients])
        for got, want in zip(*results, strict=True):
            np.testing.assert_array_equal(got, want)


#: The order of the axes in memory; each is its own inverse.
ORDERS = [(0, 1, 2), (0, 2, 1), (2, 1, 0)]


def run_on_sources(dtype, behind):
    """Run the cells on sources against unreadable pages, in several orders of the axes."""
    for n, order in itertools.product((1, 3, 7, 16, 33), ORDERS):

        def against_a_page(array, order=order):
            return guarded(np.ascontiguousarray(array.transpose(order)), behind).transpose(order)

        for form, (m, T) in itertools.product(FORMS, [(1, n), (3, 17), (n, 5)]):
            run_cell(cell_case(form, n, 34 - n, m, T, dtype), source=against_a_page)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mprotect as on Linux only")
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_past_the_ends_is_touched(dtype, behind):
    run(f"from tests.core.test_source import run_on_sources; run_on_sources({dtype!r}, {behind})")


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
