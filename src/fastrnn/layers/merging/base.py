"""The base of layers that merge tensors element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastrnn.layers.layer import Layer
from fastrnn.layers.shapes import Shape
from fastrnn.workspace import Array


class Merge(Layer):
    """Base of the layers that merge tensors element by element.

    Called on a list of tensors, which are broadcast as in NumPy; a tensor with fewer axes gets new
    ones after the batch.  A step of the output is unmasked if it is unmasked in any input; if an
    input has no mask, the output has none.

    Parameters
    ----------
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> issubclass(Add, Merge) and issubclass(Multiply, Merge)
    True
    """

    takes_several = True
    supports_masking = True
    is_per_step = True

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the broadcast shape of the inputs."""
        rank = max(len(shape) for shape in input_shape)
        found: list[int | None] = []
        for place in range(1, rank):
            extents = {shape[place - rank] for shape in input_shape if rank - place < len(shape)}
            known = extents - {None, 1}
            if len(known) > 1:
                raise ValueError(
                    f"{self.name} got inputs of the shapes {list(input_shape)}; they should be "
                    "equal, but for axes of 1"
                )
            # An unknown extent may be 1, so a known one above 1 determines the result.
            found.append(known.pop() if known else None if None in extents else 1)
        return (input_shape[0][0], *found)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether all inputs have a mask."""
        return all(masked)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of steps that are unmasked in any input."""
        return np.logical_or.reduce(previous_mask)

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Merge one input after the other."""
        raise NotImplementedError

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return a gradient for each input."""
        raise NotImplementedError


def aligned(inputs: Sequence[Array]) -> list[Array]:
    """Return arrays with equal numbers of axes, by inserting axes of size 1 after the batch."""
    rank = max(array.ndim for array in inputs)
    return [a.reshape(len(a), *[1] * (rank - a.ndim), *a.shape[1:]) for a in inputs]


def summed(gradient: Array, like: Array) -> Array:
    """Return a gradient summed over broadcast axes, in the shape of an input."""
    (whole, _) = aligned([like, gradient])
    axes = tuple(
        place for place, n in enumerate(whole.shape) if n == 1 and gradient.shape[place] != 1
    )
    total: Array = gradient.sum(axis=axes, keepdims=True)
    return total.reshape(like.shape)


def spread(mask: Array, array: Array) -> Array:
    """Return a mask with axes of size 1 for the array's further axes."""
    return mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))
