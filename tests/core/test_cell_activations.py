"""Cells of any activations, and with a recurrent dropout, against their equations in NumPy."""

import numpy as np
import pytest

from fastrnn._core.recurrence import ACTIVATIONS, Recurrence
from fastrnn._core.reserve import views
from tests.compare import assert_close, assert_same_bits
from tests.core.calls import CORES, DTYPES, Memory, padded
from tests.tolerances import CENTRAL_DIFFERENCES, PARITY

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772

#: The definitions, of which the names and constants are Keras's.
FUNCTIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "linear": lambda a: a,
    "relu": lambda a: np.maximum(a, 0),
    "hard_sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "hard_sigmoid_keras2": lambda a: np.clip(0.2 * a + 0.5, 0, 1),
    "softsign": lambda a: a / (1 + np.abs(a)),
    "elu": lambda a: np.where(a > 0, a, np.expm1(np.minimum(a, 0))),
    "selu": lambda a: SELU_SCALE * np.where(a > 0, a, SELU_ALPHA * np.expm1(np.minimum(a, 0))),
    "softplus": lambda a: np.logaddexp(0, a),
    "exponential": np.exp,
}

T, M, N_X, N_S = 4, 3, 2, 5


def states_of(name, act, gate, weights, x, initial, drop, mask):
    """Return the states (and the last cell) of the equations; drop is (gates, m, n_s)."""
    wx, ws, bs, *bx = weights
    s, *c = initial
    found = []
    for t in range(len(x)):
        a = x[t] @ wx.T
        gates = [np.s_[g * N_S : (g + 1) * N_S] for g in range(len(ws) // N_S)]
        hs = [(s * drop[g]) @ ws[rows].T for g, rows in enumerate(gates)]
        b = bs[:, 0]
        if name == "rnn":
            new = [act(a + hs[0] + b)]
        elif name == "lstm":
            i, f, g, o = (a[:, rows] + h + b[rows] for rows, h in zip(gates, hs, strict=True))
            cell = gate(f) * c[0] + gate(i) * act(g)
            new = [gate(o) * act(cell), cell]
        elif name == "mgu":
            f = gate(a[:, gates[0]] + hs[0] + b[gates[0]])
            h = (f * s * drop[1]) @ ws[gates[1]].T
            new = [(1 - f) * s + f * act(a[:, gates[1]] + h + b[gates[1]])]
        else:
            in_bias = bx[0][:, 0] if bx else 0 * b
            rows_r, rows_z, rows_n = gates
            r = gate(a[:, rows_r] + in_bias[rows_r] + hs[0] + b[rows_r])
            z = gate(a[:, rows_z] + in_bias[rows_z] + hs[1] + b[rows_z])
            h = r * (hs[2] + b[rows_n]) if bx else (r * s * drop[2]) @ ws[rows_n].T + b[rows_n]
            new = [(1 - z) * act(a[:, rows_n] + in_bias[rows_n] + h) + z * s]
        on = mask[t][:, np.newaxis]
        s, *c = (np.where(on, later, before) for later, before in zip(new, (s, *c), strict=True))
        found.append(s)
    return np.stack(found), c


def random_call(core, dtype, seed=0):
    """Return weights, x, initial states, gradients at states and last cell, and drop."""
    rng = np.random.default_rng(seed)
    rows = core.gates * N_S
    biases = 2 if core.name == "gru_reset_after" else 1
    shapes = [(rows, N_X), (rows, N_S), *[(rows, 1)] * biases]
    weights = [rng.normal(scale=0.3, size=shape) for shape in shapes]
    x, ds = rng.normal(size=(T, M, N_X)), rng.normal(size=(T, M, N_S))
    initial = [rng.normal(size=(M, N_S)) for _ in range(core.states)]
    dc = rng.normal(size=(M, N_S))
    drop = (rng.random((core.gates, M, N_S)) < 0.6) / 0.6
    mask = rng.random((T, M)) < 0.7
    return tuple(
        [array.astype(dtype) for array in part] if isinstance(part, list) else part.astype(dtype)
        for part in (weights, x, initial, ds, dc, drop)
    ), mask


def run(core, call, mask, drops):
    """Run the compiled cell; return states, last cell and gradients."""
    weights, x, initial, ds, dc, drop = call
    memory = Memory(x.dtype, np.nan)
    reserve = memory.empty(core.reserve_length(T, M, N_S, x.itemsize))
    arrays = views(core, reserve, T, M, N_S)
    for states, first in zip(arrays, initial, strict=False):
        states[0, :, :N_S] = first
    options = {"mask": mask.astype(np.uint8)}
    if drops:
        options["drop"] = memory.rows(drop)
    weights = tuple(memory.spread(weight) for weight in weights)
    rows = memory.rows(x)
    core.forward(rows, weights, reserve, **options)
    gradients = tuple(memory.spread(np.full_like(weight, np.nan)) for weight in weights)
    d_initial = memory.empty(core.states, M, padded(N_S, x.dtype))
    if core.states == 2:
        d_initial[1, :, :N_S] = dc
    dx = memory.empty(T, M, padded(N_X, x.dtype))
    options |= {"dx": dx}
    core.backward(memory.rows(ds), rows, weights, reserve, gradients, d_initial, **options)
    memory.check()
    last = [arrays[1][-1, :, :N_S]] if core.states == 2 else []
    results = {"states": arrays[0][1:, :, :N_S], "dx": dx[..., :N_X]}
    results |= {f"last{i}": array for i, array in enumerate(last)}
    results |= {f"d_initial{i}": d_initial[i, :, :N_S] for i in range(core.states)}
    return results | {f"dw{i}": array for i, array in enumerate(gradients)}


def loss(name, activation, recurrent, call, mask):
    weights, x, initial, ds, dc, drop = call
    act, gate = FUNCTIONS[activation], FUNCTIONS[recurrent]
    states, cell = states_of(name, act, gate, weights, x, initial, drop, mask)
    return (ds * states).sum() + sum((dc * c).sum() for c in cell)


def differences(name, activation, recurrent, call, mask, step=1e-6):
    """Return the central differences of the loss at everything that has a gradient."""
    weights, x, initial, *_ = call
    found = {}
    for key, array in [
        ("dx", x),
        *((f"d_initial{i}", a) for i, a in enumerate(initial)),
        *((f"dw{i}", a) for i, a in enumerate(weights)),
    ]:
        gradient = found[key] = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = loss(name, activation, recurrent, call, mask)
            array[place] = kept - step
            gradient[place] = (above - loss(name, activation, recurrent, call, mask)) / (2 * step)
            array[place] = kept
    return found


PAIRS = [
    *[(name, "sigmoid") for name in ACTIVATIONS],
    *[("tanh", name) for name in ACTIVATIONS if name not in ("sigmoid", "exponential")],
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("name", [core.name for core in CORES])
def test_forward_is_the_equation(name, pair, dtype):
    for drops in (False, True):
        core = Recurrence(name, *pair, recurrent_dropout=drops)
        call, mask = random_call(core, dtype)
        if not drops:
            call[-1][...] = 1
        got = run(core, call, mask, drops)
        in_double = [
            [a.astype(float) for a in part] if isinstance(part, list) else part.astype(float)
            for part in call
        ]
        weights, x, initial, _, _, drop = in_double
        functions = [FUNCTIONS[activation] for activation in pair]
        states, last = states_of(name, *functions, weights, x, initial, drop, mask)
        want = {"states": states.astype(dtype)}
        want |= {f"last{i}": c.astype(dtype) for i, c in enumerate(last)}
        assert_close({key: got[key] for key in want}, want, PARITY, f"{name} {pair} {drops}")


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("name", [core.name for core in CORES])
def test_gradients_are_central_differences(name, pair):
    for drops in (False, True):
        core = Recurrence(name, *pair, recurrent_dropout=drops)
        call, mask = random_call(core, "float64", seed=1)
        if not drops:
            call[-1][...] = 1
        got, want = run(core, call, mask, drops), differences(name, *pair, call, mask)
        for key, array in want.items():
            what = f"{key} of {name} {pair} {drops}"
            assert_close(np.array(got[key]), array, CENTRAL_DIFFERENCES, what)


@pytest.mark.parametrize("name", [core.name for core in CORES])
def test_a_dropout_of_nothing_changes_no_bit_of_the_states(name):
    core = Recurrence(name, recurrent_dropout=True)
    call, mask = random_call(core, "float32")
    call[-1][...] = 1
    got, want = run(core, call, mask, True), run(Recurrence(name), call, mask, False)
    assert_same_bits(got["states"], want["states"])
    assert_close(got, want, PARITY)


def test_what_is_no_cell_and_no_activation_is_refused():
    with pytest.raises(ValueError, match="name is"):
        Recurrence("lstn")
    for names in (("rele", "sigmoid"), ("tanh", "softmax")):
        with pytest.raises(ValueError, match="activation is"):
            Recurrence("gru", *names)


@pytest.mark.parametrize("drops", [False, True])
def test_drop_is_there_with_a_recurrent_dropout_and_only_then(drops):
    core = Recurrence("gru", recurrent_dropout=drops)
    call, mask = random_call(core, "float64")
    with pytest.raises(ValueError, match="drop"):
        run(core, call, mask, not drops)
