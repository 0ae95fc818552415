"""Steps that do not count: any pattern of them, against the reference's cell taken step by step."""

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from tests.cases import FORMS
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import (
    CORES,
    DTYPES,
    arrays_of,
    backward_call,
    cell_case,
    forward_call,
    run_cell,
)
from tests.tolerances import PARITY

#: n_x, n_s, m, T: a batch of one, gaps that end a run and gaps that do not, more than one chunk.
SIZES = [(3, 5, 1, 9), (4, 17, 7, 12), (9, 33, 40, 6), (2, 67, 30, 30), (0, 5, 3, 4)]


def holes(rng, T, m):
    return rng.random((T, m)) < 0.5


def long_gaps(rng, T, m):
    """Return a mask whose neighbours in the batch are alike."""
    return np.repeat(rng.random((T, m // 12 + 1)) < 0.5, 12, axis=1)[:, :m]


def ends(rng, T, m):
    return np.arange(T)[:, np.newaxis] < rng.integers(0, T + 1, m)


def starts(rng, T, m):
    return ends(rng, T, m)[::-1]


def nothing(rng, T, m):
    return np.zeros((T, m), bool)


PATTERNS = [holes, long_gaps, ends, starts, nothing]


def masks(n_x, n_s, m, T):
    return [pattern(np.random.default_rng((n_s, m, T)), T, m) for pattern in PATTERNS]


def step_by_step(case, mask):
    """Return states and gradients of a masked run: the reference's cell on what counts."""
    a = arrays_of(case)
    cell_forward = getattr(reference, f"{case.cell}_cell_forward")
    cell_backward = getattr(reference, f"{case.cell}_cell_backward")
    has_cells = case.cell == "lstm"
    states, cells, caches = [a.S_0], [a.C_0], []
    for t, on in enumerate(mask):
        states.append(states[-1].copy())
        cells.append(cells[-1].copy())
        options = {"Ct_prev": cells[-1][:, on]} if has_cells else a.cell_options
        state, *rest, cache = cell_forward(
            a.X[:, on, t], states[-1][:, on], parameters_dict=a.parameters, **options
        )
        states[-1][:, on] = state
        if has_cells:
            cells[-1][:, on] = rest[0]
        caches.append(cache)

    dx, carry, sums = np.zeros_like(a.X), np.zeros_like(a.S_0), {}
    cell_carry = a.dc.copy()
    for t in reversed(range(case.T_x)):
        on = mask[t]
        carry = carry + a.ds[:, :, t]
        options = {"dc_next": cell_carry[:, on]} if has_cells else {}
        step = cell_backward(carry[:, on], cache=caches[t], **options)
        dx[:, on, t], carry[:, on] = step.pop("dXt"), step.pop("ds_prev")
        if has_cells:
            cell_carry[:, on] = step.pop("dc_prev")
        sums = {name: array + sums.get(name, 0) for name, array in step.items()}
    results = {"states": np.stack(states).transpose(0, 2, 1), "dx": dx.T, "ds0": carry.T}
    if has_cells:
        results |= {"cells": np.stack(cells).transpose(0, 2, 1), "dc0": cell_carry.T}
    for name, array in sums.items():
        results[name.lower()] = array[:, 0] if array.shape[1] == 1 and "b" in name else array
    return results


def without_rows_that_do_not_count(results, mask):
    """Leave out what the core keeps of steps that do not count, which it does not specify."""
    unspecified = {"gates", "hidden"} & set(results)
    return results | {name: results[name][mask] for name in unspecified}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_any_pattern(form, sizes, dtype):
    case = cell_case(form, *sizes, dtype)
    for mask in masks(*sizes):
        got = run_cell(case, mask=mask)
        want = step_by_step(case, mask)
        assert_close({name: got[name] for name in want}, want, PARITY, str(case))
        for name in {"states", "cells"} & set(got):
            held = got[name][1:][~mask]
            assert_same_bits(held, got[name][:-1][~mask], f"{name} that were kept")
        assert not got["dx"][~mask].any()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_mask_that_leaves_out_nothing_changes_nothing(form, dtype):
    for sizes in SIZES:
        case = cell_case(form, *sizes, dtype)
        everything = np.full((case.T_x, case.m), 7, np.uint8)
        assert_same_bits(run_cell(case, mask=everything), run_cell(case), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_memory_and_inputs_that_do_not_count_change_nothing(form, dtype):
    for sizes in SIZES:
        case = cell_case(form, *sizes, dtype)
        for mask in masks(*sizes):
            want = without_rows_that_do_not_count(run_cell(case, mask=mask), mask)
            got = run_cell(case, np.nan, mask=mask, garbage=np.nan)
            got = without_rows_that_do_not_count(got, mask)
            assert all(np.isfinite(array).all() for array in got.values()), str(case)
            assert_same_bits(got, want, str(case))
            del want["dx"]
            got = run_cell(case, np.nan, mask=mask, wants_dx=False)
            assert_same_bits(without_rows_that_do_not_count(got, mask), want, "without dx")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_column_has_the_bits_that_it_has_alone(form, dtype):
    sizes = SIZES[2]
    case = cell_case(form, *sizes, dtype)
    for mask in masks(*sizes):
        full = run_cell(case, mask=mask)
        for j in (0, 1, 20, 39):
            alone = run_cell(case, mask=mask, columns=[j])
            for name in {"states", "cells", "dx"} & set(full):
                assert_same_bits(alone[name], full[name][:, [j]], name)
            for name in {"ds0", "dc0"} & set(full):
                assert_same_bits(alone[name], full[name][[j]], name)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_any_number_of_threads(form, dtype):
    case = cell_case(form, 31, 70, 33, 20, dtype)
    before = fastrnn.get_num_threads()
    try:
        for mask in masks(31, 70, 33, 20):
            fastrnn.set_num_threads(1)
            want = without_rows_that_do_not_count(run_cell(case, mask=mask), mask)
            for number in (2, 3, 7):
                fastrnn.set_num_threads(number)
                got = without_rows_that_do_not_count(run_cell(case, mask=mask), mask)
                assert_same_bits(got, want, f"{case} on {number} threads")
    finally:
        fastrnn.set_num_threads(before)


def test_a_mask_of_another_shape_is_refused():
    for core in CORES:
        for function, make in ((core.forward, forward_call), (core.backward, backward_call)):
            arguments = make(core, 6, 4, 8, 8)
            function(**arguments, mask=np.ones((6, 4), np.uint8))
            for shape in ((5, 4), (6, 3), (6, 5)):
                with pytest.raises(ValueError, match="mask"):
                    function(**arguments, mask=np.ones(shape, np.uint8))
