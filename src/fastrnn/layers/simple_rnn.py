"""The tanh RNN as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from fastrnn._core import rnn as core
from fastrnn._core.stage import Stage
from fastrnn.layers.recurrent import RecurrentLayer, RecurrentWorkspace
from fastrnn.workspace import Signal, Workspace

Array = NDArray[Any]


class SimpleRNN(RecurrentLayer):
    """A tanh RNN: s' = tanh(x·kernel + s·recurrent_kernel + bias).

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : {"tanh"}
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, n_s).
    recurrent_initializer : default "orthogonal"
        For the recurrent kernel (n_s, n_s).
    bias_initializer : default "zeros"
        For the bias (n_s,).
    return_sequences : bool, default False
        Whether to return the state after every step, (batch, time, units), or the last one only,
        (batch, units).
    **options :
        `return_state`, `go_backwards`, `stateful`, `dropout`, `seed` of
        :class:`~fastrnn.layers.RecurrentLayer`; `name`, `dtype`, `input_shape` of
        :class:`~fastrnn.layers.Layer`.
    """

    gates = 1

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _SimpleRNNWorkspace(self, source, training, others)

    def stage(self, wx: Array, ws: Array, bias: Array, source: Stage) -> Stage:
        """Return the cell's stage in a stream."""
        return core.stage(wx, ws, bias, source.streams, source.steps, self.dtype)


class _SimpleRNNWorkspace(RecurrentWorkspace):
    def __init__(
        self, layer: SimpleRNN, source: Signal, training: bool, initial: Sequence[Signal]
    ) -> None:
        super().__init__(layer, source, training, initial)
        self._work: Any = self.work(core, training)

    def run(self) -> None:
        core.forward(
            self.x,
            self.wx,
            self.ws,
            self.bias,
            self.states,
            self._work,
            self.steps_mask,
            self.tokens_read,
        )

    def run_back(self) -> None:
        core.backward(
            self.ds,
            self.x,
            self.states,
            self.wx,
            self.ws,
            self.dx,
            self.ds0,
            self.dwx,
            self.dws,
            self.dbias,
            self._work,
            self.steps_mask,
            self.tokens_read,
        )
