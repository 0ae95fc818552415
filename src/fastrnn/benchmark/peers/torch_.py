"""PyTorch: its fused recurrent layers, autograd, and a plain training loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from fastrnn.benchmark.cases import Array, Problem, time_major
from fastrnn.benchmark.peers.base import Competitor, Peer, TrainingJob, features_first

#: The layer of each cell that is measured.
_LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def _tensor(array: Array) -> Any:
    return torch.from_numpy(np.array(array, order="C"))


def _load(layer: Any, parameters: dict[str, Array], suffix: str = "") -> None:
    """Write a problem's weights into a recurrent layer or cell; its gate order is the same."""
    zeros = np.zeros_like(parameters["bs"])
    with torch.no_grad():
        getattr(layer, "weight_ih" + suffix).copy_(_tensor(parameters["Wx"]))
        getattr(layer, "weight_hh" + suffix).copy_(_tensor(parameters["Ws"]))
        getattr(layer, "bias_hh" + suffix).copy_(_tensor(parameters["bs"][:, 0]))
        getattr(layer, "bias_ih" + suffix).copy_(_tensor(parameters.get("bx", zeros)[:, 0]))


def _start(problem: Problem) -> list[Any]:
    """Return the initial states, (1, m, n_s): of an LSTM two."""
    arrays = (problem.S_0, problem.C_0)[: len(problem.cell.states)]
    return [_tensor(array.T)[None] for array in arrays]


class Torch(Peer):
    """PyTorch on the CPU, eager: its recurrent layers are single calls already."""

    takes_lengths = True
    name = f"PyTorch {torch.__version__.split('+')[0]}"

    def forward_backward(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.forward_backward`."""
        sizes, dtype = problem.sizes, getattr(torch, problem.dtype.name)
        layer = _LAYERS[problem.cell.name](sizes.n_x, sizes.n_s, dtype=dtype)
        _load(layer, problem.parameters, "_l0")
        layer.bias_ih_l0.requires_grad_(False)  # one bias is enough: its gradient is the other's
        output = nn.Linear(sizes.n_s, sizes.n_y, dtype=dtype)
        with torch.no_grad():
            output.weight.copy_(_tensor(problem.parameters["Wy"]))
            output.bias.copy_(_tensor(problem.parameters["by"][:, 0]))
        x = _tensor(time_major(problem.X)).requires_grad_()
        start = [state.requires_grad_() for state in _start(problem)]
        given = start[0] if len(start) == 1 else tuple(start)
        ds = _tensor(time_major(problem.ds))
        wanted = [x, *start, layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_hh_l0]

        lengths = None if problem.lengths is None else torch.tensor(problem.lengths)

        def call() -> Any:
            states, last = layer(x, given)
            with torch.no_grad():
                y_pred = torch.softmax(output(states), dim=-1)
            return states, last, y_pred, torch.autograd.grad(states, wanted, ds)

        def call_with_lengths() -> Any:
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            packed, last = layer(packed, given)
            with torch.no_grad():
                y_packed = packed._replace(data=torch.softmax(output(packed.data), dim=-1))
                y_pred, _ = nn.utils.rnn.pad_packed_sequence(y_packed, total_length=len(x))
            states, _ = nn.utils.rnn.pad_packed_sequence(packed, total_length=len(x))
            return states, last, y_pred, torch.autograd.grad(states, wanted, ds)

        def arrays(result: Any) -> dict[str, Array]:
            states, last, y_pred, (dx, *dstart, dwx, dws, dbs) = result
            at_start = zip(("ds_0", "dc_0"), dstart, strict=False)
            if problem.runs is not None:
                states = torch.where(torch.tensor(problem.runs.T)[:, :, None], states, last)
            return {
                "S": features_first(states.detach()),
                "y_pred": features_first(y_pred),
                "dX": features_first(dx),
                **{name: gradient[0].numpy().T for name, gradient in at_start},
                "dWx": dwx.numpy(),
                "dWs": dws.numpy(),
                "dbs": dbs.numpy()[:, None],
            }

        return Competitor(call if lengths is None else call_with_lengths, arrays)

    def sequence(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.sequence`."""
        sizes, dtype = problem.sizes, getattr(torch, problem.dtype.name)
        layer = _LAYERS[problem.cell.name](sizes.n_x, sizes.n_s, dtype=dtype).eval()
        _load(layer, problem.parameters, "_l0")
        x, start = _tensor(time_major(problem.X)), _start(problem)
        given = start[0] if len(start) == 1 else tuple(start)

        @torch.inference_mode()
        def call() -> Any:
            return layer(x, given)[0]

        return Competitor(call, lambda states: {"S": features_first(states)})

    def gru_step(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_step`."""
        sizes, dtype = problem.sizes, getattr(torch, problem.dtype.name)
        cell = nn.GRUCell(sizes.n_x, sizes.n_s, dtype=dtype).eval()
        _load(cell, problem.parameters)
        x, h = _tensor(problem.X[:, :, 0].T), _tensor(problem.S_0.T)

        @torch.inference_mode()
        def call() -> Any:
            return cell(x, h)

        return Competitor(call, lambda state: {"S": state.numpy().T})

    def gru_stream(self, problem: Problem) -> Competitor:
        """See :meth:`Peer.gru_stream`: a GRUCell for a single step, a GRU for more."""
        sizes, w = problem.sizes, problem.parameters
        dtype = getattr(torch, problem.dtype.name)
        single = sizes.T_x == 1
        kind = nn.GRUCell if single else nn.GRU
        layer = kind(sizes.n_x, sizes.n_s, dtype=dtype).eval()
        _load(layer, w, "" if single else "_l0")
        output = nn.Linear(sizes.n_s, sizes.n_y, dtype=dtype).eval()
        with torch.no_grad():
            output.weight.copy_(_tensor(w["Wy"]))
            output.bias.copy_(_tensor(w["by"][:, 0]))
        x = _tensor(time_major(problem.X))
        state = _tensor(np.zeros_like(problem.S_0.T))
        if single:
            x = x[0]
        else:
            state = state[None]

        @torch.inference_mode()
        def call() -> Any:
            nonlocal state
            if single:
                states = state = layer(x, state)
            else:
                states, state = layer(x, state)
            return output(states)

        def arrays(y: Any) -> dict[str, Array]:
            return {"y": features_first(y[None] if single else y)}

        return Competitor(call, arrays)

    def training(self, job: TrainingJob) -> Callable[[], float]:
        """See :meth:`Peer.training`."""
        torch.manual_seed(0)
        recurrent = _LAYERS[job.cell](job.inputs.shape[-1], job.units, batch_first=True)
        output = nn.Linear(job.units, job.classes)
        weights = [*recurrent.parameters(), *output.parameters()]
        optimizer = torch.optim.Adam(weights, job.learning_rate)
        inputs, targets = _tensor(job.inputs), _tensor(job.targets).long()

        def epoch() -> float:
            total = 0.0
            for batch in torch.randperm(len(inputs)).split(job.batch_size):
                optimizer.zero_grad()
                states, _ = recurrent(inputs[batch])
                logits = output(states).flatten(0, 1)
                loss = nn.functional.cross_entropy(logits, targets[batch].flatten())
                loss.backward()
                optimizer.step()
                total += loss.item() * len(batch)
            return total / len(inputs)

        return epoch


def create(threads: int) -> Peer:
    """Set PyTorch's threads for the process."""
    torch.set_num_threads(threads)
    return Torch()
