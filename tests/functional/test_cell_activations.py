"""Cells of any activations, in both implementations, and against central differences."""

import copy
import pickle

import numpy as np
import pytest

import fastrnn
from fastrnn import reference
from fastrnn._core.recurrence import ACTIVATIONS as OF_THE_CORE
from fastrnn.arguments import ACTIVATIONS
from fastrnn.reference import activation as definitions
from tests.cases import FORMS, Case
from tests.compare import assert_close, assert_same_bits
from tests.core.test_cell_activations import FUNCTIONS
from tests.functional.calls import IMPLEMENTATIONS
from tests.functional.test_parity import assert_caches_close, functions, plain
from tests.reference.test_gradients import of_parameters, of_sequence
from tests.tolerances import CENTRAL_DIFFERENCES, PARITY

MODULES = list(IMPLEMENTATIONS.values())

#: Each activation as that of the new state and as that of the gates; the exponential as the latter
#: soon leaves all types.
PAIRS = [
    *[(name, "sigmoid") for name in ACTIVATIONS],
    *[("tanh", name) for name in ACTIVATIONS if name not in ("sigmoid", "exponential")],
    ("softsign", "hard_sigmoid"),
]


def case_of(form, dtype="float64", sizes=(3, 5, 2, 10, 6)):
    return Case(*form, *sizes, dtype)


def arrays_of(case, pair=()):
    """Return the arrays of a case, with numbers that let no activation explode."""
    arrays = case.make()
    scale = 0.1 if "exponential" in pair else 0.3
    for array in (arrays.parameters["Ws"], arrays.parameters["Wx"], arrays.C_0):
        array *= array.dtype.type(scale)
    if "exponential" in pair:
        arrays.parameters["bs"] -= 2
    return arrays


def options_of(form, pair):
    """Return the activations as the functions of a cell take them."""
    names = {"activation": pair[0], "recurrent_activation": pair[1]}
    return {"activation": pair[0]} if form[0] == "rnn" else names


def pairs_of(form):
    return [pair for pair in PAIRS if form[0] != "rnn" or pair[1] == "sigmoid"]


FORMS_AND_PAIRS = [(form, pair) for form in FORMS for pair in pairs_of(form)]
every_cell = pytest.mark.parametrize(("form", "pair"), FORMS_AND_PAIRS, ids=str)


def test_there_is_one_list_of_activations():
    assert set(ACTIVATIONS) == set(OF_THE_CORE) == set(definitions.ACTIVATIONS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_reference_has_the_definitions_and_their_slopes(name):
    a = np.random.default_rng(0).normal(scale=3, size=100)
    function, slope = definitions.ACTIVATIONS[name]
    y = function(a)
    assert_close(y, FUNCTIONS[name](a), PARITY)
    step = 1e-6
    differences = (FUNCTIONS[name](a + step) - FUNCTIONS[name](a - step)) / (2 * step)
    assert_close(slope(y), differences, CENTRAL_DIFFERENCES, name)
    for dtype in ("float32", "float64"):
        in_type = function(a.astype(dtype))
        assert in_type.dtype == slope(in_type).dtype == dtype


@pytest.mark.parametrize(
    ("dtype", "ragged"), [("float64", False), ("float32", True)], ids=["double", "ragged single"]
)
@every_cell
def test_sequences_agree(form, pair, dtype, ragged):
    case, options = case_of(form, dtype), options_of(form, pair)
    a = arrays_of(case, pair)
    lengths = {"lengths": a.lengths} if ragged else {}
    results = {}
    for module in MODULES:
        _, forward, _, backward = functions(module, case)
        *found, caches = forward(a.X, a.S_0, a.parameters, **a.options, **lengths, **options)
        results[module] = found, caches, backward(a.ds, caches)
    (want, of_reference, gradients), (got, ours, ours_back) = results.values()
    assert_close(got, want, PARITY, "(S, y_pred, ...)")
    assert_close(ours_back, gradients, PARITY, "gradients")
    assert_caches_close(ours, of_reference)
    for module in MODULES:
        backward = functions(module, case)[3]
        assert_close(backward(a.ds, of_reference), gradients, PARITY, "of the reference's caches")
        assert_close(backward(a.ds, ours), gradients, PARITY, "of the compiled caches")
        if not ragged:
            got = backward(a.ds, plain(ours), **options)
            assert_close(got, gradients, PARITY, "of plain caches")


@every_cell
def test_steps_agree(form, pair):
    case, options = case_of(form), options_of(form, pair)
    a = arrays_of(case, pair)
    results = {}
    for module in MODULES:
        *found, cache = functions(module, case)[0](
            a.X[:, :, 0], a.S_0, parameters_dict=a.parameters, **a.cell_options, **options
        )
        results[module] = found, cache
    (want, of_reference), (got, ours) = results.values()
    assert_close(got, want, PARITY, "results")
    assert_close(ours[:-1], of_reference[:-1], PARITY, "cache")
    at_end = {"ds_next": a.ds[:, :, 0], **a.cell_gradients}
    gradients = functions(reference, case)[2](**at_end, cache=of_reference)
    for module in MODULES:
        back = functions(module, case)[2]
        for made in (of_reference, ours):
            assert_close(back(**at_end, cache=made), gradients, PARITY, "gradients")
        got = back(**at_end, cache=tuple(ours), **options)
        assert_close(got, gradients, PARITY, "of a plain cache")


@every_cell
def test_central_differences(form, pair):
    """In the reference, which the compiled functions agree with."""
    case, options = case_of(form, sizes=(2, 3, 2, 4, 3)), options_of(form, pair)
    a = arrays_of(case, pair)
    _, forward, _, backward = functions(reference, case)

    def call():
        return forward(a.X, a.S_0, a.parameters, **a.options, **options)

    got = backward(a.ds, call()[-1])
    step = 1e-6  # so short that no difference reaches over a corner of relu or a hard sigmoid
    for name, array in (of_sequence(case, a) | of_parameters(case, a.parameters)).items():
        want = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = np.sum(a.ds * call()[0])
            array[place] = kept - step
            want[place] = (above - np.sum(a.ds * call()[0])) / (2 * step)
            array[place] = kept
        assert_close(got[name], want, CENTRAL_DIFFERENCES, f"{name} of {form} {pair}")


@every_cell
def test_copies_of_caches_know_the_activations(form, pair, module):
    case, options = case_of(form), options_of(form, pair)
    a = arrays_of(case, pair)
    cell_forward, forward, cell_backward, backward = functions(module, case)
    caches = forward(a.X, a.S_0, a.parameters, **a.options, **options)[-1]
    *_, cache = cell_forward(
        a.X[:, :, 0], a.S_0, parameters_dict=a.parameters, **a.cell_options, **options
    )
    at_end = {"ds_next": a.ds[:, :, 0], **a.cell_gradients}
    want = backward(a.ds, caches), cell_backward(**at_end, cache=cache)
    for copied in (copy.deepcopy((caches, cache)), pickle.loads(pickle.dumps((caches, cache)))):
        got = backward(a.ds, copied[0]), cell_backward(**at_end, cache=copied[1])
        assert_same_bits(got, want)


@pytest.mark.parametrize("form", [form for form in FORMS if form[0] != "rnn"], ids=str)
def test_wrong_activations_are_refused(form, module):
    case = case_of(form)
    a = arrays_of(case)
    _, forward, _, backward = functions(module, case)
    for argument in ("activation", "recurrent_activation"):
        for wrong in ("gelu", None, 1, np.tanh):
            with pytest.raises(ValueError, match=rf"^{argument} must be 'tanh', 'relu', "):
                forward(a.X, a.S_0, a.parameters, **a.options, **{argument: wrong})
        caches = forward(a.X, a.S_0, a.parameters, **a.options, **{argument: "softsign"})[-1]
        with pytest.raises(ValueError, match=rf"^{argument} is 'elu', but the cache was made with"):
            backward(a.ds, caches, **{argument: "elu"})
        with pytest.raises(ValueError, match=rf"^{argument} must be 'tanh', 'relu', "):
            backward(a.ds, caches, **{argument: "nothing"})


def test_positions_are_those_of_before():
    """The activations of gated cells are keywords: nothing else has moved."""
    a = arrays_of(case_of(("gru", True)))
    for module in (fastrnn, reference):
        with pytest.raises(TypeError, match="positional"):
            module.gru_forward(a.X, a.S_0, a.parameters, True, None, "tanh")
