"""The GRU as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from fastrnn import activations, initializers
from fastrnn._core import gru as core
from fastrnn._core.memory import aligned_zeros
from fastrnn._core.stage import Stage
from fastrnn.layers.recurrent import RecurrentLayer, RecurrentWorkspace, require_activation
from fastrnn.settings import boolean
from fastrnn.workspace import Signal, Workspace, empty

Array = NDArray[Any]


class GRU(RecurrentLayer):
    """A gated recurrent unit, in either of its two forms.

    With r, z = σ(x·K + s·R + b) on their columns, and s' = (1 − z) ⊙ n + z ⊙ s, the candidate is

    - ``reset_after=False``: n = tanh(x·Kₙ + (r ⊙ s)·Rₙ + bₙ), one bias;
    - ``reset_after=True``: n = tanh(x·Kₙ + bxₙ + r ⊙ (s·Rₙ + bₙ)), two biases.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : {"tanh"}
    recurrent_activation : {"sigmoid"}
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, 3·n_s).
    recurrent_initializer : default "orthogonal"
        For the recurrent kernel (n_s, 3·n_s), one orthogonal matrix as a whole.
    bias_initializer : default "zeros"
        For the bias: (3·n_s,), or (2, 3·n_s) with `reset_after`, its first row for the input and
        its second for the state.
    return_sequences : bool, default False
        Whether to return the state after every step, (batch, time, units), or the last one only,
        (batch, units).
    reset_after : bool, default False
        Which form.  (PyTorch, cuDNN and recent Keras use the other default, True.)
    **options :
        `return_state`, `go_backwards`, `stateful`, `dropout`, `seed` of
        :class:`~fastrnn.layers.RecurrentLayer`; `name`, `dtype`, `input_shape` of
        :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    ``get_weights`` and ``set_weights`` have the gates side by side in the columns in Keras's order,
    z, r, h (h is the candidate n).  The functional API, the core and the files of ``model.save``
    have them in PyTorch's, r, z, n.

    References
    ----------
    K. Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine
    translation, EMNLP 2014.
    """

    gates = 3
    keras_gates = (1, 0, 2)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        return_sequences: bool = False,
        reset_after: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            return_sequences,
            **options,
        )
        require_activation(self, "recurrent_activation", recurrent_activation, activations.SIGMOID)
        self.reset_after = boolean("reset_after", reset_after)

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias: (3·units,), or (2, 3·units) with `reset_after`."""
        columns = self.gates * self.units
        return (2, columns) if self.reset_after else (columns,)

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _GRUWorkspace(self, source, training, others)

    def stage(self, wx: Array, ws: Array, bias: Array, source: Stage) -> Stage:
        """Return the cell's stage in a stream."""
        bx, bs = (bias[0], bias[1]) if self.reset_after else (None, bias)
        return core.stage(wx, ws, bs, bx, source.streams, source.steps, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "reset_after": self.reset_after}


class _GRUWorkspace(RecurrentWorkspace):
    def __init__(
        self, layer: GRU, source: Signal, training: bool, initial: Sequence[Signal]
    ) -> None:
        super().__init__(layer, source, training, initial)
        self.reset_after = layer.reset_after
        shape = (self.steps, self.batch)
        # Zeros, so that the padding between two gates is never read as a stray NaN.
        self.gates_after = aligned_zeros((*shape, layer.gates, self.states.shape[-1]), layer.dtype)
        self.hidden = empty((*shape, layer.units), layer.dtype)
        self.bx, self.bs = self._split(self.bias)
        if training:
            self.dbx, self.dbs = self._split(self.dbias)
        self._work: Any = self.work(core, training)

    def _split(self, bias: Array) -> tuple[Array | None, Array]:
        return (bias[0], bias[1]) if self.reset_after else (None, bias)

    def run(self) -> None:
        core.forward(
            self.x,
            self.wx,
            self.ws,
            self.bs,
            self.bx,
            self.states,
            self.gates_after,
            self.hidden,
            self._work,
            self.steps_mask,
            self.tokens_read,
        )

    def run_back(self) -> None:
        core.backward(
            self.ds,
            self.x,
            self.states,
            self.gates_after,
            self.hidden,
            self.wx,
            self.ws,
            self.reset_after,
            self.dx,
            self.ds0,
            self.dwx,
            self.dws,
            self.dbs,
            self.dbx,
            self._work,
            self.steps_mask,
            self.tokens_read,
        )
