"""Coursera's notebook: every number that its cells print, from the published tables.

The cells are written anew; the seeds, the order of the draws and the numbers are the notebook's.
"""

import copy

import numpy as np
import pytest

from fastrnn.notebooks import coursera
from fastrnn.notebooks.coursera import (
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    rnn_backward,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_forward,
    sigmoid,
    softmax,
)
from tests.compare import assert_close
from tests.tolerances import PARITY

RNN = {"Waa": (5, 5), "Wax": (5, 3), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
RNN_BACKWARD = {"Wax": (5, 3), "Waa": (5, 5), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
LSTM = {name + gate: shape for gate in "fioc" for name, shape in (("W", (5, 8)), ("b", (5, 1)))} | {
    "Wy": (2, 5),
    "by": (2, 1),
}


def draw(inputs, parameters):
    """Return inputs and parameters, drawn in turn as after ``np.random.seed(1)``."""
    rng = np.random.RandomState(1)
    arrays = [rng.randn(*shape) for shape in inputs]
    return arrays, {name: rng.randn(*shape) for name, shape in parameters.items()}, rng


def numbers(text):
    """Return an array as the notebook prints it."""
    return np.array(text.split(), float)


def assert_printed(got, want):
    np.testing.assert_allclose(np.asarray(got, float), want, rtol=0, atol=6e-9)


def test_one_step_of_the_rnn():
    (xt, a_prev), parameters, _ = draw([(3, 10), (5, 10)], RNN)
    a_next, yt_pred, cache = rnn_cell_forward(xt, a_prev, parameters)
    assert_printed(
        a_next[4],
        numbers(
            "0.59584544 0.18141802 0.61311866 0.99808218 0.85016201 "
            "0.99980978 -0.18887155 0.99815551 0.6531151 0.82872037"
        ),
    )
    assert_printed(
        yt_pred[1],
        numbers(
            "0.9888161 0.01682021 0.21140899 0.36817467 0.98988387 "
            "0.88945212 0.36920224 0.9966312 0.9982559 0.17746526"
        ),
    )
    assert (a_next.shape, yt_pred.shape) == ((5, 10), (2, 10))
    assert cache[-1] is parameters
    assert_close(cache[:3], (a_next, a_prev, xt), 0.0)


def test_the_rnn():
    (x, a0), parameters, _ = draw([(3, 10, 4), (5, 10)], RNN)
    a, y_pred, caches = rnn_forward(x, a0, parameters)
    assert_printed(a[4][1], [-0.99999375, 0.77911235, -0.99861469, -0.99833267])
    assert_printed(y_pred[1][3], [0.79560373, 0.86224861, 0.11118257, 0.81515947])
    assert_printed(caches[1][1][3], [-1.1425182, -0.34934272, -0.20889423, 0.58662319])
    assert (a.shape, y_pred.shape, len(caches)) == ((5, 10, 4), (2, 10, 4), 2)
    (a_next, a_prev, xt, kept) = caches[0][2]
    assert_close((a_next, a_prev, xt), (a[:, :, 2], a[:, :, 1], x[:, :, 2]), 0.0)
    assert kept is parameters


def test_one_step_of_the_lstm():
    (xt, a_prev, c_prev), parameters, _ = draw([(3, 10), (5, 10), (5, 10)], LSTM)
    a_next, c_next, yt, cache = lstm_cell_forward(xt, a_prev, c_prev, parameters)
    assert_printed(
        a_next[4],
        numbers(
            "-0.66408471 0.0036921 0.02088357 0.22834167 -0.85575339 "
            "0.00138482 0.76566531 0.34631421 -0.00215674 0.43827275"
        ),
    )
    assert_printed(
        c_next[2],
        numbers(
            "0.63267805 1.00570849 0.35504474 0.20690913 -1.64566718 "
            "0.11832942 0.76449811 -0.0981561 -0.74348425 -0.26810932"
        ),
    )
    assert_printed(
        yt[1],
        numbers(
            "0.79913913 0.15986619 0.22412122 0.15606108 0.97057211 "
            "0.31146381 0.00943007 0.12666353 0.39380172 0.07828381"
        ),
    )
    assert_printed(
        cache[1][3],
        numbers(
            "-0.16263996 1.03729328 0.72938082 -0.54101719 0.02752074 "
            "-0.30821874 0.07651101 -1.03752894 1.41219977 -0.37647422"
        ),
    )
    assert (a_next.shape, c_next.shape, yt.shape, len(cache)) == ((5, 10), (5, 10), (2, 10), 10)
    stacked = np.concatenate([a_prev, xt])
    gates = [sigmoid(parameters[f"W{g}"] @ stacked + parameters[f"b{g}"]) for g in "fio"]
    candidate = np.tanh(parameters["Wc"] @ stacked + parameters["bc"])
    want = (a_next, c_next, a_prev, c_prev, *gates[:2], candidate, gates[2], xt)
    assert_close(cache[:-1], want, PARITY, "cache")
    assert cache[-1] is parameters


def test_the_lstm():
    (x, a0), parameters, _ = draw([(3, 10, 7), (5, 10)], LSTM)
    a, y, c, caches = lstm_forward(x, a0, parameters)
    assert_printed(a[4][3][6], 0.172117767533)
    assert_printed(y[1][4][3], 0.95087346185)
    assert_printed(
        caches[1][1][1],
        [0.82797464, 0.23009474, 0.76201118, -0.22232814, -0.20075807, 0.18656139, 0.41005165],
    )
    assert_printed(c[1][2][1], -0.855544916718)
    assert (a.shape, y.shape, len(caches)) == ((5, 10, 7), (2, 10, 7), 2)


def test_gradients_of_one_step_of_the_rnn():
    # The cell draws its bias under a name of its own and goes on with that of the cell before.
    ba = draw([(3, 10, 4), (5, 10)], RNN)[1]["ba"]
    (xt, a_prev), parameters, rng = draw([(3, 10), (5, 10)], RNN_BACKWARD)
    parameters["ba"] = ba
    _, _, cache = rnn_cell_forward(xt, a_prev, parameters)
    gradients = rnn_cell_backward(rng.randn(5, 10), cache)
    assert_printed(gradients["dxt"][1][2], -0.460564103059)
    assert_printed(gradients["da_prev"][2][3], 0.0842968653807)
    assert_printed(gradients["dWax"][3][1], 0.393081873922)
    assert_printed(gradients["dWaa"][1][2], -0.28483955787)
    assert_printed(gradients["dba"][4], [0.80517166])
    shapes = {name: array.shape for name, array in gradients.items()}
    want = {"dxt": (3, 10), "da_prev": (5, 10), "dWax": (5, 3), "dWaa": (5, 5), "dba": (5, 1)}
    assert shapes == want


def test_gradients_of_the_rnn():
    (x, a0), parameters, rng = draw([(3, 10, 4), (5, 10)], RNN_BACKWARD)
    _, _, caches = rnn_forward(x, a0, parameters)
    gradients = rnn_backward(rng.randn(5, 10, 4), caches)
    assert_printed(gradients["dx"][1][2], [-2.07101689, -0.59255627, 0.02466855, 0.01483317])
    assert_printed(gradients["da0"][2][3], -0.314942375127)
    np.testing.assert_allclose(gradients["dWax"][3][1], 11.2641044965, atol=6e-11)
    assert_printed(gradients["dWaa"][1][2], 2.30333312658)
    assert_printed(gradients["dba"][4], [-0.74747722])
    shapes = {name: array.shape for name, array in gradients.items()}
    want = {"dx": (3, 10, 4), "da0": (5, 10), "dWax": (5, 3), "dWaa": (5, 5), "dba": (5, 1)}
    assert shapes == want


def test_gradients_of_one_step_of_the_lstm():
    (xt, a_prev, c_prev), parameters, rng = draw([(3, 10), (5, 10), (5, 10)], LSTM)
    *_, cache = lstm_cell_forward(xt, a_prev, c_prev, parameters)
    da_next, dc_next = rng.randn(5, 10), rng.randn(5, 10)
    gradients = lstm_cell_backward(da_next, dc_next, cache)
    assert_printed(gradients["dxt"][1][2], 3.23055911511)
    assert_printed(gradients["da_prev"][2][3], -0.0639621419711)
    assert_printed(gradients["dc_prev"][2][3], 0.797522038797)
    assert_printed(gradients["dWf"][3][1], -0.147954838164)
    assert_printed(gradients["dWi"][1][2], 1.05749805523)
    assert_printed(gradients["dWc"][3][1], 2.30456216369)
    assert_printed(gradients["dWo"][1][2], 0.331311595289)
    assert_printed(gradients["dbf"][4], [0.18864637])
    assert_printed(gradients["dbi"][4], [-0.40142491])
    assert_printed(gradients["dbc"][4], [0.25587763])
    assert_printed(gradients["dbo"][4], [0.13893342])
    assert gradients["dWo"].shape == (5, 8)
    assert gradients["dbo"].shape == (5, 1)


def test_gradients_of_the_lstm():
    """The cell's gradient has four steps where the forward pass had seven."""
    (x, a0), parameters, rng = draw([(3, 10, 7), (5, 10)], dict(list(LSTM.items())[:8]))
    outputs = draw([(3, 10, 7), (5, 10)], LSTM)[1]
    parameters |= {name: outputs[name] for name in ("Wy", "by")}
    *_, caches = lstm_forward(x, a0, parameters)
    gradients = lstm_backward(rng.randn(5, 10, 4), caches)
    assert_printed(gradients["dx"][1][2], [0.00218254, 0.28205375, -0.48292508, -0.43281115])
    assert_printed(gradients["da0"][2][3], 0.312770310257)
    assert_printed(gradients["dWf"][3][1], -0.0809802310938)
    assert_printed(gradients["dWi"][1][2], 0.40512433093)
    assert_printed(gradients["dWc"][3][1], -0.0793746735512)
    assert_printed(gradients["dWo"][1][2], 0.038948775763)
    assert_printed(gradients["dbf"][4], [-0.15745657])
    assert_printed(gradients["dbi"][4], [-0.50848333])
    assert_printed(gradients["dbc"][4], [-0.42510818])
    assert_printed(gradients["dbo"][4], [-0.17958196])
    assert gradients["dx"].shape == (3, 10, 4)
    assert list(gradients) == ["dx", "da0"] + [f"d{w}{g}" for g in "fico" for w in "Wb"]


def test_the_notebook_s_own_loop_over_steps():
    """Whoever writes the loops, with the functions of one step, gets the same."""
    (x, a0), parameters, rng = draw([(3, 10, 7), (5, 10)], LSTM)
    da = rng.randn(5, 10, 7)
    *_, caches = lstm_forward(x, a0, parameters)
    want = lstm_backward(da, caches)
    a, c, steps = a0, np.zeros_like(a0), []
    for t in range(7):
        a, c, _, cache = lstm_cell_forward(x[:, :, t], a, c, parameters)
        steps.append(cache)
    assert_close(lstm_backward(da, (steps, x)), want, PARITY, "from caches of steps")
    assert_close(lstm_backward(da, ([*caches[0]], x)), want, PARITY, "from a list")
    da_prev, dc_prev, dWf = np.zeros_like(a0), np.zeros_like(a0), 0
    for t in reversed(range(7)):
        step = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, caches[0][t])
        da_prev, dc_prev, dWf = step["da_prev"], step["dc_prev"], dWf + step["dWf"]
    assert_close((da_prev, dWf), (want["da0"], want["dWf"]), PARITY, "by hand")


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_parameters_are_those_of_the_backward_pass(cell):
    (x, a0), parameters, rng = draw([(3, 10, 4), (5, 10)], RNN if cell == "rnn" else LSTM)
    forward, backward = getattr(coursera, f"{cell}_forward"), getattr(coursera, f"{cell}_backward")
    *_, caches = forward(x, a0, parameters)
    steps = [*caches[0]]
    da = rng.randn(5, 10, 4)
    parameters["Waa" if cell == "rnn" else "Wf"] *= 0.5
    assert_close(backward(da, caches), backward(da, (steps, x)), PARITY)


def test_caches_can_be_copied():
    (x, a0), parameters, rng = draw([(3, 10, 4), (5, 10)], RNN)
    *_, caches = rnn_forward(x, a0, parameters)
    da = rng.randn(5, 10, 4)
    assert_close(rnn_backward(da, copy.deepcopy(caches)), rnn_backward(da, caches), 0.0)
    assert len(caches[0][1:3]) == 2


def test_sigmoid_and_softmax():
    x = np.array([[-1000.0, 0.0, 2.0], [1000.0, 1.0, 2.0]])
    assert_close(sigmoid(x)[:, 0], np.array([0.0, 1.0]), 0.0)
    assert_close(sigmoid(x)[:, 1], 1 / (1 + np.exp(-x[:, 1])), PARITY)
    assert_close(softmax(x)[:, 1:].sum(axis=0), np.ones(2), PARITY)


def test_errors_are_in_the_words_of_the_notebook():
    (x, a0), parameters, _ = draw([(3, 10, 4), (5, 10)], RNN)
    for wrong, message in (
        ({**parameters, "Waa": parameters["Waa"][:, :4]}, r"^Waa has shape \(5, 4\), .*n_a, n_a"),
        ({**parameters, "Wax": None}, "^Wax must be an array"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            rnn_forward(x, a0, wrong)
    without = {name: array for name, array in parameters.items() if name != "ba"}
    with pytest.raises(KeyError, match="parameters has no ba; it needs Wax, Waa, Wya, ba, by"):
        rnn_forward(x, a0, without)
    with pytest.raises(ValueError, match=r"^a0 has shape \(5, 9\)"):
        rnn_forward(x, a0[:, :9], parameters)
    with pytest.raises(TypeError, match=r"^parameters must be a dictionary"):
        rnn_forward(x, a0, [1])
    _, lstm, _ = draw([(3, 10, 4), (5, 10)], LSTM)
    with pytest.raises(ValueError, match=r"^Wi has shape \(5, 7\), expected \(n_a, n_a \+ n_x\)"):
        lstm_forward(x, a0, {**lstm, "Wi": lstm["Wi"][:, :7]})
    with pytest.raises(KeyError, match="parameters has no bo; it needs Wf, bf"):
        lstm_forward(x, a0, {name: array for name, array in lstm.items() if name != "bo"})
    with pytest.raises(ValueError, match=r"^cache must be what lstm_cell_forward returned"):
        lstm_cell_backward(a0, a0, (a0, a0, x, lstm))
