"""How much a call computes between two looks for Ctrl-C.

Counted in operations: how long they take depends on what else the machine does.
"""

import numpy as np
import pytest

import fastrnn
from fastrnn import functional
from fastrnn._core import activation, gather, layout, loss as loss_core, output, signals
from fastrnn._core.memory import padded
from fastrnn._core.recurrence import Recurrence
from fastrnn.layers import GRU, Dense, Embedding, Input
from fastrnn.models import Sequential
from tests.cases import GATES
from tests.compare import assert_same_bits
from tests.core.calls import CORES, backward_call, forward_call

F32 = np.dtype(np.float32)
LIMIT = signals.limit()

#: Sizes (T, m, n_x, n_s): many small steps; and one step that is too much at once.
MANY, ONE = (900, 32, 8, 64), (1, 64, 8, 1024)


def zeros(*shape):
    return np.zeros(shape, F32)


def cell(name, way, sizes):
    """Return a call, and the operations of its products."""
    core = Recurrence(name)
    T, m, n_x, n_s = sizes
    products = 2.0 * core.gates * T * m * n_s * (n_x + n_s)
    if way == "forward":
        arguments = forward_call(core, *sizes, F32)
        return lambda: core.forward(**arguments), products
    arguments = backward_call(core, *sizes, F32)
    return lambda: core.backward(**arguments), 2 * products


def affine(way, R, k, n):
    x, w, b, out = (
        np.broadcast_to(zeros(k), (R, k)),
        zeros(n, k),
        zeros(n),
        zeros(R, padded(n, F32)),
    )
    if way == "forward":
        return lambda: output.affine(x, w, b, out), 2.0 * R * k * n
    dx = zeros(R, padded(k, F32))
    return lambda: output.affine_backward(out, x, w, dx, zeros(n, k), b), 4.0 * R * k * n


def activate(name):
    R, n = 100_000, 64
    x = zeros(R, n)
    before = x if name == "gelu_backward" else None
    return lambda: activation.activate(name, x.copy(), n, before), 20.0 * R * n


def loss(counts):
    R, n = 300_000, 16
    p, targets = zeros(R, n), np.zeros(R, np.int64)
    if counts:
        return lambda: loss_core.count_correct(p, n, targets, None), 4.0 * R * n
    return lambda: loss_core.softmax_cross_entropy(p, n, targets, None, 1.0, p), 4.0 * R * n


def rows(adds):
    T, m, width = 1000, 64, 300
    tokens, table, out = np.zeros((T, m), np.int64), zeros(9, width), zeros(T, m, width)
    if adds:
        return lambda: gather.add_rows(out, tokens, None, table), 2.0 * T * m * width
    return lambda: gather.take_rows(table, tokens, out), 2.0 * T * m * width


def copied(shape):
    array = zeros(*shape)
    return lambda: layout.padded_copy(array), 8.0 * array.size


def stream():
    model = Sequential(
        [Input((None,), dtype="int32"), Embedding(5, 8), GRU(64, return_sequences=True)]
    )
    running, x = model.stream(), np.zeros(20_000, np.int64)
    return lambda: running(x), 6.0 * len(x) * 64 * 72


def functional_call():
    n_y, m, T = 8, 100, 4000
    y, targets = np.full((n_y, m, T), 1 / n_y), np.zeros((m, T), np.int64)
    S, parameters = np.zeros((64, m, T)), {"Wy": np.zeros((n_y, 64))}
    call = functional.cross_entropy_backward
    return lambda: call(y, targets, S, parameters), 4.0 * n_y * 64 * m * T


def fit(method):
    model = Sequential([Input((None, 4)), GRU(64, return_sequences=True), Dense(3)])
    model.compile("sgd", "mse")
    x, y = zeros(64, 250, 4), zeros(64, 250, 3)
    step = 6.0 * 64 * 250 * 64 * 68
    if method == "fit":
        return lambda: model.fit(x, y, batch_size=64, verbose=0), 3 * step
    if method == "evaluate":
        return lambda: model.evaluate(x, y, batch_size=64, verbose=0), step
    return lambda: model.predict(x, batch_size=64, verbose=0), step


CALLS = {
    **{
        f"{name} {way} {kind}": (cell, name, way, sizes)
        for name in (core.name for core in CORES)
        for way in ("forward", "backward")
        for kind, sizes in (("many steps", MANY), ("one step", ONE))
    },
    **{
        f"affine {way} {kind}": (affine, way, *sizes)
        for way in ("forward", "backward")
        for kind, sizes in (("many rows", (50_000, 64, 32)), ("long rows", (100, 2048, 1024)))
    },
    **{name: (activate, name) for name in ("softmax", "tanh", "gelu", "gelu_backward")},
    "cross entropy": (loss, False),
    "accuracy": (loss, True),
    "take rows": (rows, False),
    "add rows": (rows, True),
    "copy of many steps": (copied, (64, 32, 10_000)),
    "copy of few steps": (copied, (64, 100_000, 3)),
    "copy of one column": (copied, (64, 1, 300_000)),
    "stream": (stream,),
    "functional cross entropy": (functional_call,),
    **{method: (fit, method) for method in ("fit", "evaluate", "predict")},
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("key", CALLS)
def test_a_call_looks_often(key, threads):
    make, *arguments = CALLS[key]
    call, least = make(*arguments)
    before = fastrnn.get_num_threads()
    fastrnn.set_num_threads(threads)
    try:
        signals.counted()
        call()
        looks, most, total = signals.counted()
    finally:
        fastrnn.set_num_threads(before)
    assert looks > 1, "the call is too small to say anything"
    # A stream does not look when it has ended.
    assert total > 0.9 * least - LIMIT * (key == "stream"), "some of the work is not counted"
    # Eight rows of a batch stay together.
    most_allowed = max(
        LIMIT, 2.0 * 8 * threads * 4 * 1024 * 1032 if key.endswith("one step") else 0
    )
    assert most <= 1.1 * most_allowed, f"{most:.3g} operations without a look"


@pytest.mark.parametrize("name", GATES)
def test_a_step_that_is_computed_in_parts_has_the_same_bits(name):
    """Whole, and some columns at a time, which are few enough for one part."""
    forward, backward = (getattr(fastrnn, f"{name}_{way}") for way in ("forward", "backward"))
    gates = GATES[name]
    n_x, n_s, m, T = 8, 640, 64, 2
    rng = np.random.default_rng(0)
    shapes = {"Wx": (gates * n_s, n_x), "Ws": (gates * n_s, n_s), "bs": (gates * n_s, 1)}
    shapes |= {"Wy": (2, n_s), "by": (2, 1)}
    parameters = {key: (rng.standard_normal(s) / 25).astype("f4") for key, s in shapes.items()}
    X, S_0, ds = (rng.standard_normal(s).astype("f4") for s in ((n_x, m, T), (n_s, m), (n_s, m, T)))

    def run(columns):
        S, *_, caches = forward(X[:, columns], S_0[:, columns], parameters)
        found = backward(ds[:, columns], caches)
        return {"S": S, **{key: np.array(value) for key, value in found.items()}}

    before = fastrnn.get_num_threads()
    try:
        fastrnn.set_num_threads(1)
        whole = run(slice(None))
        for j in range(0, m, 8):
            columns = slice(j, j + 8)
            part = run(columns)
            for key in ("S", "dX", "ds_0"):
                assert_same_bits(whole[key][:, columns], part[key], key)
        fastrnn.set_num_threads(3)
        assert_same_bits(run(slice(None)), whole)
    finally:
        fastrnn.set_num_threads(before)
