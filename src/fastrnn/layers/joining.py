"""Layers that join tensors along an axis: side by side, or by the sum of products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape

Array = NDArray[Any]

#: Below this, the length of a vector is not divided by (Keras's value).
SHORTEST = 1e-7


class Concatenate(Layer):
    """Several tensors side by side.

    Parameters
    ----------
    axis : int, default -1
        Along which they are joined; not that of the batch.  The others should be equal.
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    Along the features, a step counts if it counts in any input; along the time, masks are joined
    too.  An input without a mask counts at every step.

    Examples
    --------
    >>> from fastrnn.layers import Input, concatenate
    >>> concatenate([Input((5, 3)), Input((5, 4))]).shape
    (None, 5, 7)
    """

    takes_several = True
    supports_masking = True

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis_of(self, axis)

    @property
    def is_per_step(self) -> bool:  # type: ignore[override]
        """Whether it joins the features of every step."""
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
        # What is open in one input and known in another is known.
        found = [
            next((shape[at] for shape in input_shape if shape[at] is not None), None)
            for at in range(rank)
        ]
        found[axis] = None if None in joined else sum(n or 0 for n in joined)
        return (input_shape[0][0], *found[1:])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the masks joined as the inputs are."""
        masks = [
            np.ones(array.shape[:2], np.bool_) if mask is None else mask
            for array, mask in zip(inputs, previous_mask, strict=True)
        ]
        if self.axis % inputs[0].ndim == 1:
            return np.concatenate(masks, axis=1)
        return np.logical_or.reduce(masks)

    def call(self, inputs: Sequence[Array]) -> Array:
        """Join."""
        return np.concatenate(inputs, axis=self.axis)

    def backward(self, gradient: Array, inputs: Sequence[Array]) -> list[Array]:
        """Return the part of the gradient that belongs to each input."""
        ends = np.cumsum([array.shape[self.axis] for array in inputs])[:-1]
        return np.split(gradient, ends, axis=self.axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "axis": self.axis}


class Dot(Layer):
    """Sums of products of two tensors along an axis of each, sample by sample.

    Parameters
    ----------
    axes : int, or pair of int
        Along which axis of both, or of each; not that of the batch.  Of (batch, 3, 5) and
        (batch, 10, 3) with ``axes=(1, 2)`` comes (batch, 5, 10); of two vectors (batch, 1).
    normalize : bool, default False
        Whether to divide the vectors along the axes by their length first: the result is the cosine
        of their angle then.
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.

    Notes
    -----
    The output has no mask.
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
        """Return what is left of both shapes, the first one's in front; (None, 1) if nothing is."""
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
        """Multiply and add up."""
        kept["rows"] = [_as_rows(x, a) for x, a in zip(inputs, self._axes, strict=True)]
        kept["lengths"] = [_lengths(rows) for rows in kept["rows"]]
        if self.normalize:
            kept["rows"] = [r / n for r, n in zip(kept["rows"], kept["lengths"], strict=True)]
        one, other = kept["rows"]
        left = [np.delete(x.shape, a)[1:] for x, a in zip(inputs, self._axes, strict=True)]
        shape = [int(n) for n in (*left[0], *left[1])]
        product: Array = np.matmul(one, other.swapaxes(1, 2))
        return product.reshape(len(one), *(shape or [1]))

    def backward(
        self, gradient: Array, inputs: Sequence[Array], kept: dict[str, Any]
    ) -> list[Array]:
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
        """Return the arguments that would make this layer again."""
        axes = self.axes if isinstance(self.axes, int) else list(self.axes)
        return {**super().get_config(), "axes": axes, "normalize": self.normalize}


def _as_rows(array: Array, axis: int) -> Array:
    """Return (batch, rest, extent of the axis)."""
    moved = np.moveaxis(array, axis, -1)
    return moved.reshape(len(moved), -1, moved.shape[-1])


def _lengths(rows: Array) -> Array:
    found: Array = np.maximum(
        np.sqrt((rows * rows).sum(axis=-1, keepdims=True)), rows.dtype.type(SHORTEST)
    )
    return found


def axis_of(layer: Layer, axis: Any) -> int:
    """Return an axis as an int, or say what it should be."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis of {type(layer).__name__} is {axis!r}; it should be an integer")
    return int(axis)


def concatenate(inputs: Sequence[Any], axis: int = -1, **options: Any) -> Any:
    """Return :class:`Concatenate` of a list of tensors or arrays."""
    return Concatenate(axis, **options)(list(inputs))


def dot(inputs: Sequence[Any], axes: int | Sequence[int], **options: Any) -> Any:
    """Return :class:`Dot` of two tensors or arrays."""
    return Dot(axes, **options)(list(inputs))
