"""What PyTorch computes for a case, in the names and shapes of the functional API.

The RNN, the GRU with ``reset_after`` and the LSTM are ``torch.nn.RNN``, ``torch.nn.GRU`` and
``torch.nn.LSTM`` themselves, and an LSTM's cells after every step are its last cells of all shorter
sequences.  The paper's GRU is no module of PyTorch: its equations are written in PyTorch's
operations, so that the derivatives at least are not ours.  Sequences of several lengths are
PyTorch's packed sequences; past their ends the states are made of the last ones, so that the
derivatives are PyTorch's there.
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
    """Return S, y_pred, C of an LSTM, the loss, and all gradients: of ds, and of the loss."""
    forward = getattr(module, f"{case.cell}_forward")
    backward = getattr(module, f"{case.cell}_backward")
    parameters, targets, mask = arrays.parameters, arrays.targets, arrays.mask

    options = arrays.options if lengths is None else {**arrays.options, "lengths": lengths}
    S, y_pred, *cells, caches = forward(arrays.X, arrays.S_0, parameters, **options)
    loss = module.cross_entropy(y_pred, targets, mask)
    output = module.cross_entropy_backward(y_pred, targets, S, parameters, mask)
    of_loss = backward(output["ds"], caches)
    return {
        "S": S,
        "y_pred": y_pred,
        **({"C": cells[0]} if cells else {}),
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
    if case.cell == "lstm":
        tensors["C_0"] = arrays.C_0
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
        renamed = {"S_0": "ds_0", "C_0": "dc_0"}
        return {
            renamed.get(name, f"d{name}"): result.numpy()
            for name, result in zip(names, results, strict=True)
        }

    recurrent = ("X", "S_0", "C_0", "Wx", "Ws", "bs", "bx")
    features_first = (2, 1, 0)
    cells = {}
    if case.cell == "lstm":
        with torch.no_grad():
            C = _cells(torch, case, tensors, torch.tensor(runs.T))
        cells["C"] = C.permute(features_first).numpy()
    return {
        "S": states.detach().permute(features_first).numpy(),
        "y_pred": torch.softmax(logits, -1).detach().permute(features_first).numpy() * runs,
        **cells,
        "loss": loss.detach().numpy(),
        "of ds": gradients(projection, recurrent),
        "of loss": gradients(loss, (*recurrent, "Wy", "by")),
    }


def _states(torch, case, tensors, runs):
    X = tensors["X"].permute(2, 1, 0)
    if case.cell == "gru" and not case.reset_after:
        weights = (tensors["Wx"], tensors["Ws"], tensors["bs"][:, 0])
        return _paper_gru(torch, X, tensors["S_0"].T, *weights, runs)
    if case.cell == "mgu":  # a GRU with r = f and z = 1 - f
        two = (tensors[name].chunk(2) for name in ("Wx", "Ws", "bs"))
        weights = [torch.cat((of_f, -of_f, of_n)) for of_f, of_n in two]
        return _paper_gru(torch, X, tensors["S_0"].T, *weights[:2], weights[2][:, 0], runs)
    return _layer(torch, case, tensors, X, runs)[0]


def _cells(torch, case, tensors, runs):
    """Return the cells (T_x, m, n_s) after every step: PyTorch gives the last ones."""
    X = tensors["X"].permute(2, 1, 0)
    ends = range(1, case.T_x + 1)
    return torch.stack([_layer(torch, case, tensors, X[:t], runs[:t])[1] for t in ends])


def _layer(torch, case, tensors, X, runs):
    """Return the states of PyTorch's own layer, and the last cells of an LSTM."""
    module = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[case.cell]
    layer = module(case.n_x, case.n_s, dtype=X.dtype)
    bs = tensors["bs"][:, 0]
    weights = {
        "weight_ih_l0": tensors["Wx"],
        "weight_hh_l0": tensors["Ws"],
        "bias_ih_l0": tensors["bx"][:, 0] if case.reset_after else torch.zeros_like(bs),
        "bias_hh_l0": bs,
    }
    start = [tensors[name].T for name in ("S_0", "C_0") if name in tensors]

    def call(X, start):
        start = [initial[None].contiguous() for initial in start]
        start = tuple(start) if case.cell == "lstm" else start[0]
        output, last = torch.func.functional_call(layer, weights, (X, start))
        return output, *(last if case.cell == "lstm" else (last, None))

    if runs.all():
        states, _, cells = call(X, start)
        return states, None if cells is None else cells[0]
    return _packed(torch, call, X, start, runs)


def _packed(torch, call, X, start, runs):
    """Return those of packed sequences, the last state held; PyTorch packs none without steps."""
    lengths = runs.sum(0)
    some = lengths > 0
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        X[:, some], lengths[some], enforce_sorted=False
    )
    output, last, last_cells = call(packed, [initial[some] for initial in start])
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(output, total_length=len(X))
    held = torch.where(runs[:, some, None], padded, last)
    states = start[0].expand(len(X), *start[0].shape).clone()
    states[:, some] = held
    if last_cells is None:
        return states, None
    cells = start[1].clone()
    cells[some] = last_cells[0]
    return states, cells


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
