"""An activation as a layer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn import activations
from fastrnn._core import activation as core
from fastrnn._core.stage import Stage
from fastrnn.arithmetic import quietly
from fastrnn.layers.function_kernel import is_own
from fastrnn.layers.lambda_ import Lambda
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Applied, Signal, Workspace, empty, zeros


class Activation(Layer):
    """Apply an activation to every step; softmax runs over the features.

    Parameters
    ----------
    activation : str or function
        A name of :mod:`fastrnn.activations`, such as ``"softmax"``, ``"tanh"`` or ``"relu"``; one
        of its functions; or a custom function that uses operations of NumPy or
        :mod:`fastrnn.backend`, for which a :class:`~fastrnn.layers.Lambda` is returned.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> Activation("relu")(np.array([[-1.0, 2.0]]))
    array([[0., 2.]], dtype=float32)
    """

    supports_masking = True
    is_per_step = True

    def __new__(cls, activation: Any = None, **options: Any) -> Any:
        """Return the layer; for a custom function, one that passes it the whole array."""
        if cls is Activation and is_own(activation):
            return FunctionActivation(activation, **options)
        return super().__new__(cls)

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return _ActivationWorkspace(self, source, training)

    def stages(self, source: Stage) -> list[Stage]:
        """Return the stages that apply the activation to each step."""
        return activation_stages(self.activation, source)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {**super().get_config(), "activation": self.activation.name}


class FunctionActivation(Lambda):
    """A custom function, which keeps the shape and the mask."""

    supports_masking = True

    def __init__(self, function: Any, **options: Any) -> None:
        super().__init__(function, **options)
        self.supports_masking = True

    @property
    def stem(self) -> str:
        """The prefix of a generated name."""
        return "activation"

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether the input has a mask."""
        return any(masked)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the input."""
        return previous_mask


class _ActivationWorkspace(Workspace):
    """Works in place if the previous layer does not need its output."""

    def __init__(self, layer: Activation, source: Signal, training: bool) -> None:
        self.source = source
        self.features = source.features
        self.mask = source.mask
        # The input of a model is not overwritten: later passes may read it again.
        self.in_place = not source.needs_output
        shape = (*source.output.shape[:-1], self.features)
        self.output = source.output if self.in_place else empty(shape, layer.dtype)
        if training:
            in_place = self.in_place and source.doutput is not None
            self.doutput = source.doutput if in_place else zeros(shape, layer.dtype)
        self._steps = Applied(layer.activation, self.rows, self.drows, self.features)
        self.applied = self._steps

    def forward(self, training: bool) -> None:
        if not self.in_place:
            n = self.features
            np.copyto(self.output[..., :n], self.source.output[..., :n])
        self._steps.forward(training)

    def backward(self) -> None:
        self._steps.backward()
        dx = self.source.doutput
        if dx is not None and dx is not self.doutput:
            assert self.doutput is not None
            n = self.features
            np.copyto(dx[..., :n], self.doutput[..., :n])


def activation_stages(kernel: activations.Kernel, source: Stage) -> list[Stage]:
    """Return the stages of a stream that apply `kernel` to the outputs of `source`."""
    if kernel is activations.LINEAR:
        return []
    sizes = source.features, source.streams, source.steps, source.dtype
    return [core.stage(kernel.name, quietly(kernel.forward), not source.needs_output, *sizes)]
