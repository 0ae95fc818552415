"""The process's floating-point mode, and numbers at the ends of the range."""

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from fastrnn._core import optimizer
from tests.cases import FORMS
from tests.compare import assert_same_bits
from tests.core.calls import DTYPES, cell_case, random_affine, run_affine, run_cell
from tests.core.child import run
from tests.core.control_word import READABLE, control_word

needs_control_word = pytest.mark.skipif(
    not READABLE, reason="reads the layout that glibc has on this processor"
)


def call_everything(dtype):
    """Call every function of the core, on one thread and on several."""
    for threads in (1, 3):
        fastrnn.set_num_threads(threads)
        for form in FORMS:
            run_cell(cell_case(form, 31, 67, 37, 20, dtype))
        run_affine(*random_affine(600, 67, 33, dtype))
        a = cell_case(("gru", True), 5, 7, 3, 4, dtype).make()
        fastrnn.softmax(a.X)
        y_pred = fastrnn.gru_forward(a.X, a.S_0, a.parameters, reset_after=True)[1]
        fastrnn.cross_entropy_backward(y_pred, a.targets, np.ones_like(a.ds), a.parameters)
        p, g, m, v = (np.full(1000, 0.25, dtype) for _ in range(4))
        optimizer.adam(p, g, m, v, 0.01, 0.9, 0.999, 1e-7)
        optimizer.sgd(p, g, m, 0.01, 0.9, True)


@pytest.fixture
def restored():
    before = fastrnn.get_num_threads()
    yield
    fastrnn.set_num_threads(before)


@needs_control_word
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("restored")
def test_the_mode_after_every_call(dtype):
    before = control_word()
    call_everything(dtype)
    assert control_word() == before


@needs_control_word
def test_the_mode_after_import():
    program = """
import sys
import numpy
from tests.core.control_word import control_word
assert "fastrnn" not in sys.modules
before = control_word()
import fastrnn.models
assert control_word() == before, (hex(before), hex(control_word()))
"""
    run(program)


@pytest.mark.usefixtures("restored")
def test_subnormals_are_still_numbers_afterwards():
    for dtype in DTYPES:
        call_everything(dtype)
        info = np.finfo(dtype)
        least = np.array([info.smallest_subnormal])
        assert (least * 1 == info.smallest_subnormal).all()  # read
        assert (np.array([info.tiny]) / 4 > 0).all()  # made


def run_both(case, a):
    """Return what the compiled functions make of a case's arrays, and what the reference does."""
    results = []
    for module in (fastrnn, reference):
        forward = getattr(module, f"{case.cell}_forward")
        backward = getattr(module, f"{case.cell}_backward")
        with np.errstate(all="ignore"):
            S, y_pred, *_, caches = forward(a.X, a.S_0, a.parameters, **a.options)
            results.append({"S": S, "y_pred": y_pred, **backward(a.ds, caches)})
    return results


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_s", [1, 9])
def test_subnormal_states_and_gradients_are_as_in_numpy(n_s, dtype):
    """A network of single chains, so that no sum is rounded, deep in subnormal territory."""
    case = cell_case(("rnn", False), n_s, n_s, 3, 6, dtype)
    a, info = case.make(), np.finfo(dtype)
    eye = np.eye(n_s, dtype=dtype)
    a.parameters |= {"Wx": eye, "Ws": eye / 4, "bs": np.zeros((n_s, 1), dtype)}
    a.X[...] = 0
    a.S_0[...] = info.smallest_subnormal * 2**13 * np.arange(1, n_s + 1)[:, None]
    a.ds[...] = 0
    a.ds[:, :, -1] = -a.S_0
    got, want = run_both(case, a)
    assert (want["S"] != 0).all()
    assert (want["ds_0"] != 0).all()
    for name in ("S", "y_pred", "dX", "ds_0", "dWx", "dWs", "dbs"):
        assert_same_bits(got[name], want[name], name)


@pytest.mark.parametrize(
    "value", ["max", "min", "tiny", "smallest_subnormal", "inf", "-inf", "-0.0"]
)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_at_the_ends_of_the_range(dtype, form, value):
    """One input a state: what saturates does, what is not a number is not, as in NumPy."""
    number = getattr(np.finfo(dtype), value, None) or float(value)
    case = cell_case(form, 1, 5, 3, 1, dtype)
    a = case.make()
    a.parameters["Ws"][...] = 0
    a.X[...] = number
    a.ds[...] = 1
    got, want = run_both(case, a)
    for name in ("S", "y_pred"):
        np.testing.assert_array_equal(np.isnan(got[name]), np.isnan(want[name]), name)
        np.testing.assert_allclose(got[name], want[name], rtol=1e-5, atol=0, err_msg=name)
