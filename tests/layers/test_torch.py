"""Stacks against PyTorch: two layers, both directions, ragged lengths, forward and backward."""

import numpy as np
import pytest

from fastrnn.layers import GRU, LSTM, Bidirectional, Dense, Input, Masking, SimpleRNN
from fastrnn.models import Model
from tests.compare import assert_close
from tests.gates import keras_gates
from tests.tolerances import TORCH

torch = pytest.importorskip("torch")

# The layer and its arguments, and the class of PyTorch.
CELLS = {
    "rnn": (SimpleRNN, {}, torch.nn.RNN),
    "gru": (GRU, {"reset_after": True}, torch.nn.GRU),
    "lstm": (LSTM, {}, torch.nn.LSTM),
}
#: Inputs, units, batch, steps.
SIZES = [(3, 5, 4, 6), (1, 1, 1, 1), (67, 17, 9, 3), (5, 33, 2, 40), (2, 8, 130, 7)]


def weights_of(made, cell, value):
    """Return what `value` gives of PyTorch's weights, in our shapes and our order."""
    found = []
    for layer in range(2):
        for ending in ("", "_reverse")[: 1 + made.bidirectional]:
            kernel, recurrent, bx, bs = (
                value(getattr(made, f"{name}_l{layer}{ending}"))
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            bias = np.stack([bx, bs]) if cell == "gru" else bx
            found += [keras_gates(weight, cell) for weight in (kernel.T, recurrent.T, bias)]
    return found


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_two_layers_of_ragged_sequences(cell, both, sequences, size):
    n_x, units, m, T = size
    torch.manual_seed(units + 2 * both + sequences)
    kind, options, theirs = CELLS[cell]
    made = theirs(n_x, units, 2, batch_first=True, bidirectional=both, dtype=torch.float64)
    with torch.no_grad():
        for layer in range(2):
            for ending in ("", "_reverse")[: 1 + both]:
                if cell != "gru":  # ours has one bias
                    getattr(made, f"bias_hh_l{layer}{ending}").zero_()
    dense = torch.nn.Linear(units * (1 + both), 3, dtype=torch.float64)
    rng = np.random.default_rng(units)
    lengths = rng.integers(1, T + 1, m)
    lengths[0] = T
    counts = np.arange(T) < lengths[:, np.newaxis]
    x = np.where(counts[..., np.newaxis], rng.normal(size=(m, T, n_x)), 0)
    y = rng.normal(size=(m, T, 3) if sequences else (m, 3))

    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
    )
    output, last = made(packed)
    if sequences:
        output = torch.nn.utils.rnn.pad_packed_sequence(output, batch_first=True)[0]
    else:
        last = last[0] if isinstance(last, tuple) else last
        output = torch.cat([last[2], last[3]], dim=1) if both else last[1]
    answers = dense(output)
    wrong = torch.nn.functional.mse_loss(answers, torch.tensor(y), reduction="none")
    loss = wrong[torch.tensor(counts)].mean() if sequences else wrong.mean()
    loss.backward()

    data = Input((None, n_x), dtype="float64")
    end = Masking()(data)
    for whole in (True, sequences):
        layer = kind(units, return_sequences=whole, **options)
        end = (Bidirectional(layer) if both else layer)(end)
    model = Model(data, Dense(3)(end))
    model.compile("sgd", "mse")
    head = [dense.weight, dense.bias]
    model.set_weights(
        weights_of(made, cell, lambda w: w.detach().numpy()) + [w.detach().numpy().T for w in head]
    )
    expected = answers.detach().numpy()
    if sequences:
        expected = np.where(counts[..., np.newaxis], expected, 0)
    assert_close(model.predict(x), expected, TORCH)
    assert_close(float(model.evaluate(x, y, batch_size=m, verbose=0)), loss.item(), TORCH)
    gradients = weights_of(made, cell, lambda w: w.grad.numpy()) + [w.grad.numpy().T for w in head]
    assert_close(model.compute_gradients(x, y), gradients, TORCH)


@pytest.mark.parametrize("cell", CELLS)
def test_an_encoder_and_a_decoder(cell):
    kind, options, theirs = CELLS[cell]
    torch.manual_seed(5)
    encoder, decoder = (theirs(n, 6, batch_first=True, dtype=torch.float64) for n in (3, 2))
    if cell != "gru":
        with torch.no_grad():
            for made in (encoder, decoder):
                made.bias_hh_l0.zero_()
    rng = np.random.default_rng(6)
    x, prefix, y = (rng.normal(size=(5, T, n)) for T, n in ((7, 3), (4, 2), (4, 6)))
    output, _ = decoder(torch.tensor(prefix), encoder(torch.tensor(x))[1])
    loss = torch.nn.functional.mse_loss(output, torch.tensor(y))
    loss.backward()

    source, begin = Input((None, 3), dtype="float64"), Input((None, 2), dtype="float64")
    _, *states = kind(6, return_state=True, name="encoder", **options)(source)
    made = kind(6, return_sequences=True, name="decoder", **options)
    model = Model([source, begin], made(begin, initial_state=states))
    model.compile("sgd", "mse")

    def values(value):
        found = {}
        for name, module in (("encoder", encoder), ("decoder", decoder)):
            kernel, recurrent, bx, bs = map(value, module.parameters())
            bias = np.stack([bx, bs]) if cell == "gru" else bx
            found[name] = [keras_gates(weight, cell) for weight in (kernel.T, recurrent.T, bias)]
        order = [layer.name for layer in model.layers if layer.parameters]
        return [array for name in order for array in found[name]]

    model.set_weights(values(lambda w: w.detach().numpy()))
    assert_close(model.predict([x, prefix]), output.detach().numpy(), TORCH)
    gradients = values(lambda w: w.grad.numpy())
    assert_close(model.compute_gradients([x, prefix], y), gradients, TORCH)
