"""The GRU as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn import initializers
from fastrnn.arguments import GRU as CELL
from fastrnn.layers.recurrent import GatedLayer
from fastrnn.settings import boolean

Array = NDArray[Any]


class GRU(GatedLayer):
    """A gated recurrent unit, in one of its two forms.

    With r, z = σ(x·K + s·R + b) on their columns, and s' = (1 − z) ⊙ n + z ⊙ s, the candidate is

    - ``reset_after=False``: n = tanh(x·Kₙ + (r ⊙ s)·Rₙ + bₙ), one bias;
    - ``reset_after=True``: n = tanh(x·Kₙ + bxₙ + r ⊙ (s·Rₙ + bₙ)), two biases.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : str or function, default "tanh"
        Of the candidate; see :class:`~fastrnn.layers.RecurrentLayer` for the choices.
    recurrent_activation : str or function, default "sigmoid"
        Of the gates.
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, 3·n_s).
    recurrent_initializer : default "orthogonal"
        For the recurrent kernel (n_s, 3·n_s), one orthogonal matrix as a whole.
    bias_initializer : default "zeros"
        For the bias: (3·n_s,), or (2, 3·n_s) with `reset_after`, its first row for the input and
        its second for the state.  ``ForgetBias(1.0)`` of :mod:`fastrnn.initializers` lets states be
        kept at first.
    return_sequences : bool, default False
        Whether to return the state after every step, (batch, time, units), or the last one only,
        (batch, units).
    reset_after : bool, default False
        Whether to use the second form, the default of PyTorch, cuDNN and recent versions of Keras.
    **options :
        `return_state`, `go_backwards`, `stateful`, `dropout`, `recurrent_dropout`, `seed`,
        `learn_initial_state` of :class:`~fastrnn.layers.RecurrentLayer`; `name`, `dtype`,
        `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    ``get_weights`` and ``set_weights`` have the gates side by side in the columns in Keras's order,
    z, r, h (h is n); the functional API, the core and files have them in PyTorch's, r, z, n.

    References
    ----------
    K. Cho et al., Learning phrase representations using RNN encoder-decoder for statistical machine
    translation, EMNLP 2014.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> GRU(4)(x).shape
    (2, 4)
    >>> GRU(4, return_sequences=True)(x).shape
    (2, 10, 4)
    """

    cell = CELL
    keras_gates = (1, 0, 2)
    _arguments = ("reset_after",)

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
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            return_sequences,
            **options,
        )
        self.reset_after = boolean("reset_after", reset_after)

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias: (3·units,), or (2, 3·units) with `reset_after`."""
        columns = self.gates * self.units
        return (2, columns) if self.reset_after else (columns,)

    @property
    def core_name(self) -> str:
        """The name of the compiled cell."""
        return "gru_reset_after" if self.reset_after else "gru"

    def columns_of(self, bias: Array) -> tuple[Array, ...]:
        """Return the biases of the state and of the input, or their gradients, as columns."""
        if self.reset_after:
            return bias[1][:, np.newaxis], bias[0][:, np.newaxis]
        return super().columns_of(bias)
