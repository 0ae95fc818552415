"""What PyTorch computes for a case, in the names and shapes of the functional API.

The RNN and the GRU with ``reset_after`` are ``torch.nn.RNN`` and ``torch.nn.GRU`` themselves.  The
paper's GRU is no module of PyTorch: its equations are written in PyTorch's operations, so that the
derivatives at least are not ours.  Sequences of several lengths are PyTorch's packed sequences;
past their ends the states are made of the last ones, so that the derivatives are PyTorch's there.
"""

import numpy as np

from tests.cases import CASES as ALL_CASES

#: PyTorch is slow to take 200 steps, and they say nothing that 40 do not.
CASES = [case for case in ALL_CASES if case.T_x <= 40]
DOUBLES = [case for case in CASES if case.dtype == "float64"]


def with_lengths(case):
    """Return the arrays of a case with NaN past the ends of its sequences, and what counts."""
    arrays = case.make()
    arrays.lengths[0] = case.T_x
    arrays.lengths[1:2] = 0
    counts = np.arange(case.T_x) < arrays.lengths[:, np.newaxis]
    arrays.X[:, ~counts] = np.nan
    arrays.mask &= counts
    arrays.mask[0, 0] = True
    return arrays, counts


def run(module, case, arrays, lengths=None):
    """Return S, y_pred, the loss, and all gradients: of ds, and of the loss."""
    forward = getattr(module, f"{case.cell}_forward")
    backward = getattr(module, f"{case.cell}_backward")
    parameters, targets, mask = arrays.parameters, arrays.targets, arrays.mask

    S, y_pred, caches = forward(arrays.X, arrays.S_0, parameters, **case.options, lengths=lengths)
    loss = module.cross_entropy(y_pred, targets, mask)
    output = module.cross_entropy_backward(y_pred, targets, S, parameters, mask)
    of_loss = backward(output["ds"], caches)
    return {
        "S": S,
        "y_pred": y_pred,
        "loss": np.array(loss, case.dtype),
        "of ds": backward(arrays.ds, caches),
        "of loss": of_loss | {"dWy": output["dWy"], "dby": output["dby"]},
    }


def run_torch(case, arrays, runs=None):
    """Return what :func:`run` returns, computed by PyTorch and its automatic derivatives.

    Parameters
    ----------
    case : Case
    arrays : Arrays
    runs : ndarray of bool (m, T_x), optional
        The steps before the ends of the sequences.
    """
    import torch

    runs = np.ones_like(arrays.mask) if runs is None else runs
    tensors = {"X": np.where(runs, arrays.X, 0), "S_0": arrays.S_0, **arrays.parameters}
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in tensors.items()}
    states = _states(torch, case, tensors, torch.tensor(runs.T))  # (T_x, m, n_s)
    logits = states @ tensors["Wy"].T + tensors["by"].T
    counts = torch.tensor(arrays.mask.T)
    targets = torch.tensor(arrays.targets.T)
    loss = torch.nn.functional.cross_entropy(logits[counts], targets[counts])
    projection = (states * torch.tensor(np.ascontiguousarray(arrays.ds.transpose(2, 1, 0)))).sum()

    def gradients(of, names):
        names = [name for name in names if name in tensors]
        results = torch.autograd.grad(of, [tensors[name] for name in names], retain_graph=True)
        renamed = {"S_0": "ds_0"}
        return {
            renamed.get(name, f"d{name}"): result.numpy()
            for name, result in zip(names, results, strict=True)
        }

    recurrent = ("X", "S_0", "Wx", "Ws", "bs", "bx")
    features_first = (2, 1, 0)
    return {
        "S": states.detach().permute(features_first).numpy(),
        "y_pred": torch.softmax(logits, -1).detach().permute(features_first).numpy() * runs,
        "loss": loss.detach().numpy(),
        "of ds": gradients(projection, recurrent),
        "of loss": gradients(loss, (*recurrent, "Wy", "by")),
    }


def _states(torch, case, tensors, runs):
    X = tensors["X"].permute(2, 1, 0)
    S_0 = tensors["S_0"].T
    if case.cell == "gru" and not case.reset_after:
        return _paper_gru(torch, X, S_0, tensors["Wx"], tensors["Ws"], tensors["bs"][:, 0], runs)
    module = torch.nn.RNN if case.cell == "rnn" else torch.nn.GRU
    layer = module(case.n_x, case.n_s, dtype=X.dtype)
    bs = tensors["bs"][:, 0]
    weights = {
        "weight_ih_l0": tensors["Wx"],
        "weight_hh_l0": tensors["Ws"],
        "bias_ih_l0": tensors["bx"][:, 0] if case.reset_after else torch.zeros_like(bs),
        "bias_hh_l0": bs,
    }
    if runs.all():
        return torch.func.functional_call(layer, weights, (X, S_0[None].contiguous()))[0]
    return _packed(torch, layer, weights, X, S_0, runs)


def _packed(torch, layer, weights, X, S_0, runs):
    """Return the states of packed sequences, the last held; PyTorch packs none without steps."""
    lengths = runs.sum(0)
    some = lengths > 0
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        X[:, some], lengths[some], enforce_sorted=False
    )
    output, last = torch.func.functional_call(
        layer, weights, (packed, S_0[some][None].contiguous())
    )
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=len(X))
    held = torch.where(runs[:, some, None], padded, last)
    states = S_0.expand(len(X), *S_0.shape).clone()
    states[:, some] = held
    return states


def _paper_gru(torch, X, S_0, Wx, Ws, bs, runs):
    n_s = S_0.shape[1]
    gates, new = slice(0, 2 * n_s), slice(2 * n_s, None)
    states = [S_0]
    for x, running in zip(X, runs, strict=True):
        s = states[-1]
        r, z = torch.sigmoid(x @ Wx[gates].T + s @ Ws[gates].T + bs[gates]).chunk(2, dim=1)
        n = torch.tanh(x @ Wx[new].T + (r * s) @ Ws[new].T + bs[new])
        states.append(torch.where(running[:, None], (1 - z) * n + z * s, s))
    return torch.stack(states[1:])
