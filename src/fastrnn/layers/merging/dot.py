"""Dot products of two tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.checks import axis_of
from fastrnn.layers.layer import Layer
from fastrnn.layers.merging.vectors import SHORTEST, as_rows, lengths_of
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Dot(Layer):
    """Dot products of two tensors along an axis of each, for each sample.

    Parameters
    ----------
    axes : int, or pair of int
        The axis of both, or of each; not the batch.  (batch, 3, 5) and (batch, 10, 3) with
        ``axes=(1, 2)`` give (batch, 5, 10); two vectors give (batch, 1).
    normalize : bool, default False
        Whether to normalize the vectors along the axes first, so that the result is the cosine
        similarity.
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask.

    Examples
    --------
    >>> Dot(axes=1)([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])])
    array([[11.]], dtype=float32)
    """

    takes_several = True
    supports_masking = True

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        pair = [axes, axes] if isinstance(axes, (int, np.integer)) else list(axes)
        if len(pair) != 2:
            raise ValueError(f"axes of Dot is {axes!r}; it should be an integer or a pair of them")
        self._axes = [axis_of(self, axis) for axis in pair]
        self.axes = self._axes[0] if isinstance(axes, (int, np.integer)) else tuple(self._axes)
        self.normalize = bool(normalize)

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless there are two."""
        if len(shapes) != 2:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes two, in a list")

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the axes left of both shapes, the first's first; (None, 1) if none is left."""
        left: list[int | None] = []
        extents = []
        for shape, axis in zip(input_shape, self._axes, strict=True):
            at = axis % len(shape) if -len(shape) <= axis < len(shape) else 0
            extents.append(shape[at] if at else 0)
            left += [n for place, n in enumerate(shape) if place not in (0, at)]
        if 0 in extents or len(set(extents) - {None}) > 1:
            raise ValueError(
                f"{self.name} got inputs of the shapes {list(input_shape)}; along the axes "
                f"{self._axes}, which should not be that of the batch, they should be equal"
            )
        return (input_shape[0][0], *(left or [1]))

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return False."""
        return False

    def call(self, inputs: Sequence[Array], kept: dict[str, Any]) -> Array:
        """Compute the products."""
        kept["rows"] = [as_rows(x, a) for x, a in zip(inputs, self._axes, strict=True)]
        kept["lengths"] = [lengths_of(rows) for rows in kept["rows"]]
        if self.normalize:
            kept["rows"] = [r / n for r, n in zip(kept["rows"], kept["lengths"], strict=True)]
        one, other = kept["rows"]
        left = [np.delete(x.shape, a)[1:] for x, a in zip(inputs, self._axes, strict=True)]
        shape = [int(n) for n in (*left[0], *left[1])]
        product: Array = np.matmul(one, other.swapaxes(1, 2))
        return product.reshape(len(one), *(shape or [1]))

    def backward(self, gradient: Array, inputs: Sequence[Array], kept: Any) -> list[Array]:
        """Return the gradients of both inputs."""
        one, other = kept["rows"]
        dy = gradient.reshape(len(one), one.shape[1], other.shape[1])
        found = []
        parts = (np.matmul(dy, other), np.matmul(dy.swapaxes(1, 2), one))
        for place, (x, rows, drows) in enumerate(zip(inputs, kept["rows"], parts, strict=True)):
            if self.normalize:
                lengths = kept["lengths"][place]
                along = (drows * rows).sum(axis=-1, keepdims=True) * (lengths > SHORTEST)
                drows = (drows - rows * along) / lengths
            axis = self._axes[place] % x.ndim
            shape = [n for at, n in enumerate(x.shape) if at != axis]
            found.append(np.moveaxis(drows.reshape(*shape, -1), -1, axis))
        return found

    def get_config(self) -> dict[str, Any]:
        """Return the constructor arguments of this layer."""
        axes = self.axes if isinstance(self.axes, int) else list(self.axes)
        return {**super().get_config(), "axes": axes, "normalize": self.normalize}


def dot(inputs: Sequence[Any], axes: int | Sequence[int], **options: Any) -> Any:
    """Return :class:`Dot` of two tensors or arrays.

    Examples
    --------
    >>> dot([np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])], axes=1)
    array([[11.]], dtype=float32)
    """
    return Dot(axes, **options)(list(inputs))
