"""Workspaces of TimeDistributed: all steps together, or one by one."""

from __future__ import annotations

import numpy as np

from fastrnn._core.memory import aligned_zeros
from fastrnn.layers.layer import Layer
from fastrnn.workspace import Array, Signal, Workspace


class Distributed(Workspace):
    """The inner layer on a batch of all steps of all samples.

    Inner inputs without a time axis share the memory, as rows; others are copied, since their time
    axis is first.
    """

    def __init__(self, layer: Layer, source: Signal, training: bool) -> None:
        self.mask = source.mask
        # Pairs of an inner buffer and the same part of the outer one.
        self._in: list[tuple[Array, Array]] = []
        self._out: list[tuple[Array, Array]] = []
        self._dout: list[tuple[Array, Array]] = []
        self._din: list[tuple[Array, Array]] = []
        within = Signal()
        within.features = source.features
        within.output = _fold(source.output, self._in)
        if layer.couples_samples and source.mask is not None and within.output.ndim == 2:
            within.mask = source.mask.reshape(-1)
        if source.doutput is not None:
            within.doutput = _fold(source.doutput, self._din)
        self._inner = layer.workspace(within, training)
        steps = source.output.shape[:2]
        self.further = tuple(Signal() for _ in self._inner.outputs[1:])
        for signal, inner in zip(self.outputs, self._inner.outputs, strict=True):
            signal.features = inner.features
            signal.output = _unfold(inner.output, steps, self._out)
            if inner.doutput is not None:
                signal.doutput = _unfold(inner.doutput, steps, self._dout)

    def forward(self, training: bool) -> None:
        """Run the inner layer."""
        for inside, outside in self._in:
            np.copyto(inside, outside)
        self._inner.forward(training)
        for inside, outside in self._out:
            np.copyto(outside, inside)

    def backward(self) -> None:
        """Run the inner layer backward."""
        for inside, outside in self._dout:
            np.copyto(inside, outside)
        self._inner.backward()
        for inside, outside in self._din:
            np.copyto(outside, inside)

    def settle(self) -> None:
        """End a training step of the inner layer."""
        self._inner.settle()

    def penalty(self) -> float:
        """Return what the inner layer adds to the loss."""
        return self._inner.penalty()


class StepByStep(Workspace):
    """The inner layer on one step at a time, from the first step on."""

    def __init__(self, layer: Layer, source: Signal, training: bool) -> None:
        self.mask = source.mask
        self._steps = [
            Distributed(layer, _step_of(source, place), training)
            for place in range(len(source.output))
        ]
        self.further = tuple(Signal() for _ in self._steps[0].outputs[1:])
        for signal, inner in zip(self.outputs, self._steps[0].outputs, strict=True):
            signal.features = inner.features
            shape = (len(self._steps), *inner.output.shape[1:])
            signal.output = aligned_zeros(shape, inner.output.dtype)
            if inner.doutput is not None:
                signal.doutput = aligned_zeros(shape, inner.output.dtype)
        #: The gradients of the weights, which each step overwrites, and their sums over the steps.
        self._sums = [
            (parameter.gradient, np.empty_like(parameter.gradient))
            for parameter in (layer.parameters if training else [])
        ]

    def forward(self, training: bool) -> None:
        """Run the inner layer at every step."""
        for place, step in enumerate(self._steps):
            step.forward(training)
            for signal, inner in zip(self.outputs, step.outputs, strict=True):
                np.copyto(signal.output[place], inner.output[0])

    def backward(self) -> None:
        """Run the inner layer backward at every step, and sum the gradients of its weights."""
        for _, total in self._sums:
            total.fill(0)
        for place, step in reversed([*enumerate(self._steps)]):
            for signal, inner in zip(self.outputs, step.outputs, strict=True):
                if inner.doutput is not None and signal.doutput is not None:
                    np.copyto(inner.doutput[0], signal.doutput[place])
            step.backward()
            for gradient, total in self._sums:
                np.add(total, gradient, out=total)
        for gradient, total in self._sums:
            np.copyto(gradient, total)

    def settle(self) -> None:
        """End a training step of the inner layer, for every step of the sequence."""
        for step in self._steps:
            step.settle()

    def penalty(self) -> float:
        """Return what the inner layer adds to the loss."""
        return sum(step.penalty() for step in self._steps)


def _step_of(source: Signal, place: int) -> Signal:
    """Return one step of a sequence as a sequence of length one."""
    step = Signal()
    step.features, step.output = source.features, source.output[place : place + 1]
    if source.doutput is not None:
        step.doutput = source.doutput[place : place + 1]
    if source.mask is not None:
        step.mask = source.mask[place : place + 1]
    return step


def _fold(outside: Array, pairs: list[tuple[Array, Array]]) -> Array:
    """Return (time, batch, ...) as the input of an inner layer with (time · batch) samples."""
    rows = outside.reshape(-1, *outside.shape[2:])
    if rows.ndim == 2 and rows.dtype.kind == "f":
        return rows
    by_time = rows.swapaxes(0, 1)
    inside = aligned_zeros(by_time.shape, by_time.dtype)
    pairs.append((inside, by_time))
    return inside


def _unfold(inside: Array, steps: tuple[int, ...], pairs: list[tuple[Array, Array]]) -> Array:
    """Return the output of an inner layer for (time · batch) samples as (time, batch, ...)."""
    if inside.ndim == 2:
        return inside.reshape(*steps, -1)
    time, _, *rest = inside.shape
    outside = aligned_zeros((*steps, time, *rest), inside.dtype)
    pairs.append((inside, outside.reshape(-1, time, *rest).swapaxes(0, 1)))
    return outside
