"""What the recurrent layers share: their arguments, their shapes, their state buffers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastrnn import activations, initializers
from fastrnn._core.memory import aligned_empty, aligned_zeros
from fastrnn.layers.layer import Layer, units_of
from fastrnn.layers.parameter import Parameter
from fastrnn.layers.symbolic import Shape
from fastrnn.workspace import Workspace, empty, zeros

Array = NDArray[Any]


class RecurrentLayer(Layer):
    """Base of the layers that carry a state through time.

    Parameters
    ----------
    units : int
        Size of the state, n_s.
    activation : str or function, default "tanh"
        Only tanh: the equations of the compiled core are those of the contract.
    use_bias : bool, default True
    kernel_initializer, recurrent_initializer, bias_initializer : str or Initializer
        For the kernel (n_x, G·n_s), the recurrent kernel (n_s, G·n_s), and the bias.
    return_sequences : bool, default False
        Whether the output is the state at every step, (batch, time, units), or the last one,
        (batch, units).
    name, dtype, input_shape :
        See :class:`~fastrnn.layers.Layer`.
    """

    #: How many gates the kernels hold side by side, G.
    gates: ClassVar[int] = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        recurrent_initializer: initializers.Identifier = "orthogonal",
        bias_initializer: initializers.Identifier = "zeros",
        return_sequences: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = units_of(self, units)
        require_activation(self, "activation", activation, activations.TANH)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.return_sequences = bool(return_sequences)

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias."""
        return (self.gates * self.units,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, time, units), or (None, units) without ``return_sequences``."""
        if len(input_shape) != 3:
            hint = (
                "; the layer before may want return_sequences=True" if len(input_shape) == 2 else ""
            )
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; "
                f"it should be (None, time, features){hint}"
            )
        batch, time, _ = input_shape
        return (batch, time, self.units) if self.return_sequences else (batch, self.units)

    def create_parameters(self, input_shape: Shape) -> None:
        """Create kernel, recurrent kernel and bias."""
        n_x, columns = input_shape[-1], self.gates * self.units
        assert n_x is not None
        self.add_parameter("kernel", (n_x, columns), self.kernel_initializer)
        self.add_parameter("recurrent_kernel", (self.units, columns), self.recurrent_initializer)
        if self.use_bias:
            self.add_parameter("bias", self.bias_shape, self.bias_initializer)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {
            **super().get_config(),
            "units": self.units,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "return_sequences": self.return_sequences,
        }


class RecurrentWorkspace(Workspace):
    """States of a recurrent layer, and what its two passes need beside them.

    ``states[0]`` is the initial state, zeros; ``states[1:]`` are the states after every step, and
    the output is a view of them.  Without ``return_sequences`` the gradient of all steps but the
    last is zero, and stays so: what comes after writes to the last one only.
    """

    def __init__(self, layer: RecurrentLayer, source: Workspace, training: bool) -> None:
        self.source = source
        self.x: Array = source.output
        self.steps, self.batch = self.x.shape[:2]
        self.n_x, self.features = source.features, layer.units
        self.states = zeros((self.steps + 1, self.batch, layer.units), layer.dtype)
        self.output = self.states[1:] if layer.return_sequences else self.states[self.steps]

        self.wx, self.ws = (layer.parameter(n).value.T for n in ("kernel", "recurrent_kernel"))
        self.bias = self._bias_or_zeros(layer)
        if training:
            self.ds = zeros((self.steps, self.batch, layer.units), layer.dtype)
            self.doutput = self.ds if layer.return_sequences else self.ds[self.steps - 1]
            self.ds0 = empty((self.batch, layer.units), layer.dtype)
            self.dwx = layer.parameter("kernel").gradient.T
            self.dws = layer.parameter("recurrent_kernel").gradient.T
            self.dbias = (
                layer.parameter("bias").gradient if layer.use_bias else np.empty_like(self.bias)
            )

    def work(self, core: Any, training: bool) -> Array:
        """Return scratch memory that is enough for the passes of `core`."""
        sizes = (self.steps, self.batch, self.n_x, self.features, self.states.dtype)
        elements = core.forward_work(*sizes)
        if training:
            elements = max(elements, core.backward_work(*sizes))
        return aligned_empty(elements, self.states.dtype)

    @staticmethod
    def _bias_or_zeros(layer: RecurrentLayer) -> Array:
        if layer.use_bias:
            bias: Parameter = layer.parameter("bias")
            return bias.value
        return aligned_zeros(layer.bias_shape, layer.dtype)


def require_activation(
    layer: Layer, argument: str, given: Any, supported: activations.Kernel
) -> None:
    """Raise ``ValueError`` unless `given` names the activation that the core computes."""
    if activations.get(given) is not supported:
        raise ValueError(
            f"{argument} of {type(layer).__name__} is {given!r}; it should be {supported.name!r}"
        )
