"""Sequences of several lengths in one batch: the compiled functions, the reference, one by one."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import fastrnn
from fastrnn import reference
from tests.cases import FORMS, Case
from tests.compare import assert_close, assert_same_bits
from tests.functional.test_parity import assert_caches_close, functions, plain
from tests.tolerances import PARITY

DTYPES = ["float64", "float32"]

#: n_x, n_s, n_y, m, T_x
SIZES = [
    (3, 5, 2, 10, 4),
    (1, 3, 4, 1, 7),
    (5, 17, 9, 33, 8),
    (9, 67, 13, 130, 6),
    (7, 31, 5, 9, 200),
    (0, 5, 3, 6, 5),
]
CASES = [Case(*form, *sizes, dtype) for sizes in SIZES for form in FORMS for dtype in DTYPES]
SOME = [Case(*form, 4, 17, 6, 20, 12, dtype) for form in FORMS for dtype in DTYPES]


def ruined_past_ends(X, lengths, ruin=np.nan):
    X = X.copy()
    for j, length in enumerate(lengths):
        X[:, j, length:] = ruin
    return X


def run(module, case, arrays, lengths, **changed):
    """Return what forward returns but for the caches, the gradients, and the caches."""
    _, forward, _, backward = functions(module, case)
    X, S_0 = changed.get("X", arrays.X), changed.get("S_0", arrays.S_0)
    *outputs, caches = forward(X, S_0, arrays.parameters, **arrays.options, lengths=lengths)
    return outputs, backward(arrays.ds, caches), caches


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parity(case):
    arrays = case.make()
    lengths = arrays.lengths
    X = ruined_past_ends(arrays.X, lengths)
    outputs, gradients, caches = run(reference, case, arrays, lengths, X=X)
    got = run(fastrnn, case, arrays, lengths, X=X)
    assert_close(got[:2], (outputs, gradients), PARITY, "((S, y_pred, C), gradients)")

    backward, reference_backward = functions(fastrnn, case)[3], functions(reference, case)[3]
    assert_close(backward(arrays.ds, caches), gradients, PARITY, "of the reference's caches")
    assert_close(
        reference_backward(arrays.ds, got[2]), gradients, PARITY, "by the reference, of our caches"
    )
    assert_caches_close(got[2], caches)
    for made in (caches, got[2]):
        assert_same_bits(made[0].lengths, lengths, "caches[0].lengths")
        assert made[1] is X


def random_cases():
    def of(dtype, least):
        return st.builds(
            lambda form, *sizes: Case(*form, *sizes),
            st.sampled_from(FORMS),
            *[st.integers(least, 33).map(lambda n: 2 * n + 1)] * 2,
            st.integers(max(least, 1), 9),
            st.integers(1, 130),
            st.integers(1, 40),
            st.just(dtype),
            st.integers(1, 2**16),
        )

    return of("float64", 0) | of("float32", 3)


@settings(max_examples=15)
@given(random_cases())
def test_random_sizes(case):
    test_parity(case)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_what_is_past_an_end(module, case):
    arrays = case.make()
    lengths = [0, 12, 3, 0, *arrays.lengths[4:]]
    (S, y_pred, *C), gradients, _ = run(module, case, arrays, lengths)
    for j, length in enumerate(lengths):
        for states, initial in zip((S, *C), (arrays.S_0, arrays.C_0), strict=False):
            last = states[:, j, length - 1] if length else initial[:, j]
            held = np.repeat(last[:, np.newaxis], 12 - length, axis=1)
            assert_same_bits(states[:, j, length:], held, "S or C")
        assert not y_pred[:, j, length:].any()
        assert not gradients["dX"][:, j, length:].any()


@pytest.mark.parametrize("case", SOME, ids=str)
@pytest.mark.parametrize("ruin", [np.nan, np.inf, -1e30])
def test_what_stands_past_an_end_is_not_looked_at(module, case, ruin):
    arrays = case.make()
    arrays.lengths[:3] = 0, 5, 12
    want = run(module, case, arrays, arrays.lengths)[:2]
    X = ruined_past_ends(arrays.X, arrays.lengths, ruin)
    assert_same_bits(run(module, case, arrays, arrays.lengths, X=X)[:2], want)


def test_a_column_without_steps_is_in_no_sum(module):
    """Whatever its initial state is: it only hands its gradient on."""
    for case in SOME:
        arrays = case.make()
        arrays.lengths[5] = 0
        _, want, caches = run(module, case, arrays, arrays.lengths)
        S_0 = arrays.S_0.copy()
        S_0[:, 5] = np.nan
        (S, y_pred, *_), got, caches = run(module, case, arrays, arrays.lengths, S_0=S_0)
        assert np.isnan(S[:, 5]).all()
        assert not y_pred[:, 5].any()
        assert_same_bits(got, want)
        for other in (fastrnn, reference):
            backward = functions(other, case)[3]
            assert all(np.isfinite(array).all() for array in backward(arrays.ds, caches).values())


def one_sequence(arrays, j, length):
    """Return what forward takes of one column, cut at its end."""
    return arrays.X[:, [j], :length], arrays.S_0[:, [j]], arrays.parameters


def options_of(arrays, j):
    is_lstm = "C_0" in arrays.options
    return {"C_0": arrays.C_0[:, [j]]} if is_lstm else arrays.options


@pytest.mark.parametrize("case", SOME, ids=str)
def test_every_sequence_by_itself(case):
    """A column of the compiled functions has the bits that it has alone, at its own length."""
    arrays = case.make()
    arrays.lengths[:3] = 0, 12, 1
    outputs, gradients, _ = run(fastrnn, case, arrays, arrays.lengths)
    _, forward, _, backward = functions(fastrnn, case)
    sums = {name: 0 for name in gradients if name not in ("dX", "ds_0", "dc_0")}
    for j, length in enumerate(arrays.lengths):
        ds, held = arrays.ds[:, [j]].copy(), np.zeros_like(arrays.S_0[:, [j]])
        for t in reversed(range(length, 12)):
            held = ds[:, :, t] + held
        if length:
            ds[:, :, length - 1] += held
        *alone, caches = forward(*one_sequence(arrays, j, length), **options_of(arrays, j))
        assert_same_bits([array[:, [j], :length] for array in outputs], alone, "S, y_pred and C")
        of_one = backward(ds[:, :, :length], caches)
        assert_same_bits(gradients["dX"][:, [j], :length], of_one["dX"], "dX")
        want = of_one["ds_0"] if length else held
        assert_same_bits(gradients["ds_0"][:, [j]], want, "ds_0")
        if "dc_0" in gradients:
            assert_same_bits(gradients["dc_0"][:, [j]], of_one["dc_0"], "dc_0")
        sums = {name: array + of_one[name] for name, array in sums.items()}
    assert_close({name: gradients[name] for name in sums}, sums, PARITY, "sums")


@pytest.mark.parametrize("case", SOME, ids=str)
def test_lengths_of_all_steps_change_nothing(module, case):
    arrays = case.make()
    want = run(module, case, arrays, None)[:2]
    assert_same_bits(run(module, case, arrays, [12] * 20)[:2], want)


@pytest.mark.parametrize("case", SOME, ids=str)
def test_a_batch_without_a_step(module, case):
    arrays = case.make()
    X = np.full_like(arrays.X, np.nan)
    (S, y_pred, *_), gradients, _ = run(module, case, arrays, np.zeros(20, np.int8), X=X)
    assert_same_bits(S, np.repeat(arrays.S_0[:, :, np.newaxis], 12, axis=2), "S")
    assert not y_pred.any()
    ds_0 = gradients.pop("ds_0")
    assert not any(array.any() for array in gradients.values())
    assert_close(ds_0, arrays.ds.sum(axis=2), PARITY, "ds_0")


def test_any_number_of_threads_and_of_calls():
    before = fastrnn.get_num_threads()
    try:
        for form in FORMS:
            case = Case(*form, 31, 70, 33, 33, 30, "float32")
            arrays = case.make()
            fastrnn.set_num_threads(1)
            want = run(fastrnn, case, arrays, arrays.lengths)[:2]
            for number in (2, 3, 7):
                fastrnn.set_num_threads(number)
                got = run(fastrnn, case, arrays, arrays.lengths)[:2]
                assert_same_bits(got, want, f"{case} on {number} threads")
    finally:
        fastrnn.set_num_threads(before)


@pytest.mark.parametrize("kind", [list, tuple, np.uint8, np.int32, np.uint64, ">i4"], ids=str)
def test_lengths_of_any_kind(module, kind):
    case = SOME[0]
    arrays = case.make()
    want = run(module, case, arrays, arrays.lengths)[:2]
    given = kind(arrays.lengths) if kind in (list, tuple) else arrays.lengths.astype(kind)
    assert_same_bits(run(module, case, arrays, given)[:2], want)


def test_the_lengths_of_the_caches_are_a_copy(module):
    case = SOME[2]
    arrays = case.make()
    lengths = arrays.lengths.copy()
    _, want, caches = run(module, case, arrays, lengths)
    lengths[:] = 0
    assert_same_bits(functions(module, case)[3](arrays.ds, caches), want)


def test_no_batch_and_no_steps(module):
    for form in FORMS:
        for m, T_x in ((0, 4), (3, 0), (0, 0)):
            case = Case(*form, 3, 5, 2, m, T_x)
            arrays = case.make()
            want = run(module, case, arrays, None)[:2]
            assert_same_bits(run(module, case, arrays, [0] * m if T_x == 0 else [])[:2], want)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        ([1.0, 2.0, 3.0], TypeError, "lengths must be an array of integers, got dtype float64"),
        ([True, True, False], TypeError, "lengths must be an array of integers, got dtype bool"),
        ("abc", TypeError, "lengths must be an array of integers, got str"),
        ([None, 1, 2], TypeError, "lengths must be an array of integers, got dtype object"),
        (3, ValueError, r"lengths has shape \(\), expected \(m,\) = \(3,\) to fit X"),
        ([1, 2], ValueError, r"lengths has shape \(2,\), expected \(m,\) = \(3,\) to fit X"),
        ([[1, 2, 3]], ValueError, r"lengths has shape \(1, 3\), expected \(m,\) = \(3,\)"),
        ([0, 5, 2], ValueError, "lengths has 5 at 1, expected 0 to T_x = 4"),
        ([0, 4, -1], ValueError, "lengths has -1 at 2, expected 0 to T_x = 4"),
        (np.array([2**63, 1, 1], np.uint64), ValueError, "lengths has 9223372036854775808 at 0"),
    ],
    ids=repr,
)
def test_lengths_that_are_refused(module, lengths, error, message):
    for form in FORMS:
        case = Case(*form, 2, 5, 3, 3, 4)
        with pytest.raises(error, match=rf"^{message}"):
            run(module, case, case.make(), lengths)


# Caches that somebody took apart or put together.


def test_caches_of_single_steps_know_no_lengths(module):
    """In a list of one's own every step counts; a GRU's step past an end keeps the state."""
    case = Case("gru", True, 3, 5, 2, 6, 7)
    arrays = case.make()
    _, want, caches = run(module, case, arrays, arrays.lengths)
    backward = functions(module, case)[3]
    assert_close(backward(arrays.ds, plain(caches)), want, PARITY)
    case = Case("rnn", False, 3, 5, 2, 6, 7)
    _, want, caches = run(module, case, arrays := case.make(), arrays.lengths)
    got = functions(module, case)[3](arrays.ds, plain(caches))
    assert np.abs(got["ds_0"] - want["ds_0"]).max() > 0.1


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_steps_with_lengths_that_do_not_join(form):
    case = Case(*form, 3, 5, 2, 6, 7)
    arrays, other = case.make(), Case(*form, 3, 5, 2, 6, 7, seed=1).make()
    lengths = [0, 7, 3, 4, 1, 7]
    caches = run(reference, case, arrays, lengths)[2]
    caches[0][2:4] = run(reference, case, other, lengths)[2][0][2:4]
    want = functions(reference, case)[3](arrays.ds, caches)
    assert_close(functions(fastrnn, case)[3](arrays.ds, caches), want, PARITY)


def test_copies_of_caches_keep_their_lengths(module):
    case = SOME[0]
    arrays = case.make()
    _, want, caches = run(module, case, arrays, arrays.lengths)
    backward = functions(module, case)[3]
    for copied in (copy.deepcopy(caches), pickle.loads(pickle.dumps(caches))):
        assert_same_bits(copied[0].lengths, arrays.lengths)
        assert_same_bits(backward(arrays.ds, copied), want)


def test_lengths_of_caches_are_looked_at(module):
    case = SOME[0]
    arrays = case.make()
    steps, X = run(reference, case, arrays, None)[2]
    for wrong, message in (([1], r"has shape \(1,\)"), ([13] * 20, "has 13 at 0")):
        steps.lengths = wrong
        with pytest.raises(ValueError, match=rf"^caches\[0\].lengths {message}"):
            functions(module, case)[3](arrays.ds, (steps, X))


# What counts is what the loss counts.


@pytest.mark.parametrize("case", SOME, ids=str)
def test_the_loss_of_what_counts(module, case):
    """With the mask of the lengths, the loss is that of the sequences one by one."""
    arrays = case.make()
    lengths, (_, forward, _, backward) = arrays.lengths, functions(module, case)
    mask = np.arange(case.T_x) < lengths[:, np.newaxis]
    (S, y_pred, *_), _, caches = run(module, case, arrays, lengths)
    loss = module.cross_entropy(y_pred, arrays.targets, mask)
    output = module.cross_entropy_backward(y_pred, arrays.targets, S, arrays.parameters, mask)
    got = backward(output.pop("ds"), caches) | output

    total, want = 0.0, {}
    for j, length in enumerate(lengths):
        targets = arrays.targets[[j], :length]
        S, y_pred, *_, caches = forward(*one_sequence(arrays, j, length), **options_of(arrays, j))
        share = length / lengths.sum()
        total += share * module.cross_entropy(y_pred, targets)
        output = module.cross_entropy_backward(y_pred, targets, S, arrays.parameters)
        of_one = backward(output.pop("ds"), caches) | output
        for name in ("dWx", "dWs", "dbs", "dWy", "dby"):
            want[name] = (want.get(name, 0) + share * of_one[name]).astype(case.dtype)
    assert_close(loss, total, PARITY[np.dtype(case.dtype)], "loss")
    assert_close({name: got[name] for name in want}, want, PARITY, "gradients")
