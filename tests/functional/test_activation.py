"""The RNN with relu, in both implementations, against differences and against PyTorch."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import fastrnn
from fastrnn import reference
from tests.cases import Case
from tests.compare import assert_close, assert_same_bits
from tests.functional.calls import IMPLEMENTATIONS
from tests.functional.test_parity import assert_caches_close, plain
from tests.reference.test_gradients import central_differences
from tests.tolerances import CENTRAL_DIFFERENCES, PARITY, TORCH

MODULES = list(IMPLEMENTATIONS.values())
SIZES = [(3, 5, 2, 10, 4), (1, 3, 4, 1, 7), (5, 17, 9, 33, 8), (9, 67, 13, 1, 25)]
CASES = [Case("rnn", False, *sizes, dtype) for sizes in SIZES for dtype in ("float64", "float32")]


def run(module, a, lengths=None):
    return module.rnn_forward(a.X, a.S_0, a.parameters, lengths=lengths, activation="relu")


@pytest.mark.parametrize("ragged", [False, True], ids=["all", "ragged"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_sequences_agree(case, ragged):
    a = case.make()
    lengths = a.lengths if ragged else None
    *want, caches = run(reference, a, lengths)
    *got, ours = run(fastrnn, a, lengths)
    assert_close(got, want, PARITY, "S, y_pred")
    assert ragged or got[0].min() == 0  # past the end of no steps the initial state is held
    assert_caches_close(ours, caches)
    gradients = reference.rnn_backward(a.ds, caches)
    for made in (caches, ours):
        for module in MODULES:
            assert_close(module.rnn_backward(a.ds, made), gradients, PARITY, "gradients")
            got = module.rnn_backward(a.ds, made, activation="relu")
            assert_close(got, gradients, PARITY, "gradients")
        if not ragged:
            for module in MODULES:
                got = module.rnn_backward(a.ds, plain(made), activation="relu")
                assert_close(got, gradients, PARITY, "gradients of plain caches")
    of_tanh = fastrnn.rnn_backward(a.ds, fastrnn.rnn_forward(a.X, a.S_0, a.parameters)[-1])
    assert np.abs(of_tanh["dWs"] - gradients["dWs"]).max() > 1e-3


@pytest.mark.parametrize("case", CASES, ids=str)
def test_steps_agree(case):
    a = case.make()
    arguments = (a.X[:, :, 0], a.S_0, a.parameters)
    *want, cache = reference.rnn_cell_forward(*arguments, activation="relu")
    *got, ours = fastrnn.rnn_cell_forward(*arguments, activation="relu")
    assert_close(got, want, PARITY, "St_next, Yt")
    St_next, St_prev, Xt, parameters = ours
    assert parameters is a.parameters
    assert_close((St_next, St_prev, Xt), cache[:3], PARITY, "cache")
    gradients = reference.rnn_cell_backward(a.ds[:, :, 0], cache)
    for module in MODULES:
        for made in (cache, ours):
            assert_close(module.rnn_cell_backward(a.ds[:, :, 0], made), gradients, PARITY)
        got = module.rnn_cell_backward(a.ds[:, :, 0], tuple(cache), activation="relu")
        assert_close(got, gradients, PARITY, "of a plain cache")


def test_central_differences(module):
    a = CASES[0].make()

    def loss():
        return np.sum(a.ds * run(module, a)[0])

    got = module.rnn_backward(a.ds, run(module, a)[-1])
    arrays = {"dX": a.X, "ds_0": a.S_0}
    arrays |= {f"d{name}": a.parameters[name] for name in ("Wx", "Ws", "bs")}
    # The differences are those of a function with corners: a point beside one is left out.
    for name, array in arrays.items():
        want = central_differences(loss, array)
        near = np.abs(got[name] - want) <= CENTRAL_DIFFERENCES * np.abs(want).max()
        assert near.mean() > 0.7, name


@pytest.mark.parametrize("case", CASES, ids=str)
def test_against_pytorch(module, case):
    torch = pytest.importorskip("torch")
    a = case.make()
    layer = torch.nn.RNN(case.n_x, case.n_s, nonlinearity="relu", dtype=torch.tensor(a.X).dtype)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(a.parameters["Wx"]))
        layer.weight_hh_l0.copy_(torch.tensor(a.parameters["Ws"]))
        layer.bias_ih_l0.copy_(torch.tensor(a.parameters["bs"][:, 0]))
        layer.bias_hh_l0.zero_()
    X = torch.tensor(np.ascontiguousarray(a.X.transpose(2, 1, 0)), requires_grad=True)
    states, _ = layer(X, torch.tensor(np.ascontiguousarray(a.S_0.T))[None])
    S, _, caches = run(module, a)
    assert_close(S, states.detach().permute(2, 1, 0).numpy(), TORCH, "S")
    (states * torch.tensor(np.ascontiguousarray(a.ds.transpose(2, 1, 0)))).sum().backward()
    got = module.rnn_backward(a.ds, caches)
    want = {
        "dX": X.grad.permute(2, 1, 0).numpy(),
        "dWx": layer.weight_ih_l0.grad.numpy(),
        "dWs": layer.weight_hh_l0.grad.numpy(),
        "dbs": layer.bias_ih_l0.grad.numpy()[:, np.newaxis],
    }
    assert_close({name: got[name] for name in want}, want, TORCH, "gradients")


@settings(max_examples=30)
@given(st.data())
def test_steps_of_both_activations_in_one_list(data):
    """Each step goes back through the function that it went forward through."""
    case = Case("rnn", False, 3, 5, 2, 4, 6)
    a = case.make()
    St, steps = a.S_0, []
    for t in range(case.T_x):
        module = data.draw(st.sampled_from(MODULES))
        activation = data.draw(st.sampled_from(["tanh", "relu"]))
        St, _, cache = module.rnn_cell_forward(a.X[:, :, t], St, a.parameters, activation)
        steps.append(cache)
    want = reference.rnn_backward(a.ds, (steps, a.X))
    assert_close(fastrnn.rnn_backward(a.ds, (steps, a.X)), want, PARITY, "gradients")


def test_copies_of_caches_know_the_activation(module):
    a = CASES[0].make()
    caches = run(module, a)[-1]
    *_, cache = module.rnn_cell_forward(a.X[:, :, 0], a.S_0, a.parameters, "relu")
    want = module.rnn_backward(a.ds, caches), module.rnn_cell_backward(a.S_0, cache)
    for copied in (copy.deepcopy((caches, cache)), pickle.loads(pickle.dumps((caches, cache)))):
        got = module.rnn_backward(a.ds, copied[0]), module.rnn_cell_backward(a.S_0, copied[1])
        assert_same_bits(got, want)


def test_nan_stays_nan(module):
    a = CASES[0].make()
    a.X[0, 3, 1] = np.nan
    S, _, _ = run(module, a)
    assert np.isnan(S[:, 3, 1:]).all()
    assert np.isfinite(np.delete(S, 3, axis=1)).all()


@pytest.mark.parametrize("wrong", ["gelu", "ReLU", None, 1, np.tanh])
def test_other_activations_are_refused(module, wrong):
    a = CASES[0].make()
    message = r"^activation must be 'tanh', 'relu', .* or 'exponential', got "
    with pytest.raises(ValueError, match=message):
        module.rnn_forward(a.X, a.S_0, a.parameters, activation=wrong)
    with pytest.raises(ValueError, match=message):
        module.rnn_cell_forward(a.X[:, :, 0], a.S_0, a.parameters, activation=wrong)
    if wrong is not None:
        with pytest.raises(ValueError, match=message):
            module.rnn_backward(a.ds, run(module, a)[-1], activation=wrong)


def test_another_activation_than_that_of_the_caches_is_refused(module):
    a = CASES[0].make()
    caches = run(module, a)[-1]
    *_, cache = module.rnn_cell_forward(a.X[:, :, 0], a.S_0, a.parameters, "relu")
    message = r"^activation is 'tanh', but the cache was made with 'relu'$"
    for other in MODULES:
        with pytest.raises(ValueError, match=message):
            other.rnn_backward(a.ds, caches, activation="tanh")
        with pytest.raises(ValueError, match=message):
            other.rnn_cell_backward(a.S_0, cache, activation="tanh")
