"""The parametric rectified linear unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn import initializers
from fastrnn.layers.checks import axis_of
from fastrnn.layers.elementwise.base import Elementwise
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class PReLU(Elementwise):
    """x for positive x, else a trained slope times x.

    Parameters
    ----------
    alpha_initializer : default "zeros"
        For the slopes, ``alpha``, of the shape of a sample.
    shared_axes : int or sequence of int, optional
        Axes along which the slopes are shared; 1, the time axis, for sequences of any length.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> PReLU()(np.array([[-1.0, 0.0, 2.0]], np.float32)).round(3)
    array([[-0.,  0.,  2.]], dtype=float32)
    """

    takes_open_extents = False

    def __init__(
        self,
        alpha_initializer: initializers.Identifier = "zeros",
        shared_axes: int | Sequence[int] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        given = shared_axes if isinstance(shared_axes, (list, tuple)) else [shared_axes]
        self.shared_axes = [axis_of(self, axis) for axis in given if axis is not None]

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it computes each step independently."""
        return not self.built or all(extent == 1 for extent in self.parameters[0].shape[:-1])

    def build(self, input_shape: Shape) -> None:
        """Create the slopes."""
        rank = len(input_shape)
        shared = {axis % rank for axis in self.shared_axes}
        shape = tuple(1 if axis in shared else input_shape[axis] for axis in range(1, rank))
        if None in shape:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; shared_axes should name the "
                "axes of no known extent, such as [1]"
            )
        sizes: Any = shape
        self.add_parameter("alpha", sizes, self.alpha_initializer)

    def call(self, inputs: Array) -> Any:
        """Apply it."""
        return inputs * self.slope(inputs)

    def slope(self, inputs: Array) -> Any:
        """Return 1 for positive x, else the slope."""
        return np.where(inputs >= 0, inputs.dtype.type(1), self._spread(inputs))

    def _spread(self, inputs: Array) -> Array:
        """Return the slopes with the axes of the input; in a stream, without the time axis."""
        alpha = self.parameters[0].value
        return alpha.reshape(alpha.shape[alpha.ndim - (inputs.ndim - 1) :])

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient of the input."""
        alpha = self.parameters[0]
        share = gradient * np.minimum(inputs, 0)
        spread = np.broadcast_to(self._spread(inputs), inputs.shape[1:]).shape
        shape = (1,) * (len(spread) - alpha.value.ndim) + alpha.shape
        axes = tuple(axis + 1 for axis, extent in enumerate(shape) if extent == 1)
        total = share.sum(axis=(0, *axes), keepdims=False)
        alpha.gradient[...] = total.reshape(alpha.shape)
        found: Array = gradient * self.slope(inputs)
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "shared_axes": self.shared_axes or None,
        }
