"""Softmax over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.checks import axis_of
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Softmax(Layer):
    """exp(x) / Σ exp(x) over an axis, or over several.

    Parameters
    ----------
    axis : int or sequence of int, default -1
        Not the batch; 1 for a softmax over the steps of a sequence.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The mask is passed on, but masked steps are included in the softmax.

    Examples
    --------
    >>> Softmax()(np.array([[-1.0, 0.0, 2.0]], np.float32)).round(3)
    array([[0.042, 0.114, 0.844]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **options: Any) -> None:
        super().__init__(**options)
        given = axis if isinstance(axis, (list, tuple)) else [axis]
        self.axis = tuple(axis_of(self, one) for one in given)

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it computes each step independently."""
        return self.axis == (-1,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        rank = len(input_shape)
        if any(axis % rank == 0 or not -rank < axis < rank for axis in self.axis):
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; axis is {list(self.axis)}, "
                "which should be axes behind the batch"
            )
        return input_shape

    def call(self, inputs: Array) -> Array:
        """Apply it."""
        shares = np.exp(inputs - inputs.max(axis=self.axis, keepdims=True))
        found: Array = shares / shares.sum(axis=self.axis, keepdims=True)
        return found

    def backward(self, gradient: Array, output: Array) -> Array:
        """Return the gradient of the input."""
        along = (gradient * output).sum(axis=self.axis, keepdims=True)
        found: Array = output * (gradient - along)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        axis = self.axis[0] if len(self.axis) == 1 else list(self.axis)
        return {**super().get_config(), "axis": axis}
