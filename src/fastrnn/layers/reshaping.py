"""Layers that put the numbers of a sample in another order or shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer, positive
from fastrnn.layers.symbolic import Shape

Array = NDArray[Any]


def require_rank(layer: Layer, shape: Shape, rank: int, should: str) -> None:
    """Raise ``ValueError`` unless a shape, batch included, has so many axes."""
    if len(shape) != rank:
        raise ValueError(f"{layer.name} got an input of shape {shape}; it should be {should}")


class RepeatVector(Layer):
    """One vector at every step: (None, features) becomes (None, n, features).

    Parameters
    ----------
    n : int
        How many steps.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.layers import Input, RepeatVector
    >>> RepeatVector(4)(Input((32,))).shape
    (None, 4, 32)
    """

    def __init__(self, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.n = positive(self, "n", n)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, n, features)."""
        require_rank(self, input_shape, 2, "(None, features)")
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs: Array) -> Array:
        """Repeat."""
        return np.broadcast_to(inputs[:, np.newaxis], (len(inputs), self.n, inputs.shape[1]))

    def backward(self, gradient: Array) -> Array:
        """Return the sum over the steps."""
        total: Array = gradient.sum(axis=1)
        return total

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "n": self.n}


class _Reordered(Layer):
    """Base of the layers whose gradient is their gradient in the shape of the input."""

    def call(self, inputs: Array) -> Array:
        """Give the numbers of each sample the shape of the output."""
        shape = self.compute_output_shape(inputs.shape)
        return inputs.reshape(len(inputs), *shape[1:])

    def backward(self, gradient: Array, inputs: Array) -> Array:
        """Return the gradient in the shape of the input."""
        return gradient.reshape(inputs.shape)


class Flatten(_Reordered):
    """All numbers of a sample in a row: (None, a, b, c) becomes (None, a · b · c).

    Parameters
    ----------
    data_format : {"channels_last"}, optional
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(self, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        channels_last(self, data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return (None, features)."""
        if None in input_shape[1:]:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; how many numbers a sample has "
                "should be known: give Input the number of steps"
            )
        return (input_shape[0], math.prod(n or 0 for n in input_shape[1:]))


class Reshape(_Reordered):
    """The numbers of a sample, in their order, in another shape.

    Parameters
    ----------
    target_shape : tuple of int
        Without the batch; one of them may be -1, which is as much as is needed.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.

    Examples
    --------
    >>> from fastrnn.layers import Input, Reshape
    >>> Reshape((-1, 4))(Input((12,))).shape
    (None, 3, 4)
    """

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        given: Any = [target_shape] if isinstance(target_shape, int) else target_shape
        if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
            raise TypeError(f"target_shape of Reshape is {target_shape!r}; it should be a tuple")
        self.target_shape = tuple(
            positive(self, "target_shape", n) if n != -1 else -1 for n in given
        )
        if self.target_shape.count(-1) > 1 or not self.target_shape:
            raise ValueError(
                f"target_shape of Reshape is {self.target_shape}; it should have one extent or "
                "more, and at most one of -1"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the target shape, with -1 worked out."""
        known = math.prod(n for n in self.target_shape if n != -1)
        if None in input_shape[1:]:
            # One open extent is what is left; without -1 only the data will tell whether it fits.
            found = [None if n == -1 else n for n in self.target_shape]
            if found[-1] is None:
                raise ValueError(
                    f"{self.name} got an input of shape {input_shape}, so its last extent would be "
                    f"unknown; target_shape is {self.target_shape}"
                )
            return (input_shape[0], *found)
        size = math.prod(n or 0 for n in input_shape[1:])
        if size % known or (size != known and -1 not in self.target_shape):
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}, {size} numbers a sample; "
                f"they do not fit target_shape {self.target_shape}"
            )
        return (input_shape[0], *(size // known if n == -1 else n for n in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "target_shape": list(self.target_shape)}


class Permute(Layer):
    """The axes of a sample in another order.

    Parameters
    ----------
    dims : tuple of int
        Which axis stands where, counted from 1: (2, 1) exchanges time and features.
    **options :
        `name`, `dtype`, `input_shape` of :class:`~fastrnn.layers.Layer`.
    """

    def __init__(self, dims: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(int(place) for place in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"dims of Permute is {tuple(dims)}; it should have each number from 1 on once"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the extents in the other order."""
        require_rank(self, input_shape, len(self.dims) + 1, f"of {len(self.dims) + 1} axes")
        shape = (input_shape[0], *(input_shape[place] for place in self.dims))
        if shape[-1] is None:
            raise ValueError(
                f"{self.name} got an input of shape {input_shape}; the axis that becomes the "
                "last should be known"
            )
        return shape

    def call(self, inputs: Array) -> Array:
        """Exchange axes."""
        return inputs.transpose(0, *self.dims)

    def backward(self, gradient: Array) -> Array:
        """Exchange them back."""
        return gradient.transpose(np.argsort((0, *self.dims)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that would make this layer again."""
        return {**super().get_config(), "dims": list(self.dims)}


def channels_last(layer: Layer, data_format: Any) -> None:
    """Raise ``ValueError`` unless features stand last."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"data_format of {type(layer).__name__} is {data_format!r}; it should be "
            "'channels_last': use Permute to move the features to the end"
        )
