"""The affine layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastrnn import initializers
from fastrnn._core import output as core
from fastrnn._core.stage import Stage
from fastrnn.layers.activation_workspace import activation_stages
from fastrnn.layers.affine import Affine
from fastrnn.layers.checks import positive
from fastrnn.layers.dense_workspace import DenseWorkspace
from fastrnn.layers.function_kernel import FunctionKernel
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array, Signal, Workspace


class Dense(Affine):
    """y = activation(x·kernel + bias) over the last axis, at every step.

    Parameters
    ----------
    units : int
        Output features.
    activation : str or function, optional
        A name of :mod:`fastrnn.activations`, such as ``"softmax"``, ``"tanh"`` or ``"relu"``; one
        of its functions; or a custom function that uses operations of NumPy or
        :mod:`fastrnn.backend`.  Linear if left out.  With a custom function, only the weights of a
        model can be saved.
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
        For the kernel (n_x, units).
    bias_initializer : default "zeros"
        For the bias (units,).
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> x = np.ones((2, 10, 3))  # (batch, time, features)
    >>> Dense(4, activation="relu")(x).shape
    (2, 10, 4)
    """

    supports_masking = True
    is_per_step = True
    _arguments = ("units",)

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: initializers.Identifier = "glorot_uniform",
        bias_initializer: initializers.Identifier = "zeros",
        **options: Any,
    ) -> None:
        drawn = {"kernel": kernel_initializer, "bias": bias_initializer}
        super().__init__(activation, use_bias, drawn, **options)
        self.units = positive(self, "units", units)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape` with `units` features."""
        return (*input_shape[:-1], self.units)

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias."""
        n_x = input_shape[-1]
        assert n_x is not None
        if isinstance(self.activation, FunctionKernel) and len(input_shape) > 2:
            self.is_per_step = not self.activation.mixes_positions(self.units)
        self.add_kernel(n_x, self.units, of_steps=False)

    def call(self, inputs: Array) -> Any:
        """Return the output of a layer whose activation needs all steps at once."""
        assert isinstance(self.activation, FunctionKernel)
        affine = np.matmul(inputs, self.parameter("kernel"))
        return self.activation.function(
            affine + self.parameter("bias") if self.use_bias else affine
        )

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        if not self.is_per_step:
            return super().workspace(source, training, *others)
        return DenseWorkspace(self, source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that compute the layer at each step."""
        if not self.is_per_step:
            return super().stages(source)
        sizes = source.streams, source.steps, self.dtype
        affine = core.stage(self.parameter("kernel").value.T, self.bias_or_zeros(), *sizes)
        return [affine, *activation_stages(self.activation, affine)]
