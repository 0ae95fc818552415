"""The seed document's first notebook: the calls of its four test cells, and the shapes they print.

The cells are written anew here; names, arguments, shapes and the order of the draws are the
notebook's. Each runs with the functions of fastrnn and with those of the reference.
"""

import numpy as np
import pytest

from fastrnn import (
    reference,
    rnn_backward,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_forward,
    softmax,
)
from tests.compare import assert_close
from tests.tolerances import PARITY


def draw(*shapes):
    """Return standard normal arrays of the shapes, drawn in turn as after ``np.random.seed(1)``."""
    rng = np.random.RandomState(1)
    return [rng.randn(*shape) for shape in shapes]


def shapes_of(gradients):
    return {name: array.shape for name, array in gradients.items()}


def test_softmax_where_one_maximum_serves_all_columns():
    (x,) = draw((2, 10))
    e = np.exp(x - x.max())
    assert_close(softmax(x), e / e.sum(axis=0), PARITY)


def test_forward_step():
    Xt, St_prev, Ws, Wx, Wy, bs, by = draw((3, 10), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1), (2, 1))
    parameters = {"Ws": Ws, "Wx": Wx, "Wy": Wy, "bs": bs, "by": by}
    St_next, Yt, cache = rnn_cell_forward(Xt=Xt, St_prev=St_prev, parameters_dict=parameters)
    assert St_next.shape == (5, 10)
    assert Yt.shape == (2, 10)
    S, y, _ = reference.rnn_cell_forward(Xt=Xt, St_prev=St_prev, parameters_dict=parameters)
    assert_close((St_next, Yt), (S, y), PARITY)
    (S_next, S_prev, X, kept) = cache
    assert_close((S_next, S_prev, X), (S, St_prev, Xt), PARITY)
    assert kept is parameters


def test_forward_through_time():
    X, S_0, Ws, Wx, Wy, bs, by = draw((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1), (2, 1))
    parameters = {"Ws": Ws, "Wx": Wx, "Wy": Wy, "bs": bs, "by": by}
    S, y_pred, caches = rnn_forward(X=X, S_0=S_0, parameters_dict=parameters)
    assert S.shape == (5, 10, 4)
    assert y_pred.shape == (2, 10, 4)
    want = reference.rnn_forward(X=X, S_0=S_0, parameters_dict=parameters)
    assert_close((S, y_pred), want[:2], PARITY)
    (steps, inputs) = caches
    assert inputs is X
    assert len(steps) == 4
    for t, (S_next, S_prev, Xt, kept) in enumerate(steps):
        assert_close((S_next, Xt), (want[0][:, :, t], X[:, :, t]), PARITY)
        assert_close(S_prev, want[0][:, :, t - 1] if t else S_0, PARITY)
        assert kept is parameters


@pytest.mark.parametrize("backward", [rnn_cell_backward, reference.rnn_cell_backward])
@pytest.mark.parametrize("forward", [rnn_cell_forward, reference.rnn_cell_forward])
def test_backward_step(forward, backward):
    # The cell draws its bias under a name of its own, and goes on with the one of before.
    bs = draw((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1))[-1]
    Xt, S_prev, Wx, Ws, Wy, _, by, ds_next = draw(
        (3, 10), (5, 10), (5, 3), (5, 5), (2, 5), (5, 1), (2, 1), (5, 10)
    )
    parameters = {"Wx": Wx, "Ws": Ws, "Wy": Wy, "bs": bs, "by": by}
    _, _, cache = forward(Xt, S_prev, parameters)
    gradients = backward(ds_next, cache)
    assert shapes_of(gradients) == {
        "dXt": (3, 10),
        "ds_prev": (5, 10),
        "dWx": (5, 3),
        "dWs": (5, 5),
        "dbs": (5, 1),
    }
    _, _, cache = reference.rnn_cell_forward(Xt, S_prev, parameters)
    assert_close(gradients, reference.rnn_cell_backward(ds_next, cache), PARITY)


@pytest.mark.parametrize("backward", [rnn_backward, reference.rnn_backward])
@pytest.mark.parametrize("forward", [rnn_forward, reference.rnn_forward])
def test_backward_through_time(forward, backward):
    X, S_0, Wx, Ws, Wy, bs, by, ds = draw(
        (3, 10, 4), (5, 10), (5, 3), (5, 5), (2, 5), (5, 1), (2, 1), (5, 10, 4)
    )
    parameters = {"Wx": Wx, "Ws": Ws, "Wy": Wy, "bs": bs, "by": by}
    _, _, caches = forward(X, S_0, parameters)
    gradients = backward(ds, caches)
    assert shapes_of(gradients) == {
        "dX": (3, 10, 4),
        "ds_0": (5, 10),
        "dWx": (5, 3),
        "dWs": (5, 5),
        "dbs": (5, 1),
    }
    _, _, caches = reference.rnn_forward(X, S_0, parameters)
    assert_close(gradients, reference.rnn_backward(ds, caches), PARITY)


def test_backward_step_by_step_over_the_sequence_s_caches():
    """The notebook's own loop, over the caches of the compiled sequence."""
    X, S_0, Wx, Ws, Wy, bs, by, ds = draw(
        (3, 10, 4), (5, 10), (5, 3), (5, 5), (2, 5), (5, 1), (2, 1), (5, 10, 4)
    )
    _, _, caches = rnn_forward(X, S_0, {"Wx": Wx, "Ws": Ws, "Wy": Wy, "bs": bs, "by": by})
    steps, _ = caches
    ds_prev = np.zeros((5, 10))
    dX = np.zeros((3, 10, 4))
    sums = {"dWx": 0.0, "dWs": 0.0, "dbs": 0.0}
    for t in reversed(range(4)):
        gradients = rnn_cell_backward(ds_next=ds[:, :, t] + ds_prev, cache=steps[t])
        dX[:, :, t], ds_prev = gradients["dXt"], gradients["ds_prev"]
        sums = {name: total + gradients[name] for name, total in sums.items()}
    assert_close({"dX": dX, "ds_0": ds_prev, **sums}, rnn_backward(ds, caches), PARITY)
