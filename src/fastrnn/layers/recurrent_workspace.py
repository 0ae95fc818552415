"""The workspace of a recurrent layer: states, and memory for both passes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastrnn._core.memory import aligned_empty
from fastrnn._core.reserve import views
from fastrnn.layers.dropout.workspace import DropoutWorkspace, RecurrentDropout
from fastrnn.layers.initial_state import initial_states, learn_from
from fastrnn.layers.passing import Reversed
from fastrnn.layers.recurrent_weights import RecurrentWeights
from fastrnn.workspace import Array, Signal, Workspace, empty, zeros


class RecurrentWorkspace(Workspace):
    """The states of a recurrent layer, and memory for the forward and backward pass.

    An LSTM, with ``state_count = 2``, has its cells in ``carried[1]``, the gradient of the last
    cell in ``dlast[1]``, and writes the gradient of the initial cell to ``d_initial[1]``.

    Attributes
    ----------
    x : ndarray of shape (time, batch, n_x)
        The input in the order of processing; without features if the input is tokens.
    tokens_read : ndarray of shape (time, batch), int64, or None
        Used instead of `x` if its rows would be one-hot.
    dx : ndarray of shape (time, batch, n_x), or None
        OUT.  Gradient of `x`; None if it is not needed.
    steps_mask : ndarray of shape (time, batch), uint8, or None
        Mask of the steps, in the format of the core.
    carried : list of ndarray of shape (time + 1, batch, units)
        The states: row 0 is the initial state, row t + 1 the state after step t.  `states` is
        ``carried[0]``, and the output is a view of it.
    ds : ndarray of shape (time, batch, units)
        Gradient of every state.  Without ``return_sequences``, only the last row is written by the
        next layer, and the others remain zero.
    d_initial : ndarray of shape (states, batch, units)
        OUT.  Gradient of the initial states.
    dlast : list of ndarray of shape (batch, units), or None
        Gradients of the final states, from the layers that use them; the first is part of `ds`.
    """

    def __init__(
        self,
        layer: RecurrentWeights,
        source: Signal,
        training: bool,
        initial: Sequence[Signal] = (),
    ) -> None:
        self.layer, self.source, self._initial = layer, source, initial
        self._before = _stages(layer, source, training)
        read = self._before[-1] if self._before else source
        self.tokens_read = read.tokens
        # Tokens replace the features.
        self.x: Array = (
            read.output if read.tokens is None else np.empty((*read.tokens.shape, 0), layer.dtype)
        )
        self.dx, self.steps_mask = read.doutput, read.mask
        self.steps, self.batch = self.x.shape[:2]
        self.n_x = source.features if read.tokens is None else 0
        self.features = layer.units

        self.core = core = layer.core(training and layer.recurrent_dropout > 0)
        shape = (self.steps, self.batch, layer.units)
        itemsize = np.dtype(layer.dtype).itemsize
        self._reserve = aligned_empty(core.reserve_length(*shape, itemsize), layer.dtype)
        arrays = views(core, self._reserve, *shape)
        self.carried = arrays[: layer.state_count]
        for carried in self.carried:
            carried[0] = 0
        self.states = self.carried[0]
        self.output = self.states[1:] if layer.return_sequences else self.states[self.steps]
        if layer.return_sequences:
            self.mask = self.steps_mask

        kernels = (layer.parameter("kernel"), layer.parameter("recurrent_kernel"))
        bias = layer.bias_or_zeros()
        self._weights = (*(kernel.value.T for kernel in kernels), *layer.columns_of(bias))
        self._drop = None
        if training and layer.recurrent_dropout:
            self._drop = RecurrentDropout(layer, (core.gates, self.batch, layer.units))
        self.dlast: list[Array] | None = None
        #: Trained initial states, and whether the last batch started from them.
        self._learned = initial_states(layer)
        self._began_learned = False
        if training:
            self.ds = zeros(shape, layer.dtype)
            self.doutput = self.ds if layer.return_sequences else self.ds[self.steps - 1]
            self.d_initial = empty((layer.state_count, self.batch, layer.units), layer.dtype)
            dbias = layer.parameter("bias").gradient if layer.use_bias else np.empty_like(bias)
            self._gradients = (
                *(kernel.gradient.T for kernel in kernels),
                *layer.columns_of(dbias),
            )
        if layer.return_state:
            ends = [_LastState(carried, layer.units, training) for carried in self.carried]
            self.further = tuple(ends)
            if training:
                self.dlast = [end.doutput for end in ends if end.doutput is not None]

    def run(self) -> None:
        """Compute the states from `x` and the initial states."""
        self.core.forward(
            self.x,
            self._weights,
            self._reserve,
            mask=self.steps_mask,
            tokens=self.tokens_read,
            drop=None if self._drop is None else self._drop.factors,
        )

    def run_back(self) -> None:
        """Compute all gradients from `ds`."""
        # The core replaces the gradient of the final cells by that of the initial ones.
        for index in range(1, len(self.d_initial)):
            np.copyto(self.d_initial[index], 0 if self.dlast is None else self.dlast[index])
        self.core.backward(
            self.ds,
            self.x,
            self._weights,
            self._reserve,
            self._gradients,
            self.d_initial,
            dx=self.dx,
            mask=self.steps_mask,
            tokens=self.tokens_read,
            drop=None if self._drop is None else self._drop.factors,
        )

    def forward(self, training: bool) -> None:
        """Compute the states, and store the final ones of a stateful layer."""
        for stage in self._before:
            stage.forward(training)
        if self._drop is not None:
            self._drop.draw(training)
        self._begin()
        self.run()
        if self.layer.stateful:
            self._keep()

    def _begin(self) -> None:
        n = self.features
        keeps = self.layer.stateful and self.layer.states is not None
        self._began_learned = bool(self._learned) and not self._initial and not keeps
        if self._began_learned:
            for carried, parameter in zip(self.carried, self._learned, strict=True):
                carried[0, :, :n] = parameter.value
        elif self._initial:
            for carried, signal in zip(self.carried, self._initial, strict=True):
                np.copyto(carried[0, :, :n], signal.output[:, :n])
        elif self.layer.stateful:
            kept = self.layer.states
            for index, carried in enumerate(self.carried):
                if kept is None:
                    carried[0] = 0
                elif len(kept[index]) != self.batch:
                    raise ValueError(
                        f"{self.layer.name} holds the states of {len(kept[index])} samples, and "
                        f"the batch has {self.batch}; a stateful layer wants batches of one size, "
                        "or reset_states() between"
                    )
                else:
                    np.copyto(carried[0, :, :n], kept[index])

    def _keep(self) -> None:
        last = [carried[-1, :, : self.features] for carried in self.carried]
        if self.layer.states is None:
            self.layer.states = [np.empty_like(state) for state in last]
        for kept, state in zip(self.layer.states, last, strict=True):
            np.copyto(kept, state)

    def backward(self) -> None:
        """Compute the gradients of weights, input and initial states."""
        if self.dlast is not None:
            self.ds[-1] += self.dlast[0]
        self.run_back()
        if self.dlast is not None:
            # Reset it: the gradient of an unused output is never written.
            self.ds[-1] = 0
        n = self.features
        learn_from(self._learned, self.d_initial[..., :n] if self._began_learned else None)
        for signal, gradient in zip(self._initial, self.d_initial, strict=False):
            if signal.doutput is not None:
                np.copyto(signal.doutput[:, :n], gradient[:, :n])
        for stage in reversed(self._before):
            stage.backward()


class _LastState(Signal):
    """The state after the last step; with a mask, after the last unmasked one."""

    def __init__(self, carried: Array, units: int, training: bool) -> None:
        self.features = units
        self.output = carried[-1]
        if training:
            self.doutput = zeros((*self.output.shape[:-1], units), carried.dtype)


def _stages(layer: RecurrentWeights, source: Signal, training: bool) -> list[Workspace]:
    """Return the workspaces that process the input before the recurrence."""
    stages: list[Workspace] = []
    if layer.dropout and training:
        source = DropoutWorkspace(source, layer.dropout, layer.random, same_every_step=True)
        stages.append(source)
    if layer.go_backwards:
        stages.append(Reversed(source))
    return stages
