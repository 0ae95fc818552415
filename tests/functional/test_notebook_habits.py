"""What people's notebooks do with the functional API, in both implementations.

They write into arrays after the forward pass, keep a loss on the first steps only, give biases
without their second axis and one initial state for the whole batch, and go without an output layer.
"""

import copy

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from fastrnn import reference
from tests.cases import FORMS, Case
from tests.compare import assert_close, assert_same_bits
from tests.functional.calls import IMPLEMENTATIONS, fortran, spread, time_major
from tests.functional.test_parity import functions, plain
from tests.tolerances import PARITY

DTYPES = ["float64", "float32"]
MODULES = list(IMPLEMENTATIONS.values())
SOME = [Case(*form, 4, 7, 3, 6, 9, dtype) for form in FORMS for dtype in DTYPES]


def forward(module, case, a, lengths=None, **changed):
    """Return what forward of a sequence returns; arrays of `changed` stand for those of `a`."""
    arguments = {"X": a.X, "S_0": a.S_0, "parameters_dict": a.parameters, **a.options, **changed}
    return functions(module, case)[1](**arguments, lengths=lengths)


def backward_arguments(case, a, steps=None):
    dc = {"dc_last": a.dc} if case.cell == "lstm" else {}
    return {"ds": a.ds[:, :, :steps], **dc}


# Arrays are independent of the caches.

SPOIL = [
    lambda array: np.multiply(array, 2, out=array),
    lambda array: np.subtract(array, 1, out=array),
    lambda array: array.fill(np.nan),
    lambda array: array.fill(0),
]
LAYOUTS = [np.copy, fortran, time_major, spread]


@settings(max_examples=150)
@given(st.data())
def test_writing_into_arrays_after_a_sequence_changes_no_gradient(data):
    form, dtype = data.draw(st.sampled_from(FORMS)), data.draw(st.sampled_from(DTYPES))
    m, T_x = data.draw(st.sampled_from([1, 3, 10])), data.draw(st.sampled_from([1, 2, 5, 9]))
    case = Case(*form, data.draw(st.sampled_from([1, 3, 8, 16])), 8, 3, m, T_x, dtype)
    a = case.make()
    module, other = data.draw(st.permutations(MODULES))
    lengths = a.lengths if data.draw(st.booleans()) else None
    changed = {
        name: data.draw(st.sampled_from(LAYOUTS))(getattr(a, name)) for name in ("X", "S_0", "C_0")
    }
    if case.cell != "lstm":
        del changed["C_0"]
    *results, caches = forward(module, case, a, lengths, **changed)
    want = functions(module, case)[3](**backward_arguments(case, a), caches=caches)
    by_other = functions(other, case)[3](**backward_arguments(case, a), caches=caches)

    arrays = [*results, *changed.values()]
    for array in data.draw(st.lists(st.sampled_from(arrays), min_size=1)):
        data.draw(st.sampled_from(SPOIL))(array)
    got = functions(module, case)[3](**backward_arguments(case, a), caches=caches)
    assert_same_bits(got, want, "gradients")
    got = functions(other, case)[3](**backward_arguments(case, a), caches=caches)
    assert_same_bits(got, by_other, "gradients of the other implementation")
    got = functions(module, case)[3](**backward_arguments(case, a), caches=plain(caches))
    if lengths is None:
        assert_close(got, want, PARITY, "gradients of plain caches")


@settings(max_examples=100)
@given(st.data())
def test_writing_into_arrays_after_a_step_changes_no_gradient(data):
    form, dtype = data.draw(st.sampled_from(FORMS)), data.draw(st.sampled_from(DTYPES))
    m = data.draw(st.sampled_from([1, 3, 10]))
    case = Case(*form, data.draw(st.sampled_from([1, 3, 8])), 8, 3, m, 2, dtype)
    a = case.make()
    module = data.draw(st.sampled_from(MODULES))
    layout = data.draw(st.sampled_from(LAYOUTS))
    inputs = {"Xt": layout(a.X[:, :, 0]), "St_prev": layout(a.S_0), **a.cell_options}
    if case.cell == "lstm":
        inputs["Ct_prev"] = layout(a.C_0)
    *results, cache = functions(module, case)[0](**inputs, parameters_dict=a.parameters)
    kept = copy.deepcopy(cache[:-1])
    arguments = {"ds_next": a.ds[:, :, 0], **a.cell_gradients, "cache": cache}
    want = functions(module, case)[2](**arguments)
    arrays = [*results, *(array for array in inputs.values() if isinstance(array, np.ndarray))]
    for array in data.draw(st.lists(st.sampled_from(arrays), min_size=1)):
        data.draw(st.sampled_from(SPOIL))(array)
    assert_same_bits(cache[:-1], kept, "cache")
    assert_same_bits(functions(module, case)[2](**arguments), want, "gradients")


@pytest.mark.parametrize("lengths", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("case", SOME, ids=str)
def test_the_softmax_gradient_made_in_place(module, case, lengths):
    """``dy = y_pred; dy[target] -= 1`` and scaling S, as notebooks have it."""
    a = case.make()
    ends = a.lengths if lengths else None
    S, y_pred, *_, caches = forward(module, case, a, ends)
    *_, fresh = forward(module, case, a, ends)
    want = functions(module, case)[3](a.ds, fresh)
    y_pred -= 1
    S *= 2
    assert_same_bits(functions(module, case)[3](a.ds, caches), want, "gradients")


@pytest.mark.parametrize("case", SOME, ids=str)
def test_parameters_are_those_of_the_moment_of_the_backward_pass(case):
    """As in the notebooks, whose caches refer to the dictionary: in both implementations alike."""
    a = case.make()
    results = {module: forward(module, case, a) for module in MODULES}
    steps = {}
    for module in MODULES:
        Xt, St_prev = a.X[:, :, 0], a.S_0
        steps[module] = functions(module, case)[0](
            Xt, St_prev, parameters_dict=a.parameters, **a.cell_options
        )
    a.parameters["Ws"] *= 0.5
    a.parameters["Wx"] = a.parameters["Wx"] + 1
    sequence, of_step = (
        [functions(module, case)[3](a.ds, results[module][-1]) for module in MODULES],
        [
            functions(module, case)[2](
                ds_next=a.ds[:, :, 0], **a.cell_gradients, cache=steps[module][-1]
            )
            for module in MODULES
        ],
    )
    assert_close(sequence[1], sequence[0], PARITY, "of the sequence")
    assert_close(of_step[1], of_step[0], PARITY, "of the step")


# Fewer steps in the backward pass.


@pytest.mark.parametrize("ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("steps", [0, 1, 5, 8, 9])
@pytest.mark.parametrize("case", SOME, ids=str)
def test_gradients_of_the_first_steps(module, case, steps, ragged):
    """They are those of the sequence cut there, and those of zeros for the later steps."""
    a = case.make()
    lengths = a.lengths if ragged else None
    cut = None if lengths is None else np.minimum(lengths, steps)
    caches = forward(module, case, a, lengths)[-1]
    of_cut = forward(module, case, a, cut, X=a.X[:, :, :steps])[-1]
    arguments = backward_arguments(case, a, steps)
    backward = functions(module, case)[3]
    want = backward(**arguments, caches=of_cut)
    got = backward(**arguments, caches=caches)
    assert got["dX"].shape == (case.n_x, case.m, steps)
    assert_close(got, want, PARITY, "gradients")
    for other in MODULES:
        got = functions(other, case)[3](**arguments, caches=caches)
        assert_close(got, want, PARITY, "gradients of the other implementation")
    if not ragged:
        got = backward(**arguments, caches=plain(caches))
        assert_close(got, want, PARITY, "gradients of plain caches")
    padded = a.ds.copy()
    padded[:, :, steps:] = 0
    dX = backward(padded, caches)["dX"]
    assert_close(backward(a.ds[:, :, :steps], caches)["dX"], dX[:, :, :steps], PARITY, "dX")


@pytest.mark.parametrize("case", SOME, ids=str)
def test_more_steps_than_the_forward_pass_had(module, case):
    a = case.make()
    ds = np.concatenate([a.ds, a.ds[:, :, :1]], axis=2)
    caches = forward(module, case, a)[-1]
    for made in (caches, plain(caches)):
        with pytest.raises(ValueError, match=r"^ds has shape \(7, 6, 10\), .*= \(7, 6, 9\)"):
            functions(module, case)[3](ds, made)


# The gradient at the last cells.


@pytest.mark.parametrize("ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gradient_at_the_last_cells(module, dtype, ragged):
    case = Case("lstm", False, 4, 7, 3, 6, 9, dtype)
    a = case.make()
    lengths = a.lengths if ragged else None
    caches = forward(module, case, a, lengths)[-1]
    without = module.lstm_backward(a.ds, caches)
    assert_same_bits(module.lstm_backward(a.ds, caches, np.zeros_like(a.dc)), without)
    got = module.lstm_backward(a.ds, caches, dc_last=a.dc)
    assert np.abs(got["dWx"] - without["dWx"]).max() > 1e-3
    assert_close(got, reference.lstm_backward(a.ds, caches, a.dc), PARITY, "gradients")
    if not ragged:  # step by step, as the equations have it
        ds, dc = np.zeros_like(a.S_0), a.dc
        for t in reversed(range(case.T_x)):
            step = reference.lstm_cell_backward(a.ds[:, :, t] + ds, dc, caches[0][t])
            ds, dc = step["ds_prev"], step["dc_prev"]
        assert_close((got["ds_0"], got["dc_0"]), (ds, dc), PARITY, "ds_0, dc_0")


def test_gradient_at_the_last_cells_of_a_wrong_shape(module):
    case = Case("lstm", False, 4, 7, 3, 6, 9)
    a = case.make()
    caches = forward(module, case, a)[-1]
    for wrong in (a.dc[:, :1], a.dc[:6], a.dc[0], 0.0):
        with pytest.raises(ValueError, match=r"^dc_last has shape .* = \(7, 6\)"):
            module.lstm_backward(a.ds, caches, dc_last=wrong)
    with pytest.raises(TypeError, match=r"^dc_last must be "):
        module.lstm_backward(a.ds, caches, dc_last="zeros")


# Biases and initial states in the shapes that people have them in.


@pytest.mark.parametrize("case", SOME, ids=str)
def test_biases_of_one_axis_and_scalars(module, case):
    a = case.make()
    biases = [name for name in ("bs", "by", "bx") if name in a.parameters]
    for name in biases:
        column = a.parameters[name]
        for value, same in (
            (column[:, 0], column),
            (column[:, 0].tolist(), column.tolist()),
            (0.25, np.full(column.shape, 0.25)),
            (np.array(0.25, case.dtype), np.full_like(column, 0.25)),
            (np.float32(0.25), np.full_like(column, 0.25, np.float32)),
            (1, np.ones(column.shape, int)),
        ):
            one, other = {**a.parameters, name: value}, {**a.parameters, name: same}
            got, want = (forward(module, case, a, parameters_dict=p) for p in (one, other))
            assert_same_bits(got[:-1], want[:-1], name)
            got, want = (functions(module, case)[3](a.ds, made[-1]) for made in (got, want))
            assert_same_bits(got, want, f"gradients with another {name}")
            assert got["dbs"].shape == (case.gates * 7, 1)
            of_step = [
                functions(module, case)[0](
                    a.X[:, :, 0], a.S_0, parameters_dict=p, **a.cell_options
                )[:-1]
                for p in (one, other)
            ]
            assert_same_bits(*of_step, f"a step with another {name}")


@pytest.mark.parametrize("case", SOME, ids=str)
def test_biases_that_numpy_would_broadcast_to_something_else(module, case):
    """(m,) and (1, n) would be added along the batch, where they fit at all."""
    n_s = case.n_s
    square = Case(case.cell, case.reset_after, 4, n_s, n_s, case.gates * n_s, 2, case.dtype)
    a = square.make()
    rows = case.gates * n_s
    for name in ("bs", "by", "bx"):
        if name not in a.parameters:
            continue
        n = len(a.parameters[name])
        for shape in ((1, n), (1, rows), (n, rows), (rows + 1,), (n, 1, 1), (1, 1), (1,)):
            wrong = {**a.parameters, name: np.zeros(shape)}
            with pytest.raises(ValueError, match=rf"^{name} has shape .* = \({n}, 1\)"):
                forward(module, square, a, parameters_dict=wrong)


@pytest.mark.parametrize("ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("case", SOME, ids=str)
def test_initial_states_of_one_column(module, case, ragged):
    """They serve the whole batch; the gradients are those of every column."""
    a = case.make()
    lengths = a.lengths if ragged else None
    names = {"S_0": a.S_0, "C_0": a.C_0} if case.cell == "lstm" else {"S_0": a.S_0}
    one = {name: array[:, :1] for name, array in names.items()}
    whole = {name: np.repeat(array, case.m, axis=1) for name, array in one.items()}
    got, want = (forward(module, case, a, lengths, **start) for start in (one, whole))
    assert_same_bits(got[:-1], want[:-1], "results")
    got, want = (functions(module, case)[3](a.ds, made[-1]) for made in (got, want))
    assert_same_bits(got, want, "gradients")
    assert got["ds_0"].shape == (case.n_s, case.m)
    steps = []
    for start in (one, whole):
        start = {f"{name[0]}t_prev": array for name, array in start.items()}
        options = {"parameters_dict": a.parameters, **a.cell_options, **start}
        steps.append(functions(module, case)[0](a.X[:, :, 0], **options))
    assert_same_bits(steps[0][:-1], steps[1][:-1], "a step")
    assert_same_bits(steps[0][-1][:-1], steps[1][-1][:-1], "its cache")


@pytest.mark.parametrize("case", SOME, ids=str)
def test_other_broadcasts_are_refused(module, case):
    a = case.make()
    names = ["S_0", "C_0"] if case.cell == "lstm" else ["S_0"]
    for name in names:
        for wrong in (np.zeros(6), np.zeros(7), np.zeros((1, 6)), np.zeros((1, 1)), 0.0):
            with pytest.raises(ValueError, match=rf"^{name} has shape .* = \(7, 6\)"):
                forward(module, case, a, **{name: wrong})
    with pytest.raises(ValueError, match=r"has shape"):
        forward(module, case, a, X=a.X[:, :1])
    with pytest.raises(ValueError, match=r"^ds has shape \(7, 1, 9\)"):
        functions(module, case)[3](a.ds[:, :1], forward(module, case, a)[-1])


# Without an output layer.


@pytest.mark.parametrize("ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("case", SOME, ids=str)
def test_no_output_layer(module, case, ragged):
    a = case.make()
    lengths = a.lengths if ragged else None
    without = {name: array for name, array in a.parameters.items() if name not in ("Wy", "by")}
    S, y_pred, *C, caches = forward(module, case, a, lengths, parameters_dict=without)
    assert y_pred is None
    want_S, _, *want_C, want = forward(module, case, a, lengths)
    assert_same_bits((S, *C), (want_S, *want_C), "states")
    got, want = (functions(module, case)[3](a.ds, made) for made in (caches, want))
    assert_same_bits(got, want, "gradients")
    St_next, *_, Yt, cache = functions(module, case)[0](
        a.X[:, :, 0], a.S_0, parameters_dict=without, **a.cell_options
    )
    assert Yt is None
    assert_same_bits(cache[0], St_next)


@pytest.mark.parametrize("case", SOME[::2], ids=str)
def test_half_an_output_layer(module, case):
    a = case.make()
    for name in ("Wy", "by"):
        half = {key: array for key, array in a.parameters.items() if key != name}
        with pytest.raises(KeyError, match=f"parameters_dict has no {name}; it needs "):
            forward(module, case, a, parameters_dict=half)
        with pytest.raises(TypeError, match=f"^{name} must be .*, got None"):
            forward(module, case, a, parameters_dict={**a.parameters, name: None})


# The sum of the losses.


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize("case", SOME[:2], ids=str)
def test_the_sum_of_the_losses(module, case, masked):
    a = case.make()
    S, y_pred, *_ = forward(module, case, a)
    mask = a.mask if masked else None
    count = int(a.mask.sum()) if masked else a.mask.size
    mean = module.cross_entropy(y_pred, a.targets, mask, reduction="mean")
    assert mean == module.cross_entropy(y_pred, a.targets, mask)
    total = module.cross_entropy(y_pred, a.targets, mask, reduction="sum")
    assert_close(total, mean * count, PARITY[np.dtype(case.dtype)], "loss")
    arguments = (y_pred, a.targets, S, a.parameters, mask)
    of_mean = module.cross_entropy_backward(*arguments)
    want = {
        name: (array.astype(np.float64) * count).astype(case.dtype)
        for name, array in of_mean.items()
    }
    got = module.cross_entropy_backward(*arguments, reduction="sum")
    assert_close(got, want, PARITY, "gradients")
    assert_close(got, reference.cross_entropy_backward(*arguments, reduction="sum"), PARITY)


@pytest.mark.parametrize("wrong", ["none", "Mean", None, 1])
def test_other_reductions_are_refused(module, wrong):
    a = SOME[0].make()
    S, y_pred, *_ = forward(module, SOME[0], a)
    with pytest.raises(ValueError, match=r"^reduction must be 'mean' or 'sum', got "):
        module.cross_entropy(y_pred, a.targets, reduction=wrong)
    with pytest.raises(ValueError, match=r"^reduction must be 'mean' or 'sum', got "):
        module.cross_entropy_backward(y_pred, a.targets, S, a.parameters, reduction=wrong)


# Whatever a notebook has told NumPy about floating-point errors.


@pytest.mark.parametrize("case", SOME, ids=str)
def test_np_seterr_changes_nothing(module, case):
    a = case.make()
    a.X[0, 0] = np.finfo(case.dtype).tiny
    a.S_0[:, 0] = a.C_0[:, 0] = np.finfo(case.dtype).tiny
    a.parameters["Wx"] *= 100

    def results():
        *_, caches = forward(module, case, a)
        *_, cache = functions(module, case)[0](
            a.X[:, :, 0], a.S_0, parameters_dict=a.parameters, **a.cell_options
        )
        return (
            functions(module, case)[3](a.ds, caches),
            functions(module, case)[3](a.ds, plain(caches)),
            functions(module, case)[2](ds_next=a.S_0, **a.cell_gradients, cache=cache),
        )

    want = results()
    with np.errstate(all="raise"):
        assert_same_bits(results(), want)
