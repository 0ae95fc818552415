"""The compiled functions against the reference: signatures, values, types, caches, errors."""

import functools
import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import fastrnn
from fastrnn import reference
from tests.cases import CASES, FORMS, GATES, Case
from tests.compare import assert_close, assert_same_bits
from tests.functional.calls import BAD_TYPES, CACHES, make_calls, wrong_shapes
from tests.tolerances import PARITY

NAMES = sorted(reference.__all__)
DTYPES = ["float64", "float32"]


def test_the_reference_has_every_function():
    found = {
        name
        for file in (*(getattr(reference, cell) for cell in GATES), reference.output)
        for name, value in vars(file).items()
        if inspect.isfunction(value) and value.__module__ == file.__name__ and name[0] != "_"
    }
    assert found == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_names_and_signatures(name):
    compiled, definition = getattr(fastrnn, name), getattr(reference, name)
    assert name in fastrnn.__all__
    assert compiled is not definition
    assert inspect.signature(compiled) == inspect.signature(definition)
    assert compiled.__name__ == definition.__name__ == name
    assert compiled.__doc__


def functions(module, case):
    return tuple(
        getattr(module, case.cell + name)
        for name in ("_cell_forward", "_forward", "_cell_backward", "_backward")
    )


@functools.lru_cache(maxsize=8)
def by_reference(case):
    """Return the arrays of a case, and what the reference makes of them: results and gradients."""
    _, forward, _, backward = functions(reference, case)
    arrays = case.make()
    results = forward(arrays.X, arrays.S_0, arrays.parameters, **arrays.options)
    return arrays, results, backward(arrays.ds, results[-1])


def plain(caches):
    """Return caches as nothing but tuples, one a step, as a user might take them apart."""
    steps, *rest = caches
    return ([tuple(step) for step in steps], *rest)


def assert_caches_close(got, want):
    (got_steps, *got_rest), (want_steps, *want_rest) = got, want
    assert len(got_steps) == len(want_steps)
    assert_close(tuple(got_rest), tuple(want_rest), 0.0, "caches[1:]")
    for t, (one, other) in enumerate(zip(got_steps, want_steps, strict=True)):
        assert isinstance(one, tuple)
        assert_close(one[:-1], other[:-1], PARITY, f"caches[0][{t}]")
        assert one[-1] is other[-1], "the parameters are those that were given"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer(case):
    _, forward, _, backward = functions(fastrnn, case)
    reference_backward = functions(reference, case)[3]
    arrays, (*want, caches), gradients = by_reference(case)
    *got, ours = forward(arrays.X, arrays.S_0, arrays.parameters, **arrays.options)
    assert_close(got, want, PARITY, "(S, y_pred, ...)")

    assert_close(backward(arrays.ds, ours), gradients, PARITY, "gradients")
    assert_close(backward(arrays.ds, caches), gradients, PARITY, "of the reference's caches")
    assert_caches_close(ours, caches)
    assert_close(backward(arrays.ds, plain(ours)), gradients, PARITY, "of plain caches")
    assert_close(
        reference_backward(arrays.ds, ours), gradients, PARITY, "by the reference, of our caches"
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cell(case):
    cell_forward, _, cell_backward, _ = functions(fastrnn, case)
    reference_forward, _, reference_backward, _ = functions(reference, case)
    arrays = case.make()
    Xt, ds_next = arrays.X[:, :, -1], arrays.ds[:, :, -1]
    forward = {"parameters_dict": arrays.parameters, **arrays.cell_options}
    *want, cache = reference_forward(Xt, arrays.S_0, **forward)
    *got, ours = cell_forward(Xt, arrays.S_0, **forward)
    assert_close(got, want, PARITY, "(St_next, ..., Yt)")
    assert isinstance(ours, tuple)
    assert_close(ours[:-1], cache[:-1], PARITY, "cache")
    assert ours[-1] is arrays.parameters

    at_end = {"ds_next": ds_next, **arrays.cell_gradients}
    gradients = reference_backward(**at_end, cache=cache)
    for what, backward, made in (
        ("gradients", cell_backward, ours),
        ("of the reference's cache", cell_backward, cache),
        ("by the reference, of our cache", reference_backward, ours),
    ):
        assert_close(backward(**at_end, cache=made), gradients, PARITY, what)


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_output(case, masked):
    arrays, (S, y_pred, *_), _ = by_reference(case)
    mask = arrays.mask if masked else None
    logits = 5 * arrays.ds
    assert_close(fastrnn.softmax(logits), reference.softmax(logits), PARITY, "softmax")

    labels = (y_pred, arrays.targets)
    want = reference.cross_entropy(*labels, mask)
    assert_close(fastrnn.cross_entropy(*labels, mask), want, PARITY[y_pred.dtype], "loss")
    want = reference.cross_entropy_backward(*labels, S, arrays.parameters, mask)
    got = fastrnn.cross_entropy_backward(*labels, S, arrays.parameters, mask)
    assert_close(got, want, PARITY, "gradients")


@pytest.mark.parametrize("shape", [(5,), (1, 9), (67, 1), (2, 3, 4, 5), (300, 33)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_of_any_shape(shape, dtype):
    x = (10 * np.random.default_rng(0).standard_normal(shape)).astype(dtype)
    assert_close(fastrnn.softmax(x), reference.softmax(x), PARITY)


# An array of one element may be the small difference of large numbers, and 2e-5 of it less than
# any float32 can give: the smallest sizes of a random float32 network are threes.
def random_cases():
    def of(dtype, least):
        return st.builds(
            lambda form, *sizes: Case(*form, *sizes),
            st.sampled_from(FORMS),
            *[st.integers(least, 67)] * 3,
            st.integers(1, 130),
            st.integers(1, 40),
            st.just(dtype),
            st.integers(1, 2**16),
        )

    return of("float64", 1) | of("float32", 3)


@settings(max_examples=30)
@given(random_cases())
def test_random_sizes(case):
    test_layer(case)


@settings(max_examples=30)
@given(random_cases())
def test_random_sizes_of_a_step(case):
    test_cell(case)


@settings(max_examples=20)
@given(random_cases(), st.booleans())
def test_random_sizes_of_the_output(case, masked):
    test_output(case, masked)


@pytest.mark.parametrize("call", make_calls(), ids=str)
def test_mixed_types(call):
    """One array of the other type makes the result float64; the values stay the reference's."""
    for dtype in DTYPES:
        base = call.each(lambda array: array.astype(dtype), "f")  # noqa: B023
        for path in base.paths("f"):
            other = base.get(path).astype("float32" if dtype == "float64" else "float64")
            mixed = base.having(path, other)
            want = mixed.run(reference)
            tolerances = PARITY
            if call.function == "cross_entropy":
                tolerances = PARITY[other.dtype]  # a Python float, whatever it comes from
            assert_close(mixed.run(fastrnn), want, tolerances, f"{dtype} but for {path}")


@pytest.mark.parametrize("call", make_calls(), ids=str)
def test_both_raise_the_same(call):
    spoiled = [wrong for wrong, _, _ in wrong_shapes(call)]
    spoiled += [
        call.having(path, bad(call.get(path)))
        for path in call.paths("fib")
        for bad in BAD_TYPES.values()
    ]
    for path in call.paths("f"):
        if len(path) > 1 and isinstance(path[-1], str):
            *above, name = path
            spoiled.append(call.having(tuple(above), {name: call.get(path)}))
    spoiled += [
        call.having((name,), value)
        for name in ("parameters_dict", "cache", "caches")
        if name in call.arguments
        for value in (None, 3, "four", (), (1, 2), [[], []], {}, np.zeros((4, 3)))
    ]
    spoiled += [
        call.having(("targets",), value) for value in (-1, 2.0) if "targets" in call.arguments
    ]
    for wrong in spoiled:
        want = error_of(wrong, reference)
        got = error_of(wrong, fastrnn)
        assert got == want


def error_of(call, module):
    try:
        call.run(module)
    except Exception as error:
        return type(error), str(error)
    return None


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_are_arrays_of_the_user(dtype):
    """A result may be written to, and writing to it changes no other result and no argument."""
    for call in make_calls(dtype):
        result = call.run(fastrnn)
        arrays = list(result.values()) if isinstance(result, dict) else result
        arrays = [arrays] if isinstance(arrays, np.ndarray) else arrays
        if isinstance(arrays, float):
            assert math.isfinite(arrays)
            continue
        before = call.snapshot()
        for i, array in enumerate(arrays):
            others = [other.copy() for other in arrays]
            array[...] = -7.0
            for j, other in enumerate(arrays):
                if i != j:
                    assert_same_bits(other, others[j], f"{call}: result {j}")
        if not call.function.endswith("forward"):
            assert_same_bits(call.arguments, before, str(call))


@pytest.mark.parametrize("cell", GATES)
def test_steps_that_do_not_join(cell):
    """Caches put together by hand: each step stands for itself, as in the reference."""
    case = Case(cell, cell == "gru", 3, 5, 2, 4, 6)
    _, forward, _, backward = functions(reference, case)
    one, other = case.make(), Case(cell, cell == "gru", 3, 5, 2, 4, 6, seed=1).make()
    *_, (steps, X, *rest) = forward(one.X, one.S_0, one.parameters, **one.options)
    *_, (others, *_) = forward(one.X, other.S_0, other.parameters, **other.options)
    mixed = ([*steps[:2], *others[2:4], *steps[4:]], X, *rest)
    want = backward(one.ds, mixed)
    assert_close(getattr(fastrnn, f"{cell}_backward")(one.ds, mixed), want, PARITY, "gradients")


def test_steps_that_do_not_join_in_their_cells():
    """The states may fit where the cells do not."""
    a = Case("lstm", False, 3, 5, 2, 4, 6).make()
    *_, (steps, X) = reference.lstm_forward(a.X, a.S_0, a.parameters, a.C_0)
    place = CACHES["lstm"].index("Ct_prev")
    other = (*steps[3][:place], a.dc, *steps[3][place + 1 :])
    mixed = ([*steps[:3], other, *steps[4:]], X)
    want = reference.lstm_backward(a.ds, mixed)
    joined = reference.lstm_backward(a.ds, (steps, X))
    assert np.abs(want["dWx"] - joined["dWx"]).max() > 0.01
    assert_close(fastrnn.lstm_backward(a.ds, mixed), want, PARITY, "gradients")


def test_cells_are_zeros_if_left_out(module):
    a = Case("lstm", False, 3, 5, 2, 4, 6, "float32").make()
    want = module.lstm_forward(a.X, a.S_0, a.parameters, np.zeros_like(a.C_0))
    got = module.lstm_forward(a.X, a.S_0, a.parameters)
    assert_same_bits(got[:-1], want[:-1], "results")
    assert_same_bits(
        module.lstm_backward(a.ds, got[-1]), module.lstm_backward(a.ds, want[-1]), "gradients"
    )


def test_a_cache_of_the_other_form_or_cell_is_refused(module):
    calls = {str(call): call for call in make_calls()}
    cache = calls["gru_cell_backward-after"].arguments["cache"]
    with pytest.raises(ValueError, match="cache has 8 entries, expected 4"):
        module.rnn_cell_backward(calls["rnn_cell_backward"].arguments["ds_next"], cache)
    caches = calls["rnn_backward"].arguments["caches"]
    with pytest.raises(ValueError, match="caches has 2 entries, expected 3"):
        module.gru_backward(calls["gru_backward-after"].arguments["ds"], caches)
    with pytest.raises(ValueError, match=r"caches\[0\]\[0\] has 4 entries, expected 10"):
        module.lstm_backward(calls["lstm_backward"].arguments["ds"], caches)
    caches = calls["lstm_backward"].arguments["caches"]
    with pytest.raises(ValueError, match=r"caches\[0\]\[0\] has 10 entries, expected 4"):
        module.rnn_backward(calls["rnn_backward"].arguments["ds"], caches)
