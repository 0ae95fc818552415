"""The modules that :func:`fastrnn.interop.torch.to_module` makes; needs PyTorch."""

from __future__ import annotations

from typing import Any

import torch


def _first_states(module: Any, samples: int) -> Any:
    """Return the initial states that `to_module` has stored in a recurrent module."""
    found = []
    for name in ("initial_state_l0", "initial_cell_l0"):
        state = getattr(module, name, None)
        if state is not None:
            both = [state, getattr(module, f"{name}_reverse", None)]
            found.append(torch.stack([one.expand(samples, -1) for one in both if one is not None]))
    return None if not found else tuple(found) if len(found) > 1 else found[0]


class Chain(torch.nn.Sequential):  # type: ignore[misc]
    """A chain of modules, in which recurrent ones pass on only their output.

    Parameters
    ----------
    modules : dict of str to torch.nn.Module
    only_last : sequence of str
        Names of the recurrent modules whose final output is used: (batch, features) of the last
        step, and of the first step for a backward direction.
    """

    def __init__(self, modules: Any = (), only_last: Any = ()) -> None:
        super().__init__()
        for name, module in dict(modules).items():
            self.add_module(name, module)
        self.only_last = frozenset(only_last)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # PyTorch's name
        """Return the output of the last module."""
        for name, module in self.named_children():
            if not isinstance(module, torch.nn.RNNBase):
                input = module(input)
                continue
            input, _ = module(input, _first_states(module, len(input)))
            if name in self.only_last:
                units = module.hidden_size
                ends = [input[:, -1, :units], input[:, 0, units:]]
                input = torch.cat(ends[: 1 + module.bidirectional], -1)
        return input
