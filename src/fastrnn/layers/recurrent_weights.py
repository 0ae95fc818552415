"""The arguments and weights of recurrent layers, and their compiled cells."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn import activations, initializers, seeding
from fastrnn._core.memory import aligned_zeros
from fastrnn._core.recurrence import ACTIVATIONS, Recurrence
from fastrnn.arguments import Cell
from fastrnn.layers.checks import positive, rate_of
from fastrnn.layers.dropout.random import DropoutRandom
from fastrnn.layers.initial_state import add_initial_states
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.settings import boolean

Array = NDArray[Any]


class RecurrentWeights(Layer):
    """The part of :class:`~fastrnn.layers.RecurrentLayer` that its workspace uses.

    Parameters
    ----------
    units, activation, use_bias, ... :
        See :class:`~fastrnn.layers.RecurrentLayer`.
    """

    #: The cell, with the number of gates, G, and of states.
    cell: ClassVar[Cell]
    #: The gates of the cell in Keras's order; None if the orders are the same.
    keras_gates: ClassVar[tuple[int, ...] | None] = None
    #: The activation of the gates; see :class:`~fastrnn.layers.recurrent.GatedLayer`.
    recurrent_activation: activations.Kernel = activations.SIGMOID
    _fixed = frozenset({"cell", "gates", "state_count"})
    _arguments: ClassVar[tuple[str, ...]] = (
        "units",
        "use_bias",
        "kernel_initializer",
        "recurrent_initializer",
        "bias_initializer",
        "return_sequences",
    )

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        return_sequences: bool = False,
        *,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        learn_initial_state: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = positive(self, "units", units)
        self.activation = cell_activation(self, "activation", activation)
        self.use_bias = boolean("use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.return_sequences = boolean("return_sequences", return_sequences)
        self.return_state = boolean("return_state", return_state)
        self.go_backwards = boolean("go_backwards", go_backwards)
        self.stateful = boolean("stateful", stateful)
        self.dropout = rate_of(self, "dropout", dropout)
        self.recurrent_dropout = rate_of(self, "recurrent_dropout", recurrent_dropout)
        self.seed = seeding.checked_seed(seed)
        self.learn_initial_state = boolean("learn_initial_state", learn_initial_state)
        self.random = DropoutRandom(seed)
        #: The final states of the last batch of a stateful layer, each (batch, units); None: zeros.
        self.states: list[Array] | None = None

    @property
    def gates(self) -> int:
        """Number of gates in the columns of the kernels, G."""
        return self.cell.gates

    @property
    def state_count(self) -> int:
        """Number of states: the output, and an LSTM's cell."""
        return len(self.cell.states)

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    @property
    def first_bias(self) -> initializers.Initializer:
        """The initializer of the bias, with the gates in Keras's order."""
        given, keeps = self.bias_initializer, self.cell.keeps
        if not isinstance(given, initializers.ForgetBias) or keeps is None:
            return given
        gate, sign = keeps
        place = gate if self.keras_gates is None else self.keras_gates.index(gate)
        return given.of_gate(self.gates, place, sign)

    @property
    def is_random(self) -> bool:  # type: ignore[override]
        """Whether it draws random numbers in training."""
        return self.dropout > 0 or self.recurrent_dropout > 0

    def build(self, input_shape: Shape) -> None:
        """Create kernel, recurrent kernel, bias, and trained initial states."""
        n_x, columns = input_shape[-1], self.gates * self.units
        assert n_x is not None
        shapes: dict[str, tuple[tuple[int, ...], initializers.Initializer]] = {
            "kernel": ((n_x, columns), self.kernel_initializer),
            "recurrent_kernel": ((self.units, columns), self.recurrent_initializer),
        }
        if self.use_bias:
            shapes["bias"] = (self.bias_shape, self.first_bias)
        for name, (shape, initializer) in shapes.items():
            self.add_parameter(name, shape, initializer, self.keras_gates)
        if self.learn_initial_state:
            add_initial_states(self, self.state_count, self.units)

    @property
    def core_name(self) -> str:
        """The name of the compiled cell."""
        return self.cell.name

    def core(self, recurrent_dropout: bool = False) -> Recurrence:
        """Return the compiled cell that computes this layer."""
        names = self.activation.name, self.recurrent_activation.name
        return Recurrence(self.core_name, *names, recurrent_dropout=recurrent_dropout)

    def columns_of(self, bias: Array) -> tuple[Array, ...]:
        """Return a bias, or its gradient, in the format of the core: a column (G·units, 1)."""
        return (bias[:, np.newaxis],)

    def bias_or_zeros(self) -> Array:
        """Return the bias, or zeros in its place."""
        if self.use_bias:
            return self.parameter("bias").value
        return aligned_zeros(self.bias_shape, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        config = super().get_config()
        # Only values that differ from the defaults, so that earlier versions can read the files.
        options = {
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
            "learn_initial_state": self.learn_initial_state,
            "activation": self.activation.name,
            "recurrent_activation": self.recurrent_activation.name,
        }
        defaults = {
            "dropout": 0.0,
            "recurrent_dropout": 0.0,
            "seed": None,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
        }
        return config | {k: v for k, v in options.items() if v != defaults.get(k, False)}


def cell_activation(layer: Layer, argument: str, given: Any) -> activations.Kernel:
    """Return an activation that the core supports; the error lists them."""
    try:
        kernel = activations.get(given)
    except (TypeError, ValueError):
        kernel = None
    if kernel is None or kernel.name not in ACTIVATIONS:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {given!r}; it should be one of "
            f"{', '.join(map(repr, ACTIVATIONS))}"
        )
    return kernel
