"""Integers and masks that another thread writes to while a call indexes memory with them.

Whatever indexes memory is checked where it indexes, or copied before it is checked. Run these under
AddressSanitizer too (CONTRIBUTING.md): a read past an array often goes unnoticed without it.
"""

import re
import sys
import threading

import numpy as np
import pytest

import fastrnn
from fastrnn._core import gather, loss, optimizer
from fastrnn._core.memory import padded
from fastrnn._core.recurrence import Recurrence
from fastrnn.layers import GRU, CategoryEncoding, Dense, Embedding, Input
from fastrnn.models import Sequential
from tests.cases import GATES
from tests.core.calls import backward_call, forward_call
from tests.core.child import run

F32 = np.dtype(np.float32)
T, M, N_X, N_S = 40, 48, 30, 16


def zeros(*shape):
    return np.zeros(shape, F32)


def tokens():
    return np.random.default_rng(0).integers(0, N_X, (T, M))


def cell_calls(name, integers=None, mask=None):
    """Return functions that run a cell forward and back."""
    core, options = Recurrence(name), {"mask": mask, "tokens": integers}
    calls = {"forward": forward_call, "backward": backward_call}
    given = {way: call(core, T, M, N_X, N_S, F32) | options for way, call in calls.items()}
    if integers is not None:
        given = {way: arguments | {"x": zeros(T, M, 0)} for way, arguments in given.items()}
    return {
        "forward": lambda: core.forward(**given["forward"]),
        "backward": lambda: core.backward(**given["backward"]),
    }


def token_cell(name, way):
    integers = tokens()
    return integers, cell_calls(name, integers)[way]


def masked_cell(name, way):
    mask = np.ones((T, M), np.uint8)
    return mask, cell_calls(name, mask=mask)[way]


def labels_of(function):
    p = np.full((2000, padded(N_X, F32)), 1 / N_X, F32)
    targets = np.zeros(len(p), np.int64)
    if function == "count_correct":
        return targets, lambda: loss.count_correct(p, N_X, targets, None)
    dlogits = np.empty_like(p)
    return targets, lambda: loss.softmax_cross_entropy(p, N_X, targets, None, 1.0, dlogits)


def table(function):
    integers, rows, width = tokens(), zeros(N_X, 64), zeros(T, M, 64)
    if function == "take_rows":
        return integers, lambda: gather.take_rows(rows, integers, width)
    return integers, lambda: gather.add_rows(width, integers, None, rows)


def bounds():
    places, gradients = np.arange(0, 2001, 2), zeros(2000)
    return places, lambda: optimizer.clip_norms(gradients, places, 1.0)


def stream(first):
    start = Input((None,), dtype="int32")
    model = Sequential([start, first, GRU(8, return_sequences=True), Dense(3)])
    integers = np.random.default_rng(0).integers(0, N_X, 2000)
    running = model.stream()
    return integers, lambda: running(integers)


def functional(backward):
    y = np.full((N_X, M, T), 1 / N_X)
    # no copy is needed of labels that lie so, unless they are to be checked
    targets = np.zeros((T, M), np.int64).T
    S, parameters = np.zeros((N_S, M, T)), {"Wy": np.zeros((N_X, N_S))}
    if backward:
        return targets, lambda: fastrnn.cross_entropy_backward(y, targets, S, parameters)
    return targets, lambda: fastrnn.cross_entropy(y, targets)


def lengths():
    X, S_0 = np.zeros((3, M, T)), np.zeros((N_S, M))
    shapes = {"Wx": (N_S, 3), "Ws": (N_S, N_S), "Wy": (2, N_S), "bs": (N_S, 1), "by": (2, 1)}
    parameters = {name: np.zeros(shape) for name, shape in shapes.items()}
    ends = np.full(M, T)
    return ends, lambda: fastrnn.rnn_forward(X, S_0, parameters, lengths=ends)


#: Each makes an array, and a call that reads it.
CALLS = {
    **{
        f"{name} {way} {kind}": (make, name, way)
        for kind, make in (("tokens", token_cell), ("mask", masked_cell))
        for name in GATES
        for way in ("forward", "backward")
    },
    "cross entropy": (labels_of, "softmax_cross_entropy"),
    "accuracy": (labels_of, "count_correct"),
    "take rows": (table, "take_rows"),
    "add rows": (table, "add_rows"),
    "bounds": (bounds,),
    "stream of an embedding": (lambda: stream(Embedding(N_X, 8)),),
    "stream of one-hot rows": (lambda: stream(CategoryEncoding(N_X)),),
    "functional cross entropy": (functional, False),
    "functional cross entropy backward": (functional, True),
    "lengths": (lengths,),
}


def refusal(call):
    """Call, and return what a ValueError says; None where there is none."""
    try:
        call()
    except ValueError as error:
        return str(error)
    return None


def race(key, calls=150):
    """Call while another thread writes to the array; run in a child, which may crash."""
    make, *arguments = CALLS[key]
    array, call = make(*arguments)
    good, bad = array.copy(), 0 if array.dtype == np.uint8 else 2**45
    ended = threading.Event()

    def write():
        while not ended.is_set():
            array[...] = bad
            array[...] = good
            # some in between, for what looks at the first only
            array[..., -1] = bad
            array[...] = good

    fastrnn.set_num_threads(1)
    sys.setswitchinterval(1e-5)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(calls):
            said = refusal(call)
            # half of a number may have been written when it is read, so which one is named is open
            numbers = [int(number) for number in re.findall(r"-?\d+", said or str(2**45))]
            assert key == "bounds" or any(not 0 <= number <= 2**20 for number in numbers), said
    finally:
        ended.set()
        writer.join()
    array[...] = good
    call()


@pytest.mark.parametrize("key", CALLS)
def test_another_thread_writes_to_what_a_call_reads(key):
    run(f"from tests.core.test_changing_integers import race; race({key!r})")


@pytest.mark.parametrize("bad", [-1, N_X, 2**62, -(2**63)])
@pytest.mark.parametrize("key", [key for key in CALLS if key.split()[-1] not in ("mask", "bounds")])
def test_an_error_names_the_integer(key, bad):
    make, *arguments = CALLS[key]
    array, call = make(*arguments)
    call()
    if key == "lengths" and bad == N_X:
        bad = T + 1
    array[(-1,) * array.ndim] = bad
    with pytest.raises(ValueError, match=f"{bad}\\b"):
        call()


@pytest.mark.parametrize("places", [[0, 3, 2, 4], [-1, 2], [0, 5]])
def test_bounds_that_do_not_rise_within_the_gradients(places):
    with pytest.raises(ValueError, match="bounds"):
        optimizer.clip_norms(zeros(4), np.array(places, np.intp), 1.0)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_bad_label_is_named_and_a_label_without_weight_is_not_looked_at(threads):
    rows = 5000
    p = np.full((rows, padded(4, F32)), 0.25, F32)
    targets, weights = np.zeros(rows, np.int64), np.ones(rows, F32)
    targets[[700, 4000]] = 9, 7
    before = fastrnn.get_num_threads()
    fastrnn.set_num_threads(threads)
    try:
        for call in (
            lambda: loss.softmax_cross_entropy(p, 4, targets, weights, 1.0, None),
            lambda: loss.count_correct(p, 4, targets, weights),
        ):
            with pytest.raises(ValueError, match="a target is 9; it should be from 0 to 3"):
                call()
        weights[[700, 4000]] = 0
        found = loss.softmax_cross_entropy(p, 4, targets, weights, 1.0, None)
    finally:
        fastrnn.set_num_threads(before)
    np.testing.assert_allclose(found, (rows - 2) * np.log(4), rtol=1e-6)
