"""Concatenation of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.checks import axis_of
from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Concatenate(Layer):
    """The concatenation of its inputs.

    Parameters
    ----------
    axis : int, default -1
        Axis of the concatenation, not the batch; the other axes must be equal.
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    When features are concatenated, a step is unmasked if it is unmasked in any input; when steps
    are, masks are concatenated too.  An input without a mask counts as unmasked.

    Examples
    --------
    >>> from fastrnn.layers import Input, concatenate
    >>> concatenate([Input((5, 3)), Input((5, 4))]).shape
    (None, 5, 7)
    """

    takes_several = True
    supports_masking = True
    _arguments = ("axis",)

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis_of(self, axis)

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it concatenates features, at each step."""
        return self.axis == -1

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape of all inputs, with the sum of their extents along the axis."""
        rank = len(input_shape[0])
        axis = self.axis % rank if -rank <= self.axis < rank else 0
        others = [[n for at, n in enumerate(shape) if at not in (0, axis)] for shape in input_shape]
        fits = axis and all(len(shape) == rank for shape in input_shape)
        if not fits or any(len(set(n) - {None}) > 1 for n in zip(*others, strict=True)):
            raise ValueError(
                f"{self.name} got inputs of the shapes {list(input_shape)}; they should be equal, "
                f"but for axis {self.axis}, which should not be that of the batch"
            )
        joined = [shape[axis] for shape in input_shape]
        # An extent that is known in one input is known.
        found = [
            next((shape[at] for shape in input_shape if shape[at] is not None), None)
            for at in range(rank)
        ]
        found[axis] = None if None in joined else sum(n or 0 for n in joined)
        return (input_shape[0][0], *found[1:])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the concatenated masks."""
        masks = [
            np.ones(array.shape[:2], np.bool_) if mask is None else mask
            for array, mask in zip(inputs, previous_mask, strict=True)
        ]
        if self.axis % inputs[0].ndim == 1:
            return np.concatenate(masks, axis=1)
        return np.logical_or.reduce(masks)

    def call(self, inputs: Sequence[Array]) -> Array:
        """Concatenate."""
        return np.concatenate(inputs, axis=self.axis)

    def backward(self, gradient: Array, inputs: Sequence[Array]) -> list[Array]:
        """Return the part of the gradient that belongs to each input."""
        ends = np.cumsum([array.shape[self.axis] for array in inputs])[:-1]
        return np.split(gradient, ends, axis=self.axis)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Return :class:`Concatenate` of a list of tensors or arrays.

    Examples
    --------
    >>> concatenate([np.ones((2, 10, 3)), np.zeros((2, 10, 1))]).shape
    (2, 10, 4)
    """
    return Concatenate(axis, **options)(list(inputs))
