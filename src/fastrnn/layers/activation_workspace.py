"""The workspace and the stages of an activation layer."""

from __future__ import annotations

import numpy as np

from fastrnn import activations
from fastrnn._core import activation as core
from fastrnn._core.stage import Stage
from fastrnn.arithmetic import quietly
from fastrnn.workspace import Applied, Signal, Workspace, empty, zeros


class ActivationWorkspace(Workspace):
    """Works in place if the previous layer does not need its output."""

    def __init__(
        self, kernel: activations.Kernel, dtype: np.dtype, source: Signal, training: bool
    ) -> None:
        self.source = source
        self.features = source.features
        self.mask = source.mask
        # The input of a model is not overwritten: later passes may read it again.
        self.in_place = not source.needs_output
        shape = (*source.output.shape[:-1], self.features)
        self.output = source.output if self.in_place else empty(shape, dtype)
        if training:
            in_place = self.in_place and source.doutput is not None
            self.doutput = source.doutput if in_place else zeros(shape, dtype)
        self._steps = Applied(kernel, self.rows, self.drows, self.features)
        self.applied = self._steps

    def forward(self, training: bool) -> None:
        """Compute the output."""
        if not self.in_place:
            n = self.features
            np.copyto(self.output[..., :n], self.source.output[..., :n])
        self._steps.forward(training)

    def backward(self) -> None:
        """Compute the gradient of the input."""
        self._steps.backward()
        dx = self.source.doutput
        if dx is not None and dx is not self.doutput:
            assert self.doutput is not None
            n = self.features
            np.copyto(dx[..., :n], self.doutput[..., :n])


def activation_stages(kernel: activations.Kernel, source: Stage) -> list[Stage]:
    """Return the stages of a stream that apply `kernel` to the outputs of `source`."""
    if kernel is activations.LINEAR:
        return []
    sizes = source.features, source.streams, source.steps, source.dtype
    return [core.stage(kernel.name, quietly(kernel.forward), not source.needs_output, *sizes)]
