"""Layers that put several tensors together, and their functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastrnn.layers.layer import Layer
from fastrnn.layers.symbolic import Shape

Array = NDArray[Any]


class Merge(Layer):
    """Base of the layers that put tensors together element by element.

    Called on a list of tensors.  Axes of one extent are repeated as in NumPy, and a tensor with
    fewer axes is repeated over those behind the batch.  A step of the output counts if it counts in
    any of the inputs; if one input has no mask, neither has the output.

    Parameters
    ----------
    **options :
        `name`, `dtype` of :class:`~fastrnn.layers.Layer`.
    """

    takes_several = True
    supports_masking = True
    is_per_step = True

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        """Return the shape that all inputs are repeated to."""
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
            # An open extent may be 1, so a known one above 1 decides.
            found.append(known.pop() if known else None if None in extents else 1)
        return (input_shape[0][0], *found)

    def carries_mask(self, masked: Sequence[bool]) -> bool:
        """Return whether all inputs have a mask."""
        return all(masked)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return where any of the inputs counts."""
        return np.logical_or.reduce(previous_mask)

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Merge one input after the other."""
        raise NotImplementedError

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return a gradient for each input."""
        raise NotImplementedError


def _aligned(inputs: Sequence[Array]) -> list[Array]:
    """Return arrays of one number of axes, with axes of 1 behind the batch."""
    rank = max(array.ndim for array in inputs)
    return [a.reshape(len(a), *[1] * (rank - a.ndim), *a.shape[1:]) for a in inputs]


def _summed(gradient: Array, like: Array) -> Array:
    """Return a gradient with what was repeated added up, in the shape of an input."""
    (aligned, _) = _aligned([like, gradient])
    axes = tuple(
        place for place, n in enumerate(aligned.shape) if n == 1 and gradient.shape[place] != 1
    )
    total: Array = gradient.sum(axis=axes, keepdims=True)
    return total.reshape(like.shape)


class _Linear(Merge):
    """A sum with a factor for each input."""

    def factors(self, count: int) -> Sequence[float]:
        """Return the factors of so many inputs."""
        return [1.0] * count

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Add up."""
        first, *others = _aligned(inputs)
        factors = self.factors(len(inputs))
        total: Array = first * first.dtype.type(factors[0])
        for factor, array in zip(factors[1:], others, strict=True):
            total = total + array * array.dtype.type(factor)
        return total

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient times each factor."""
        factors = self.factors(len(inputs))
        return [
            _summed(gradient * gradient.dtype.type(factor), array)
            for factor, array in zip(factors, inputs, strict=True)
        ]


class Add(_Linear):
    """The sum of its inputs.

    Examples
    --------
    >>> from fastrnn.layers import Add, Input
    >>> Add()([Input((5, 3)), Input((3,))]).shape
    (None, 5, 3)
    """


class Subtract(_Linear):
    """The first of two inputs minus the second."""

    def check_inputs(self, shapes: Sequence[Shape]) -> None:
        """Raise ``ValueError`` unless there are two."""
        if len(shapes) != 2:
            raise ValueError(f"{self.name} got {len(shapes)} inputs; it takes two, in a list")

    def factors(self, count: int) -> Sequence[float]:
        """Return 1 and -1."""
        return [1.0, -1.0]


class Average(_Linear):
    """The mean of its inputs."""

    def factors(self, count: int) -> Sequence[float]:
        """Return one divided by how many there are, for each."""
        return [1.0 / count] * count


class Multiply(Merge):
    """The product of its inputs; a step that a mask leaves out of one of them is a one there."""

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Multiply."""
        product = self._product(inputs, mask)
        if all(one is not None for one in mask):
            np.multiply(product, np.expand_dims(np.logical_or.reduce(mask), -1), out=product)
        return product

    def _product(self, inputs: Sequence[Array], mask: Any, without: int | None = None) -> Array:
        product: Any = np.ones((), inputs[0].dtype)
        for place, (array, counts) in enumerate(zip(_aligned(inputs), mask, strict=True)):
            if place != without:
                product = product * (array if counts is None else _ones_where(~counts, array))
        found: Array = product
        return found

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient times the product of the others."""
        if all(one is not None for one in mask):
            gradient = gradient * np.expand_dims(np.logical_or.reduce(mask), -1)
        found = []
        for place, (array, counts) in enumerate(zip(inputs, mask, strict=True)):
            share = gradient * self._product(inputs, mask, without=place)
            if counts is not None:
                share = share * np.expand_dims(counts, -1)
            found.append(_summed(share, array))
        return found


def _ones_where(ignored: Array, array: Array) -> Array:
    return np.where(_spread(ignored, array), array.dtype.type(1), array)


def _spread(mask: Array, array: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))


class _Extreme(Merge):
    """The largest or smallest of the inputs, of those that count at a step."""

    function: np.ufunc

    def call(self, inputs: Sequence[Array], mask: Any) -> Array:
        """Compare."""
        aligned = _aligned(inputs)
        result, counts = aligned[0], mask[0]
        for array, other in zip(aligned[1:], mask[1:], strict=True):
            one, two = result, array
            if other is not None:
                two = np.where(_spread(other, two), two, one)
            if counts is not None:
                one = np.where(_spread(counts, one), one, two)
            counts = None if counts is None or other is None else counts | other
            result = self.function(one, two)
        found: Array = result
        return found

    def backward(self, gradient: Array, inputs: Sequence[Array], mask: Any, output: Array) -> Any:
        """Return the gradient where an input is the output; equal ones share it."""
        chosen = []
        for array, counts in zip(_aligned(inputs), mask, strict=True):
            same = array == output
            chosen.append(same if counts is None else same & _spread(counts, same))
        total = np.maximum(sum(one.astype(gradient.dtype) for one in chosen), 1)
        return [
            _summed(one * gradient / total, array)
            for one, array in zip(chosen, inputs, strict=True)
        ]


class Maximum(_Extreme):
    """The largest of its inputs; their gradients are shared where several are largest."""

    function = np.maximum


class Minimum(_Extreme):
    """The smallest of its inputs; their gradients are shared where several are smallest."""

    function = np.minimum


def add(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Add` of a list of tensors or arrays."""
    return Add(**options)(list(inputs))


def subtract(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Subtract` of two tensors or arrays."""
    return Subtract(**options)(list(inputs))


def multiply(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Multiply` of a list of tensors or arrays."""
    return Multiply(**options)(list(inputs))


def average(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Average` of a list of tensors or arrays."""
    return Average(**options)(list(inputs))


def maximum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Maximum` of a list of tensors or arrays."""
    return Maximum(**options)(list(inputs))


def minimum(inputs: Sequence[Any], **options: Any) -> Any:
    """Return :class:`Minimum` of a list of tensors or arrays."""
    return Minimum(**options)(list(inputs))
