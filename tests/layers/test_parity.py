"""Layers against the reference, which is features first and time last, and against PyTorch."""

import numpy as np
import pytest

from fastrnn import reference
from fastrnn.layers import Dense, Input
from fastrnn.models import Sequential
from tests.cases import CASES, FORMS, Case
from tests.compare import assert_close
from tests.functional.test_cell_activations import PAIRS
from tests.gates import keras_gates
from tests.tolerances import PARITY, TORCH

from .recurrent import LAYERS

#: What PyTorch has a layer for.
IN_PYTORCH = [c for c in CASES if c.reset_after or c.cell in ("rnn", "lstm")]


def model_of(case, sequences=True, activations=None):
    """Return a model with the weights of a case, recurrent layer and softmax."""
    options = {"return_sequences": sequences, **(activations or {})}
    if case.cell == "gru":
        options["reset_after"] = case.reset_after
    layer = LAYERS[case.cell](case.n_s, **options)
    model = Sequential(
        [Input((None, case.n_x), dtype=case.dtype), layer, Dense(case.n_y, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    parameters = case.make().parameters
    bias = parameters["bs"][:, 0]
    if case.reset_after:
        bias = np.stack([parameters["bx"][:, 0], bias])
    model.set_weights(
        [
            keras_gates(parameters["Wx"].T, case.cell),
            keras_gates(parameters["Ws"].T, case.cell),
            keras_gates(bias, case.cell),
            parameters["Wy"].T,
            parameters["by"][:, 0],
        ]
    )
    return model


def expected_of(case, activations=None):
    """Return predictions, loss and gradients of the reference, in the layout of the layers."""
    arrays = case.make()
    forward, backward = (
        getattr(reference, f"{case.cell}_{way}") for way in ("forward", "backward")
    )
    arrays.C_0[:] = 0
    states, predictions, *_, caches = forward(
        arrays.X,
        np.zeros_like(arrays.S_0),
        arrays.parameters,
        **arrays.options,
        **activations or {},
    )
    loss = reference.cross_entropy(predictions, arrays.targets)
    head = reference.cross_entropy_backward(predictions, arrays.targets, states, arrays.parameters)
    found = backward(head["ds"], caches)
    bias = found["dbs"][:, 0]
    if case.reset_after:
        bias = np.stack([found["dbx"][:, 0], bias])
    gradients = [keras_gates(g, case.cell) for g in (found["dWx"].T, found["dWs"].T, bias)]
    gradients += [head["dWy"].T, head["dby"][:, 0]]
    return predictions.transpose(1, 2, 0), loss, gradients


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_activations_of_cells_are_the_reference_s(form, pair):
    case = Case(*form, 3, 5, 4, 6, 2)
    activations = dict(zip(("activation", "recurrent_activation"), pair, strict=True))
    if case.cell == "rnn":
        del activations["recurrent_activation"]
    model, arrays = model_of(case, activations=activations), case.make()
    x = arrays.X.transpose(1, 2, 0)
    predictions, _, gradients = expected_of(case, activations)
    assert_close(model.predict(x, verbose=0), predictions, PARITY, "predictions")
    assert_close(model.compute_gradients(x, arrays.targets), gradients, PARITY, "gradients")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_against_the_reference(case):
    model, arrays = model_of(case), case.make()
    x = arrays.X.transpose(1, 2, 0)
    predictions, loss, gradients = expected_of(case)
    assert_close(model.predict(x, batch_size=case.m), predictions, PARITY, "predictions")
    assert_close(model.predict(x, batch_size=2), predictions, PARITY, "predictions by twos")
    assert_close(model.compute_gradients(x, arrays.targets), gradients, PARITY, "gradients")
    found, accuracy = model.evaluate(x, arrays.targets, verbose=0)
    assert found == pytest.approx(loss, rel=PARITY[np.dtype(case.dtype)])
    right = predictions.argmax(axis=-1) == arrays.targets
    # Near ties may fall either way: as many positions as two predictions are almost equal.
    top = np.sort(predictions, axis=-1)[..., -2:]
    ties = (top[..., 1] - top[..., 0] < 1e-3).mean() if case.n_y > 1 else 0.0
    assert abs(accuracy - right.mean()) <= ties + 1e-9


@pytest.mark.parametrize("case", CASES[::4], ids=str)
def test_the_last_state_is_the_last_of_the_sequence(case):
    x = case.make().X.transpose(1, 2, 0)
    np.testing.assert_array_equal(
        model_of(case, sequences=False).predict(x).shape, (case.m, case.n_y)
    )
    assert_close(
        model_of(case, sequences=False).predict(x),
        np.ascontiguousarray(model_of(case).predict(x)[:, -1]),
        PARITY,
    )


@pytest.mark.parametrize("case", IN_PYTORCH, ids=str)
def test_against_pytorch(case):
    torch = pytest.importorskip("torch")
    model, arrays = model_of(case), case.make()
    made = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[case.cell](
        case.n_x, case.n_s, batch_first=True, dtype=getattr(torch, case.dtype)
    )
    dense = torch.nn.Linear(case.n_s, case.n_y, dtype=getattr(torch, case.dtype))
    *weights, w, b = model.get_weights()
    # A swap of two gates is its own inverse.
    weights = [keras_gates(weight, case.cell) for weight in weights]
    kernel, recurrent, bias, w, b = (torch.tensor(weight) for weight in [*weights, w, b])
    with torch.no_grad():
        made.weight_ih_l0.copy_(kernel.T)
        made.weight_hh_l0.copy_(recurrent.T)
        made.bias_ih_l0.copy_(bias[0] if case.reset_after else bias)
        made.bias_hh_l0.copy_(bias[1] if case.reset_after else torch.zeros_like(bias))
        dense.weight.copy_(w.T)
        dense.bias.copy_(b)
    x = np.ascontiguousarray(arrays.X.transpose(1, 2, 0))
    logits = dense(made(torch.tensor(x))[0])
    loss = torch.nn.functional.cross_entropy(
        logits.reshape(-1, case.n_y), torch.tensor(arrays.targets).reshape(-1)
    )
    loss.backward()
    bias_gradient = made.bias_ih_l0.grad
    if case.reset_after:
        bias_gradient = torch.stack([bias_gradient, made.bias_hh_l0.grad])
    gates = [made.weight_ih_l0.grad.T, made.weight_hh_l0.grad.T, bias_gradient]
    expected = [keras_gates(g.numpy(), case.cell) for g in gates]
    expected += [dense.weight.grad.T.numpy(), dense.bias.grad.numpy()]
    assert_close(model.compute_gradients(x, arrays.targets), expected, TORCH)
