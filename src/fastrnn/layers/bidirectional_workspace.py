"""The workspaces of both directions of a recurrent layer, and of the merged output."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastrnn.layers.masked import Masked
from fastrnn.layers.passing import Passing, Reversed
from fastrnn.layers.recurrent import RecurrentLayer
from fastrnn.layers.several_recurrent import SeveralSteps
from fastrnn.workspace import Array, Fork, Signal, Workspace, empty, zeros


class BidirectionalWorkspace(SeveralSteps):
    """The workspaces of both directions, and of the merged output."""

    def __init__(
        self,
        layers: tuple[RecurrentLayer, RecurrentLayer],
        merge_mode: str | None,
        source: Signal,
        training: bool,
        initial: Sequence[Signal],
    ) -> None:
        fork = Fork(source, 2)
        one, other = layers
        count = one.state_count
        forwards = one.penalized_workspace(fork.outputs[0], training, *initial[:count])
        backwards = other.penalized_workspace(fork.outputs[1], training, *initial[count:])
        steps: list[Workspace] = [fork, forwards, backwards]
        ends: list[Signal] = [forwards.outputs[0], backwards.outputs[0]]
        if one.return_sequences:
            # One direction has its steps in reverse order.
            turned = Reversed(ends[not one.go_backwards])
            ends[not one.go_backwards] = turned
            steps.append(turned)
        if merge_mode is None:
            merged: list[Workspace] = [
                Passing(end) if end.mask is None else Masked(end, end.mask) for end in ends
            ]
        else:
            merged = [_Merged(merge_mode, ends[0], ends[1], training)]
        states = [*forwards.outputs[1:], *backwards.outputs[1:]]
        super().__init__([*steps, *merged], [*merged, *states])


class _Merged(Workspace):
    """The merged output of both directions, with zeros at masked steps."""

    needs_output = False

    def __init__(self, mode: str, one: Signal, other: Signal, training: bool) -> None:
        self._mode, self._sources = mode, (one, other)
        n = one.features
        self.features = n + other.features if mode == "concat" else n
        shape = (*one.output.shape[:-1], self.features)
        self.output = empty(shape, one.output.dtype)
        self.mask = one.mask
        self._ignored = None if self.mask is None else np.empty((*self.mask.shape, 1), np.bool_)
        self._read = one.output[..., :n], other.output[..., : other.features]
        if training:
            assert one.doutput is not None
            assert other.doutput is not None
            self.doutput = zeros(shape, one.output.dtype)
            self._written = one.doutput[..., :n], other.doutput[..., : other.features]

    def forward(self, training: bool) -> None:
        (one, other), out = self._read, self.output[..., : self.features]
        if self.mask is not None:
            np.equal(self.mask[..., np.newaxis], 0, out=self._ignored)
        if self._mode == "concat":
            n = self._sources[0].features
            np.copyto(out[..., :n], one)
            np.copyto(out[..., n:], other)
        elif self._mode == "mul":
            np.multiply(one, other, out=out)
        else:
            np.add(one, other, out=out)
            if self._mode == "ave":
                np.multiply(out, 0.5, out=out)
        self._clear(out)

    def backward(self) -> None:
        assert self.doutput is not None
        (done, dother), dout = self._written, self.doutput[..., : self.features]
        if self._mode == "concat":
            n = self._sources[0].features
            np.copyto(done, dout[..., :n])
            np.copyto(dother, dout[..., n:])
        elif self._mode == "mul":
            np.multiply(dout, self._read[1], out=done)
            np.multiply(dout, self._read[0], out=dother)
        else:
            np.multiply(dout, 0.5 if self._mode == "ave" else 1.0, out=done)
            np.copyto(dother, done)
        self._clear(done)
        self._clear(dother)

    def _clear(self, rows: Array) -> None:
        if self._ignored is not None:
            np.copyto(rows, 0, where=self._ignored)
