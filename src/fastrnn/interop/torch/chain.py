"""The modules that :func:`fastrnn.interop.torch.to_module` makes; imported with PyTorch alone."""

from __future__ import annotations

from typing import Any

import torch


class Chain(torch.nn.Sequential):  # type: ignore[misc]
    """Modules one behind the other, of which recurrent ones pass on their output.

    Parameters
    ----------
    modules : dict of str to torch.nn.Module
    only_last : sequence of str
        Names of the recurrent modules of which only the last output counts: (batch, features) of
        the last step, and of a second direction that of the first.
    """

    def __init__(self, modules: Any = (), only_last: Any = ()) -> None:
        super().__init__()
        for name, module in dict(modules).items():
            self.add_module(name, module)
        self.only_last = frozenset(only_last)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # PyTorch's name
        """Return what the last module makes of it."""
        for name, module in self.named_children():
            input = module(input)
            if isinstance(module, torch.nn.RNNBase):
                input = input[0]  # and not the last states
                if name in self.only_last:
                    units = module.hidden_size
                    ends = [input[:, -1, :units], input[:, 0, units:]]
                    input = torch.cat(ends[: 1 + module.bidirectional], -1)
        return input
