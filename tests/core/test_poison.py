"""What memory holds before a call changes nothing, and nothing but the results is written."""

import numpy as np
import pytest

from fastrnn._core import activation, loss as core, optimizer
from fastrnn._core.memory import padded
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import (
    DTYPES,
    Memory,
    cell_case,
    random_affine,
    run_affine,
    run_cell,
    scratch_of,
)

SIZES = range(1, 71)


def assert_clean(clean, poisoned, what):
    for name, array in poisoned.items():
        assert np.isfinite(array).all(), f"{what}: {name} has what stood in memory before"
    assert_same_bits(poisoned, clean, what)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_cells(form, dtype):
    for n_s in SIZES:
        # n_x takes every size too, beside other n_s; the batch those of every tile
        case = cell_case(form, 71 - n_s, n_s, n_s % 8 + 1, 3, dtype)
        assert_clean(run_cell(case), run_cell(case, fill=np.nan), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_cells_without_the_gradient_of_the_input(form, dtype):
    for n_s in (1, 5, 8, 17, 33, 64, 70):
        case = cell_case(form, 7, n_s, 5, 3, dtype)
        want = run_cell(case)
        del want["dx"]
        assert_clean(want, run_cell(case, fill=np.nan, wants_dx=False), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("n_x", "n_s", "m", "T"), [(0, 5, 3, 4), (3, 5, 3, 0), (2, 9, 1, 1)])
def test_cells_at_the_edges(form, n_x, n_s, m, T, dtype):
    case = cell_case(form, n_x, n_s, m, T, dtype)
    assert_clean(run_cell(case), run_cell(case, fill=np.nan), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_cells_on_threads(form, dtype):
    case = cell_case(form, 31, 67, 37, 30, dtype)
    assert_clean(run_cell(case), run_cell(case, fill=np.nan), str(case))


@pytest.mark.parametrize("dtype", DTYPES)
def test_output(dtype):
    for n in SIZES:
        arrays = random_affine(n % 9 + 1, 71 - n, n, dtype)
        clean = run_affine(*arrays)
        assert_clean(clean, run_affine(*arrays, fill=np.nan), f"n = {n}")
        del clean["dx"]
        assert_clean(clean, run_affine(*arrays, fill=np.nan, wants_dx=False), f"n = {n}")


@pytest.mark.parametrize("name", ["exponential", "tanh", "sigmoid", "softmax"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_activations(dtype, name):
    for n in SIZES:
        values = np.random.default_rng(n).standard_normal((3, n)).astype(dtype)
        results = []
        for fill in (0.0, np.nan):
            memory = Memory(dtype, fill)
            x = memory.rows(values)
            activation.activate(name, x, n)
            memory.check()
            results.append({name: x[:, :n]})
        assert_clean(*results, f"n = {n}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy(dtype):
    for n in SIZES:
        rng = np.random.default_rng(n)
        p = rng.dirichlet(np.ones(n), 300).astype(dtype)
        targets = rng.integers(0, n, 300)
        weights = rng.random(300).astype(dtype)
        results = []
        for fill in (0.0, np.nan):
            memory = Memory(dtype, fill)
            dlogits = memory.empty(300, padded(n, dtype))
            with scratch_of(fill):
                loss = core.softmax_cross_entropy(memory.rows(p), n, targets, weights, 0.5, dlogits)
                memory.check()
                correct = core.count_correct(memory.rows(p), n, targets, weights)
            scalars = np.array([loss, correct])
            results.append({"loss and correct": scalars, "dlogits": dlogits[:, :n]})
        assert_clean(*results, f"n = {n}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_optimizers_stay_inside(dtype):
    for n in SIZES:
        memory = Memory(dtype, 0.25)
        p, g, m, v = (memory.empty(n) for _ in range(4))
        optimizer.adam(p, g, m, v, 0.01, 0.9, 0.999, 1e-7)
        optimizer.sgd(p, g, m, 0.01, 0.9, True)
        optimizer.sgd(p, g, None, 0.01, 0.0, False)
        memory.check()
        for array in (p, m, v):
            assert (array == array[0]).all(), f"n = {n}: the elements were not treated alike"
