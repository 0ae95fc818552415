"""The shapes and the numbers of the notebook that the functional API comes from."""

import numpy as np
import pytest

from fastrnn import reference
from tests.compare import assert_close
from tests.tolerances import PARITY

SIZES = {"n_x": 3, "n_s": 5, "n_y": 2, "m": 10, "T_x": 4}


@pytest.fixture
def notebook():
    rng = np.random.RandomState(1)
    X, S_0 = rng.randn(3, 10, 4), rng.randn(5, 10)
    Ws, Wx, Wy = rng.randn(5, 5), rng.randn(5, 3), rng.randn(2, 5)
    parameters = {"Ws": Ws, "Wx": Wx, "Wy": Wy, "bs": rng.randn(5, 1), "by": rng.randn(2, 1)}
    return X, S_0, parameters, rng.randn(5, 10, 4)


def test_shapes(notebook):
    X, S_0, parameters, ds = notebook
    S, y_pred, caches = reference.rnn_forward(X=X, S_0=S_0, parameters_dict=parameters)
    assert S.shape == (5, 10, 4)
    assert y_pred.shape == (2, 10, 4)
    shapes = {name: array.shape for name, array in reference.rnn_backward(ds, caches).items()}
    assert shapes == {
        "dX": (3, 10, 4),
        "ds_0": (5, 10),
        "dWx": (5, 3),
        "dWs": (5, 5),
        "dbs": (5, 1),
    }


def test_equations_by_einsum(notebook):
    """One step forward and back, written another way."""
    X, S_0, p, ds = notebook
    x, ds = X[:, :, 0], ds[:, :, 0]
    S, y, cache = reference.rnn_cell_forward(Xt=x, St_prev=S_0, parameters_dict=p)
    a = np.einsum("sx,xm->sm", p["Wx"], x) + np.einsum("st,tm->sm", p["Ws"], S_0) + p["bs"]
    state = np.sinh(a) / np.cosh(a)
    logits = np.einsum("ys,sm->ym", p["Wy"], state) + p["by"]
    assert_close(S, state, PARITY, "St_next")
    # The notebook subtracts the maximum of the whole array; where that is finite, it is the same.
    e = np.exp(logits - logits.max())
    assert_close(y, e / e.sum(axis=0), PARITY, "Yt")
    da = ds / np.cosh(a) ** 2
    want = {
        "dXt": np.einsum("sx,sm->xm", p["Wx"], da),
        "ds_prev": np.einsum("st,sm->tm", p["Ws"], da),
        "dWx": np.einsum("sm,xm->sx", da, x),
        "dWs": np.einsum("sm,tm->st", da, S_0),
        "dbs": np.einsum("sm->s", da)[:, None],
    }
    assert_close(reference.rnn_cell_backward(ds_next=ds, cache=cache), want, PARITY, "gradients")


def test_caches_unpack_as_in_the_notebook(notebook):
    X, S_0, parameters, _ = notebook
    S, _, caches = reference.rnn_forward(X, S_0, parameters)
    steps, inputs = caches
    assert inputs is X
    assert len(steps) == 4
    for t in range(4):
        St_next, St_prev, Xt, kept = caches[0][t]
        np.testing.assert_array_equal(St_next, S[:, :, t])
        np.testing.assert_array_equal(St_prev, S[:, :, t - 1] if t else S_0)
        np.testing.assert_array_equal(Xt, X[:, :, t])
        assert kept is parameters


def test_a_layer_is_its_cells_one_after_the_other(notebook):
    X, S_0, parameters, ds = notebook
    S, y_pred, caches = reference.rnn_forward(X, S_0, parameters)
    state, cells = S_0, []
    for t in range(4):
        state, y, cache = reference.rnn_cell_forward(X[:, :, t], state, parameters)
        np.testing.assert_array_equal(S[:, :, t], state)
        np.testing.assert_array_equal(y_pred[:, :, t], y)
        cells.append(cache)
    got = reference.rnn_backward(ds, caches)
    back, total = np.zeros((5, 10)), 0
    for t in (3, 2, 1, 0):
        step = reference.rnn_cell_backward(ds[:, :, t] + back, cells[t])
        back, total = step["ds_prev"], total + step["dWs"]
        np.testing.assert_array_equal(got["dX"][:, :, t], step["dXt"])
    np.testing.assert_array_equal(got["ds_0"], back)
    assert_close(got["dWs"], total, PARITY, "dWs")


def test_gru_at_its_extremes():
    """z = 1 keeps the state, z = 0 takes n; r = 0 forgets it in n."""
    n_s, m = 3, 2
    rng = np.random.default_rng(0)
    x, s = rng.standard_normal((2, m)), rng.standard_normal((n_s, m))
    p = {
        "Wx": rng.standard_normal((9, 2)),
        "Ws": rng.standard_normal((9, n_s)),
        "Wy": np.ones((2, n_s)),
        "bs": np.zeros((9, 1)),
        "by": np.zeros((2, 1)),
        "bx": np.zeros((9, 1)),
    }
    for reset_after in (False, True):
        p["bs"][:3], p["bs"][3:6] = -1e3, 1e3
        kept, _, _ = reference.gru_cell_forward(x, s, p, reset_after)
        np.testing.assert_array_equal(kept, s)
        p["bs"][3:6] = -1e3
        taken, _, _ = reference.gru_cell_forward(x, s, p, reset_after)
        assert_close(taken, np.tanh(p["Wx"][6:] @ x), PARITY, "n")
