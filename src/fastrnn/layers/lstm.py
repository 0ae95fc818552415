"""The LSTM as a layer."""

from __future__ import annotations

from typing import Any

from fastrnn import initializers
from fastrnn.arguments import LSTM as CELL
from fastrnn.layers.recurrent import GatedLayer
from fastrnn.layers.unit_forget_bias import UnitForgetBias
from fastrnn.settings import boolean


class LSTM(GatedLayer):
    """A long short-term memory: a recurrent layer with a cell in addition to its state.

    With i, f, o = σ(x·K + s·R + b) and g = tanh(x·K + s·R + b), each on its columns, c' = f ⊙ c + i
    ⊙ g and s' = o ⊙ tanh(c').

    Parameters
    ----------
    units : int
        Size of the state and of the cell, n_s.
    activation : str or function, default "tanh"
        Of the candidate; see :class:`~fastrnn.layers.RecurrentLayer` for the choices.
    recurrent_activation : str or function, default "sigmoid"
        Of the gates.
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, 4·n_s).
    recurrent_initializer : default "orthogonal"
        For the recurrent kernel (n_s, 4·n_s), one orthogonal matrix as a whole.
    bias_initializer : default "zeros"
        For the bias (4·n_s,).
    unit_forget_bias : bool, default True
        Whether the bias of the forget gate is initially 1, so that cells are kept at first. For
        another number than 1, ``bias_initializer=ForgetBias(3.0)`` of :mod:`fastrnn.initializers`,
        which takes its place.
    return_sequences : bool, default False
        Whether to return the state after every step, (batch, time, units), or the last one only,
        (batch, units).
    **options :
        `return_state`, `go_backwards`, `stateful`, `dropout`, `recurrent_dropout`, `seed`,
        `learn_initial_state` of :class:`~fastrnn.layers.RecurrentLayer`; `name`, `dtype`,
        `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The columns of the gates are in the order i, f, g, o, as everywhere in this package, in PyTorch,
    and in Keras, which calls them i, f, c, o.

    It has two states, the state and the cell, in this order: ``return_state=True`` returns both,
    and ``initial_state=`` takes both.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, Long short-term memory, Neural Computation 9, 1997.
    F. A. Gers, J. Schmidhuber, F. Cummins, Learning to forget: continual prediction with LSTM,
    Neural Computation 12, 2000.
    R. Jozefowicz, W. Zaremba, I. Sutskever, An empirical exploration of recurrent network
    architectures, ICML 2015: for a forget bias of 1.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> LSTM(4)(x).shape
    (2, 4)
    >>> LSTM(4, return_sequences=True)(x).shape
    (2, 10, 4)
    """

    cell = CELL
    _arguments = ("unit_forget_bias",)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        unit_forget_bias: bool = True,
        return_sequences: bool = False,
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
        self.unit_forget_bias = boolean("unit_forget_bias", unit_forget_bias)

    @property
    def first_bias(self) -> initializers.Initializer:
        """What the bias begins with: with `unit_forget_bias` ones for the forget gate."""
        is_said = isinstance(self.bias_initializer, initializers.ForgetBias)
        given = super().first_bias
        return UnitForgetBias(given) if self.unit_forget_bias and not is_said else given
