"""An activation as a layer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastrnn import activations
from fastrnn._core.stage import Stage
from fastrnn.layers.activation_workspace import ActivationWorkspace, activation_stages
from fastrnn.layers.function_kernel import own_function
from fastrnn.layers.lambda_ import Lambda
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Signal, Workspace


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
        """Return the layer; a function of the user's own may use all of the array."""
        own = own_function(activation) if cls is Activation else None
        if own is not None:
            return FunctionActivation(own, **options)
        return super().__new__(cls)

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def workspace(self, source: Signal, training: bool, *others: Signal) -> Workspace:
        """Return buffers for batches of the shape of ``source.output``."""
        return ActivationWorkspace(self.activation, self.dtype, source, training)

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
