"""What the compiled calls of the functional API keep and return, and what they are derived from."""

import copy
import gc
import pickle

import numpy as np
import pytest

import fastrnn
from fastrnn.functional.steps import _FORMS
from tests.cases import FORMS, Case
from tests.compare import assert_close, assert_same_bits
from tests.tolerances import PARITY


def functions(case):
    return tuple(
        getattr(fastrnn, case.cell + name)
        for name in ("_cell_forward", "_forward", "_cell_backward", "_backward")
    )


@pytest.mark.parametrize("form", _FORMS.values(), ids=str)
def test_a_cell_s_record_fits_the_compiled_cell(form):
    """What the table of compiled cells says is what arguments and caches are derived from."""
    cell, core = form.cell, form.core
    assert core.name.startswith(cell.name)
    assert (core.gates, core.states) == (cell.gates, len(cell.states))
    gates = cell.gates if cell.gates > 1 else 0
    # a cell of several gates caches each; then a kept array, unless it can be told from the rest
    assert len(cell.kept) - gates in (0, core.kept)
    assert len(cell.held) == len(cell.kept)
    assert cell.cache == (*cell.step_back.names[len(cell.states) : -2], "parameters_dict")


def test_there_is_a_form_for_every_case():
    assert {(form.cell.name, form.reset_after) for form in _FORMS.values()} == set(FORMS)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_back_is_a_sequence_of_one_step_back(form, dtype):
    """To the last bit: a step rebuilds what the sequence has kept."""
    case = Case(*form, 3, 17, 2, 10, 1, dtype)
    a = case.make()
    cell_forward, forward, cell_backward, backward = functions(case)
    x, ds = a.X[:, :, 0], a.ds[:, :, 0]
    *_, cache = cell_forward(x, a.S_0, parameters_dict=a.parameters, **a.cell_options)
    *_, caches = forward(a.X, a.S_0, a.parameters, **a.options)
    assert_same_bits(cache[:-1], caches[0][0][:-1], "caches")
    last = {"dc_last": a.dc} if case.cell == "lstm" else {}
    step, sequence = (
        cell_backward(ds, cache=cache, **a.cell_gradients),
        backward(a.ds, caches, **last),
    )
    want = dict(zip(step, sequence.values(), strict=True))
    want["dXt"] = want["dXt"][:, :, 0]
    assert_same_bits(step, want, "gradients")


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("ragged", [False, True])
def test_gradients_of_another_type_than_the_caches(form, ragged):
    """Caches of float32 and a gradient of float64 give float64, whatever the padding of either."""
    case = Case(*form, 3, 5, 2, 10, 4, "float32")
    a = case.make()
    _, forward, _, backward = functions(case)
    lengths = {"lengths": a.lengths} if ragged else {}
    *_, caches = forward(a.X, a.S_0, a.parameters, **a.options, **lengths)
    want = backward(a.ds, caches)
    got = backward(a.ds.astype(np.float64), caches)
    assert all(array.dtype == np.float64 for array in got.values())
    single = {name: array.astype(np.float32) for name, array in got.items()}
    assert_close(single, want, PARITY, "gradients")


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("ragged", [False, True])
def test_caches_are_copied_and_pickled(form, ragged):
    case = Case(*form, 3, 5, 2, 10, 4)
    a = case.make()
    _, forward, _, backward = functions(case)
    lengths = {"lengths": a.lengths} if ragged else {}
    *_, caches = forward(a.X, a.S_0, a.parameters, **a.options, **lengths)
    want = backward(a.ds, caches)
    for other in (copy.deepcopy(caches), pickle.loads(pickle.dumps(caches))):
        assert_same_bits(backward(a.ds, other), want, "gradients")
        for one, step in zip(other[0], caches[0], strict=True):
            assert_same_bits(one[:-1], step[:-1], "caches")
        other[0][0][0][...] = 7  # memory of its own
        assert_same_bits(backward(a.ds, caches), want, "gradients")


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("T_x", [1, 4])
def test_nothing_written_to_arguments_or_results_reaches_the_caches(form, T_x):
    case = Case(*form, 8, 8, 2, 10, T_x)  # rows without padding, which could be read in place
    a = case.make()
    cell_forward, forward, cell_backward, backward = functions(case)
    X = np.ascontiguousarray(a.X.T).T
    arguments = [X, a.S_0, a.C_0]
    *results, caches = forward(X, a.S_0, a.parameters, **a.options)
    want = backward(a.ds, caches)
    x = np.ascontiguousarray(a.X[:, :, 0].T).T
    *of_step, cache = cell_forward(x, a.S_0, parameters_dict=a.parameters, **a.cell_options)
    want_of_step = cell_backward(a.ds[:, :, 0], cache=cache, **a.cell_gradients)
    for array in (*arguments, *results, x, *of_step):
        assert array.flags.writeable
        array[...] = np.nan
    assert_same_bits(backward(a.ds, caches), want, "gradients")
    got = cell_backward(a.ds[:, :, 0], cache=cache, **a.cell_gradients)
    assert_same_bits(got, want_of_step, "gradients of a step")


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_result_keeps_its_memory(form):
    """Views of memory that their call made stay valid when all else of the call is gone."""
    case = Case(*form, 3, 5, 2, 10, 4)
    a = case.make()
    cell_forward, forward, _, backward = functions(case)
    S, y_pred, *_, caches = forward(a.X, a.S_0, a.parameters, **a.options)
    step, gradients = caches[0][1], backward(a.ds, caches)
    *_, cache = cell_forward(a.X[:, :, 0], a.S_0, parameters_dict=a.parameters, **a.cell_options)
    held = [S, y_pred, *gradients.values(), *step[:-1], *cache[:-1]]
    held = [array for array in held if array is not None]
    want = [array.copy() for array in held]
    del S, y_pred, caches, step, gradients, cache
    gc.collect()
    for _ in range(50):  # calls that take and fill memory of the same sizes
        *_, caches = forward(-a.X, a.S_0, a.parameters, **a.options)
        backward(-a.ds, caches)
    for array, before in zip(held, want, strict=True):
        assert_same_bits(array, before, "result")
