"""Bad and unusual arguments, for both implementations."""

import copy
import itertools
import math

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from tests.cases import FORMS, Case
from tests.compare import assert_close, assert_same_bits
from tests.functional.calls import (
    BAD_TYPES,
    LAYOUTS,
    make_calls,
    read_only,
    wrong_shapes,
)
from tests.tolerances import LAYOUT, PARITY

DTYPES = ["float64", "float32"]
CALLS = [call for dtype in DTYPES for call in make_calls(dtype)]
#: The tests that do not depend on the type take one.
DOUBLES = make_calls("float64")


def dtype_of(call):
    return str(call.get(call.paths("f")[0]).dtype)


def describe(value):
    return f"{value}-{dtype_of(value)}" if hasattr(value, "function") else None


def assert_like(module, got, want, what):
    """Hold a result to that of the same numbers in C order: the compiled one to the last bit."""
    assert_close(got, want, LAYOUT if module is reference else 0.0, what)


# 1. Read-only or memory-mapped arrays: accepted, never written.


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_nothing_is_written(module, call):
    before = call.snapshot()
    call.run(module)
    assert_same_bits(call.arguments, before, "arguments")


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_read_only(module, call):
    assert_like(module, call.each(read_only).run(module), call.run(module), str(call))


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_memory_mapped(module, call, tmp_path):
    number = itertools.count()

    def mapped(array):
        path = tmp_path / f"{next(number)}.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")

    assert_like(module, call.each(mapped).run(module), call.run(module), str(call))


# 2 and 3. Strides, byte order, alignment.


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_faults_2_and_3_layouts(module, call, layout):
    got = call.each(layout).run(module)
    assert_like(module, got, call.run(module), f"{call} of {layout.__name__}")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_faults_2_and_3_one_array_at_a_time(module, layout):
    for call in DOUBLES:
        want = call.run(module)
        for path in call.paths("fib"):
            got = call.having(path, layout(call.get(path))).run(module)
            assert_like(module, got, want, f"{call} of {layout.__name__} {call.name(path)}")


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_zero_strides(module, call):
    for path, axis in itertools.product(call.paths("fib"), (0, -1)):
        array = call.get(path)
        repeated = np.broadcast_to(array.take([0], axis), array.shape)
        if module is reference and call.name(path) == "Wy" and axis == 0:
            continue  # all classes alike: the gradient is zero but for rounding, NumPy's own
        want = call.having(path, repeated.copy()).run(module)
        assert_like(module, call.having(path, repeated).run(module), want, call.name(path))


# 4. Types.


@pytest.mark.parametrize("bad", BAD_TYPES)
@pytest.mark.parametrize("call", DOUBLES, ids=str)
def test_types(module, call, bad):
    for path in call.paths("fib"):
        name = call.name(path)
        if bad == "None" and name in ("mask", "Ht", "lengths", "C_0"):
            continue  # means something
        value = BAD_TYPES[bad](call.get(path))
        fraction = name == "targets" and bad in ("float16", "longdouble")
        with pytest.raises(ValueError if fraction else TypeError, match=rf"^{name} must be "):
            call.having(path, value).run(module)


def test_the_message_says_what_it_got(module):
    call = next(call for call in DOUBLES if call.function == "rnn_forward")
    wrong = call.having(("parameters_dict", "Wx"), np.zeros((5, 3), np.float16))
    with pytest.raises(TypeError) as caught:
        wrong.run(module)
    assert str(caught.value) == (
        "Wx must be an array of real numbers (float32, float64 or integers), got dtype float16"
    )


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_lists_are_read_as_float64(module, call):
    """Whatever the other arguments are: a list alone makes the results float64."""
    doubles = call.each(lambda array: array.astype(np.float64), "f")
    want = doubles.run(module)
    assert_like(module, call.each(lambda array: array.tolist()).run(module), want, str(call))
    path = call.paths("f")[0]
    got = call.having(path, call.get(path).tolist()).run(module)
    assert_like(module, got, want, f"{call}, {path}")


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "int64", "uint64", "bool"])
def test_integers_are_read_as_float64(module, dtype):
    for call in DOUBLES:
        for path in call.paths("f"):
            whole = np.abs(np.round(3 * call.get(path))).astype(dtype)
            want = call.having(path, whole.astype(np.float64)).run(module)
            assert_like(module, call.having(path, whole).run(module), want, f"{call} {path}")


def test_masked_elements_have_no_value(module):
    for call in DOUBLES:
        for path in call.paths("f"):
            array = np.ma.array(call.get(path))
            array[(0,) * array.ndim] = np.ma.masked
            with pytest.raises(ValueError, match=rf"^{call.name(path)} has masked elements"):
                call.having(path, array).run(module)


def test_ragged_lists(module):
    for call in DOUBLES:
        for path in call.paths("fib"):
            with pytest.raises(ValueError, match=rf"^{call.name(path)} cannot be read"):
                call.having(path, [[1, 2], [1]]).run(module)


def test_parameters(module):
    for call in DOUBLES:
        if "parameters_dict" not in call.arguments:
            continue
        for value in (None, 3, [1.0], "Wx"):
            with pytest.raises(TypeError, match="parameters_dict must be a dictionary"):
                call.having(("parameters_dict",), value).run(module)
        for name in call.read:
            parameters = dict(call.arguments["parameters_dict"])
            del parameters[name]
            with pytest.raises(KeyError, match=f"parameters_dict has no {name}; it needs .*{name}"):
                call.having(("parameters_dict",), parameters).run(module)


def test_other_parameters_are_ignored(module):
    for call in DOUBLES:
        if "parameters_dict" in call.arguments:
            parameters = {**call.arguments["parameters_dict"], "dropout": "none", "bx2": None}
            got = call.having(("parameters_dict",), parameters).run(module)
            assert_same_bits(got, call.run(module), str(call))


def test_parameters_in_any_mapping(module):
    from types import MappingProxyType

    for call in DOUBLES:
        if "parameters_dict" in call.arguments:
            view = MappingProxyType(call.arguments["parameters_dict"])
            got = call.having(("parameters_dict",), view).run(module)
            assert_same_bits(got, call.run(module), str(call))


# 5. Shapes.


@pytest.mark.parametrize("call", CALLS, ids=describe)
def test_shapes(module, call):
    for wrong, name, shape in wrong_shapes(call):
        if call.function == "softmax" and shape:
            continue  # takes any
        before = wrong.snapshot()
        with pytest.raises(ValueError, match=r"has shape .* expected ") as caught:
            wrong.run(module)
        message = str(caught.value)
        assert name in message, (name, shape)
        assert str(shape) in message, (name, shape)
        assert_same_bits(wrong.arguments, before, "arguments")


def test_the_message_says_what_it_should_be(module):
    call = next(call for call in DOUBLES if call.function == "rnn_forward")
    wrong = call.having(("parameters_dict", "Ws"), np.zeros((5, 4)))
    with pytest.raises(
        ValueError, match=r"^Ws has shape \(5, 4\), expected \(n_s, n_s\) = \(5, 5\)$"
    ):
        wrong.run(module)


def test_number_of_steps(module):
    for call in DOUBLES:
        if "caches" in call.arguments:
            steps, *rest = call.arguments["caches"]
            wrong = call.having(("caches",), (steps[:-1], *rest))
            with pytest.raises(ValueError, match=r"caches\[0\] has 3 steps, expected T_x = 4"):
                wrong.run(module)


# 6. Sizes of zero.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "sizes",
    [
        (0, 5, 2, 3, 4),
        (3, 5, 2, 0, 4),
        (3, 5, 2, 3, 0),
        (3, 5, 0, 3, 0),
        (0, 5, 2, 0, 0),
        (0, 0, 0, 0, 0),
    ],
    ids=["n_x", "m", "T_x", "n_y and T_x", "n_x, m and T_x", "all"],
)
def test_sizes_of_zero(dtype, sizes):
    for call in make_calls(dtype, sizes) if sizes[2] else zero_classes(dtype, sizes):
        want = call.run(reference)
        assert_close(call.run(fastrnn), want, PARITY[np.dtype(dtype)], str(call))


def zero_classes(dtype, sizes):
    """Return the calls for no classes at all, where there can be no labels."""
    calls = []
    for form in FORMS:
        case = Case(*form, *sizes[:2], 1, *sizes[3:], dtype)
        a = case.make()
        a.parameters |= {"Wy": np.empty((0, sizes[1]), dtype), "by": np.empty((0, 1), dtype)}
        calls += [
            call.having(("parameters_dict",), a.parameters)
            for call in make_calls(dtype, (*sizes[:2], 1, *sizes[3:]))
            if call.function == f"{case.cell}_forward" and form[1] == (call.form == "-after")
        ]
    return calls


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_steps(module, form):
    case = Case(*form, 3, 5, 2, 4, 0, "float32")
    a = case.make()
    S, y_pred, *cells, caches = getattr(module, f"{case.cell}_forward")(
        a.X, a.S_0, a.parameters, **a.options
    )
    assert all(states.shape == (5, 4, 0) for states in (S, *cells))
    assert y_pred.shape == (2, 4, 0)
    assert S.dtype == y_pred.dtype == np.float32
    gradients = getattr(module, f"{case.cell}_backward")(a.ds, caches)
    rows = case.gates * 5
    want = {"dX": (3, 4, 0), "ds_0": (5, 4), "dWx": (rows, 3), "dWs": (rows, 5), "dbs": (rows, 1)}
    if case.cell == "lstm":
        want["dc_0"] = (5, 4)
    if case.reset_after:
        want["dbx"] = (rows, 1)
    assert {name: array.shape for name, array in gradients.items()} == want
    assert not any(array.any() for array in gradients.values())
    assert module.cross_entropy(y_pred, a.targets) == 0.0


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_no_inputs_run_on_the_state(module, form):
    """Without inputs the network is one whose inputs are zero."""
    case = Case(*form, 3, 5, 2, 4, 6)
    a = case.make()
    forward = getattr(module, f"{case.cell}_forward")
    want = forward(np.zeros_like(a.X), a.S_0, a.parameters, **a.options)
    parameters = {**a.parameters, "Wx": np.empty((case.gates * 5, 0))}
    got = forward(np.empty((0, 4, 6)), a.S_0, parameters, **a.options)
    assert_close(got[:-1], want[:-1], PARITY)


# 7. Views of one another.


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_views_of_one_another(module, form):
    case = Case(*form, 5, 5, 5, 5, 5)
    a = case.make()
    memory = a.X.copy()
    rows = case.gates * 5
    stack = np.concatenate([memory, memory[::-1], -memory, -memory[::-1]]).reshape(20, 25)
    shared = {
        "X": memory,
        "S_0": memory[:, :, 0],
        "parameters_dict": {
            "Wx": stack[:rows, :5],
            "Ws": stack[:rows, 3:8],
            "Wy": memory[:, 2],
            "bs": stack[:rows, :1],
            "by": memory[:, 1, :1],
            "bx": stack[:rows, 1:2],
        },
        **a.options,
    }
    if case.cell == "lstm":
        shared["C_0"] = memory[:, :, 0]
    forward = getattr(module, f"{case.cell}_forward")
    backward = getattr(module, f"{case.cell}_backward")
    *states, caches = forward(**shared)
    *alone, caches_apart = forward(**copy.deepcopy(shared))
    assert_like(module, states, alone, "forward")
    S, y_pred, *_ = states
    # Gradients of the states that are the inputs, and of the states themselves.
    for ds in (memory, S):
        want = backward(ds.copy(), caches_apart)
        assert_like(module, backward(ds, caches), want, "backward")
    cross = module.cross_entropy_backward(y_pred, a.targets, y_pred, {"Wy": y_pred[:, :, 0]})
    want = module.cross_entropy_backward(
        y_pred.copy(), a.targets, y_pred.copy(), {"Wy": y_pred[:, :, 0].copy()}
    )
    assert_like(module, cross, want, "cross_entropy_backward")


# 8. NaN.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("m", [1, 3, 10, 33])
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_nan_stays_in_its_column(module, form, m, dtype):
    case = Case(*form, 3, 17, 5, m, 6, dtype)
    a = case.make()
    forward = getattr(module, f"{case.cell}_forward")
    backward = getattr(module, f"{case.cell}_backward")
    *clean, caches = forward(a.X, a.S_0, a.parameters, **a.options)
    before = backward(a.ds, caches)
    names = ("S", "y_pred", "C")[: len(clean)]
    for column, step in {(0, 0), (m // 2, 3), (m - 1, 5)}:
        others = np.arange(m) != column
        X = a.X.copy()
        X[1, column, step] = np.nan
        *states, _ = forward(X, a.S_0, a.parameters, **a.options)
        for name, got, want in zip(names, states, clean, strict=True):
            assert np.isnan(got[:, column, step:]).all(), name
            assert_same_bits(got[:, column, :step], want[:, column, :step], name)
            assert_same_bits(got[:, others], want[:, others], name)

        S_0 = a.S_0.copy()
        S_0[1, column] = np.nan
        *states, _ = forward(a.X, S_0, a.parameters, **a.options)
        for name, got, want in zip(names, states, clean, strict=True):
            assert np.isnan(got[:, column]).all(), name
            assert_same_bits(got[:, others], want[:, others], name)

        # Gradients flow back: from its step to the first.
        ds = a.ds.copy()
        ds[:, column, step] = np.nan
        got = backward(ds, caches)
        assert np.isnan(got["dX"][:, column, : step + 1]).all()
        at_start = [name for name in ("ds_0", "dc_0") if name in got]
        assert all(np.isnan(got[name][:, column]).all() for name in at_start)
        assert_same_bits(got["dX"][:, column, step + 1 :], before["dX"][:, column, step + 1 :])
        assert_same_bits(got["dX"][:, others], before["dX"][:, others], "dX")
        for name in at_start:
            assert_same_bits(got[name][:, others], before[name][:, others], name)
        assert all(np.isnan(got[name]).all() for name in ("dWx", "dWs", "dbs"))


def test_nan_where_nothing_counts_adds_nothing(module):
    for dtype in DTYPES:
        call = next(c for c in make_calls(dtype) if c.function == "cross_entropy_backward")
        arguments = call.arguments
        mask = arguments["mask"]
        y_pred, S, targets = (arguments[name].copy() for name in ("y_pred", "S", "targets"))
        want = call.run(module)
        loss = module.cross_entropy(y_pred, targets, mask)
        y_pred[:, ~mask], S[:, ~mask], targets[~mask] = np.nan, np.inf, -100
        assert module.cross_entropy(y_pred, targets, mask) == loss
        got = module.cross_entropy_backward(y_pred, targets, S, arguments["parameters_dict"], mask)
        assert_same_bits(got, want, "gradients")
        assert not got["ds"][:, ~mask].any()


def test_nan_that_counts_is_not_hidden(module):
    y_pred = np.full((2, 3, 4), 0.5)
    y_pred[:, 1, 2] = np.nan
    targets = np.zeros((3, 4), int)
    assert math.isnan(module.cross_entropy(y_pred, targets))
    got = module.cross_entropy_backward(
        y_pred, targets, np.ones((5, 3, 4)), {"Wy": np.ones((2, 5))}
    )
    assert np.isnan(got["ds"][:, 1, 2]).all()
    got["ds"][:, 1, 2] = 0
    assert np.isfinite(got["ds"]).all()


# 9. Infinities and extremes.

EXTREMES = [np.inf, -np.inf, 1e38, -1e38, 1e308, -1e308, -0.0, 5e-324, 1e-310, 1e-42]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("value", EXTREMES)
def test_extremes_saturate_as_in_the_reference(form, value, dtype):
    case = Case(*form, 3, 17, 5, 4, 6, dtype)
    with np.errstate(over="ignore"):
        value = np.dtype(dtype).type(value)
    forward = f"{case.cell}_forward"
    for name in ("X", "S_0", "bs", "C_0"):
        if name == "C_0" and case.cell != "lstm":
            continue
        a = case.make()
        array = a.parameters["bs"] if name == "bs" else getattr(a, name)
        array[1, 0, ...] = value
        arguments = (a.X, a.S_0, a.parameters)
        *states, caches = getattr(reference, forward)(*arguments, **a.options)
        *got, got_caches = getattr(fastrnn, forward)(*arguments, **a.options)
        # No NaN by itself: every sum has one huge term at most, and tanh and σ have limits.
        if case.cell in ("rnn", "lstm") or name != "S_0":  # in the others the state goes on
            assert np.isfinite(states[0]).all()
        assert_close(got, states, PARITY, name)
        backward = f"{case.cell}_backward"
        want = getattr(reference, backward)(a.ds, caches)
        assert_close(getattr(fastrnn, backward)(a.ds, got_caches), want, PARITY, name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_numbers_are_numbers(module, dtype):
    """Nothing is flushed to zero: a product with a subnormal input is what it is."""
    small = np.finfo(dtype).tiny / 8
    parameters = {
        "Wx": np.ones((1, 1), dtype),
        "Ws": np.zeros((1, 1), dtype),
        "Wy": np.ones((1, 1), dtype),
        "bs": np.zeros((1, 1), dtype),
        "by": np.zeros((1, 1), dtype),
    }
    S, _, _ = module.rnn_forward(
        np.full((1, 2, 3), small, dtype), np.zeros((1, 2), dtype), parameters
    )
    assert_same_bits(S, np.full((1, 2, 3), small, dtype), "S")


def floating_point_mode():
    """Tell what the processor does now: subnormals in, subnormals out, and the rounding."""
    with np.errstate(all="ignore"):
        results = []
        for dtype in (np.float32, np.float64):
            small, one = np.finfo(dtype).tiny, np.array([1], dtype)
            quarter = np.array([small], dtype) / 4
            eps = np.array([np.finfo(dtype).eps], dtype)
            third = one / 3
            results += [quarter, quarter * 2, one + eps / 4, -one - eps / 4, third, -third]
    return np.concatenate(results)


def test_the_floating_point_mode_is_left_alone(module):
    before = floating_point_mode()
    assert before.all()
    for call in CALLS:
        call.run(module)
        assert_same_bits(floating_point_mode(), before, str(call))
        wrong = call.having(call.paths("f")[0], None)
        with pytest.raises(TypeError):
            wrong.run(module)
        assert_same_bits(floating_point_mode(), before, str(call))


# 10. Large logits, probabilities that underflow.


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_logits_have_a_finite_loss(module, dtype):
    case = Case("rnn", False, 3, 5, 3, 4, 6, dtype)
    a = case.make()
    a.parameters["by"][:] = [[1e4], [-1e4], [0]]
    S, y_pred, _ = module.rnn_forward(a.X, a.S_0, a.parameters)
    assert np.isfinite(y_pred).all()
    np.testing.assert_array_equal(y_pred[1], 0)
    targets = np.ones((4, 6), int)
    loss = module.cross_entropy(y_pred, targets)
    assert_close(loss, -math.log(np.finfo(dtype).tiny), PARITY[np.dtype(dtype)], "loss")
    gradients = module.cross_entropy_backward(y_pred, targets, S, a.parameters)
    assert_close(gradients["dby"], np.array([[1], [-1], [0]], dtype), PARITY, "dby")


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_large_logits(module, dtype):
    x = np.array([[1e4, -1e4, 1e4, 3e38], [1e4, -1e4, -1e4, -3e38]], dtype)
    want = np.array([[0.5, 0.5, 1, 1], [0.5, 0.5, 0, 0]], dtype)
    assert_same_bits(module.softmax(x), want, "softmax")


# 11. Labels.


@pytest.fixture
def loss_arguments():
    a = Case("rnn", False, 3, 5, 4, 3, 6).make()
    S, y_pred, _ = reference.rnn_forward(a.X, a.S_0, a.parameters)
    return y_pred, a.targets, S, a.parameters


def both_losses(module, y_pred, targets, S, parameters, mask=None):
    """Yield calls of the loss and of its gradients."""
    yield lambda: module.cross_entropy(y_pred, targets, mask)
    yield lambda: module.cross_entropy_backward(y_pred, targets, S, parameters, mask)


@pytest.mark.parametrize("label", [-1, 4, 5, 2**31, 2**32, 2**32 + 1, 2**62, -(2**63)])
def test_labels_outside_the_range(module, loss_arguments, label):
    y_pred, targets, S, parameters = loss_arguments
    for place in ((0, 0), (1, 4), (2, 5)):
        wrong = targets.copy()
        wrong[place] = label
        for call in both_losses(module, y_pred, wrong, S, parameters):
            with pytest.raises(ValueError, match=f"targets has the label {label} at ") as caught:
                call()
            assert "expected 0 <= label < n_y = 4" in str(caught.value)


def test_unsigned_label_that_would_wrap(module, loss_arguments):
    y_pred, targets, S, parameters = loss_arguments
    wrong = targets.astype(np.uint64)
    wrong[0, 0] = 2**64 - 1
    for call in both_losses(module, y_pred, wrong, S, parameters):
        with pytest.raises(ValueError, match="targets has the label 18446744073709551615"):
            call()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_float_labels(module, loss_arguments, dtype):
    y_pred, targets, S, parameters = loss_arguments
    for wrong in (targets.astype(dtype), targets.astype(float).tolist()):
        for call in both_losses(module, y_pred, wrong, S, parameters):
            with pytest.raises(ValueError, match="targets must be integer labels, got dtype float"):
                call()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64", ">i4"])
def test_labels_of_any_integer_type(module, loss_arguments, dtype):
    y_pred, targets, S, parameters = loss_arguments
    want = [call() for call in both_losses(module, y_pred, targets, S, parameters)]
    for same in (targets.astype(dtype), targets.tolist()):
        got = [call() for call in both_losses(module, y_pred, same, S, parameters)]
        assert_same_bits(got, want)


def test_a_label_that_does_not_count_may_be_anything(module, loss_arguments):
    y_pred, targets, S, parameters = loss_arguments
    mask = np.ones(targets.shape, bool)
    mask[1, 2:] = False
    want = [call() for call in both_losses(module, y_pred, targets, S, parameters, mask)]
    other = np.where(mask, targets, -(2**40))
    got = [call() for call in both_losses(module, y_pred, other, S, parameters, mask)]
    assert_same_bits(got, want)


def test_a_row_masked_whole_adds_nothing(module, loss_arguments):
    y_pred, targets, S, parameters = loss_arguments
    mask = np.ones(targets.shape, bool)
    mask[1] = False
    rest = [0, 2]
    loss, gradients = (call() for call in both_losses(module, y_pred, targets, S, parameters, mask))
    want_loss, want = (
        call()
        for call in both_losses(module, y_pred[:, rest], targets[rest], S[:, rest], parameters)
    )
    assert_close(loss, want_loss, PARITY, "loss")
    assert not gradients["ds"][:, 1].any()
    gradients["ds"] = gradients["ds"][:, rest]
    assert_close(gradients, want, PARITY, "gradients")


def test_nothing_counts(module, loss_arguments):
    y_pred, targets, S, parameters = loss_arguments
    mask = np.zeros(targets.shape, bool)
    loss, gradients = (call() for call in both_losses(module, y_pred, targets, S, parameters, mask))
    assert loss == 0.0
    assert not any(array.any() for array in gradients.values())


@pytest.mark.parametrize("dtype", ["int64", "float64", "uint8"])
def test_a_mask_of_numbers(module, loss_arguments, dtype):
    y_pred, targets, S, parameters = loss_arguments
    mask = np.ones(targets.shape, dtype)
    for call in both_losses(module, y_pred, targets, S, parameters, mask):
        with pytest.raises(
            TypeError, match=f"mask must be an array of booleans, got dtype {dtype}"
        ):
            call()


def test_a_list_for_a_mask(module, loss_arguments):
    y_pred, targets, S, parameters = loss_arguments
    mask = np.arange(18).reshape(3, 6) % 3 > 0
    want = [call() for call in both_losses(module, y_pred, targets, S, parameters, mask)]
    got = [call() for call in both_losses(module, y_pred, targets, S, parameters, mask.tolist())]
    assert_same_bits(got, want)
