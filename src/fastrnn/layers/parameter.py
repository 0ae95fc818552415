"""Weights of layers, and the flat vectors that hold a model's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn._core import optimizer as core
from fastrnn._core.memory import aligned_zeros, padded

Array = NDArray[Any]


class Parameter:
    """One weight of a layer, in Keras's shape.

    Attributes
    ----------
    name : str
        ``"kernel"``, ``"bias"``...; unique within its layer.
    value : ndarray
        A view of a flat vector.  It may be replaced by a view of another vector with the same
        content, so ask for it again instead of keeping it.
    store : ParameterVector
        What `value` is a view of.
    gates : tuple of int, or None
        Where the gates stand in Keras's arrays: the k-th of the equal blocks that the last axis has
        there is block ``gates[k]`` of `value`.  None: the order is the same.

    Notes
    -----
    `value`, `gradient` and the files of :meth:`fastrnn.models.Model.save` have the gates in the
    order of the core.  What users hand over and get back, in ``get_weights``, ``set_weights`` and
    ``compute_gradients``, has them in Keras's: :meth:`to_keras` and :meth:`from_keras` stand
    between the two.
    """

    __slots__ = ("gates", "name", "store", "value")

    def __init__(self, name: str, value: Array, gates: tuple[int, ...] | None = None) -> None:
        self.name = name
        self.value = value
        self.gates = gates
        ParameterVector([self])

    store: ParameterVector

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight."""
        return self.value.shape

    @property
    def gradient(self) -> Array:
        """View of the flat gradient, in the shape of the weight."""
        return self.store.gradient_of(self)

    def to_keras(self, array: Array) -> Array:
        """Return a copy of an array like `value`, with the gates in Keras's order."""
        return array.copy() if self.gates is None else reordered(array, self.gates)

    def from_keras(self, array: Array) -> Array:
        """Return a copy of an array in Keras's order, with the gates in the order of `value`."""
        if self.gates is None:
            return array.copy()
        return reordered(array, tuple(map(self.gates.index, range(len(self.gates)))))

    def __repr__(self) -> str:
        return f"<Parameter {self.name} {self.shape} {self.value.dtype}>"


class ParameterVector:
    """All weights of a model in one vector, and their gradients in another of the same layout.

    Every weight starts a cache line.  What lies between two weights is zero in both vectors, so an
    optimizer may run over the whole vector in one call.

    Parameters
    ----------
    parameters : sequence of Parameter
        All of one dtype.  Their values move here: afterwards they are views of this vector.
    behind : int, default 0
        How many numbers `sums` has behind the gradients.

    Attributes
    ----------
    values, gradients : ndarray of shape (n,)
    sums : ndarray of shape (n + behind,)
        The gradients and, in the same piece of memory, what processes sum together with them.
    bounds : ndarray of intp, shape (parameters + 1,)
        Where each weight begins, and the end of the last.
    """

    def __init__(self, parameters: Sequence[Parameter], behind: int = 0) -> None:
        self.parameters = tuple(parameters)
        self._behind = behind
        dtype: DTypeLike = parameters[0].value.dtype if parameters else np.float32
        self._starts: list[int] = []
        size = 0
        for parameter in parameters:
            self._starts.append(size)
            size += padded(parameter.value.size, dtype) if parameter.value.size else 0
        self.values: Array = aligned_zeros(size, dtype)
        self.bounds: Array = np.array([*self._starts, size], np.intp)
        self._sums: Array | None = None
        for parameter, view in zip(self.parameters, self.views(self.values), strict=True):
            view[...] = parameter.value
            parameter.value = view
            parameter.store = self

    @property
    def sums(self) -> Array:
        """The gradients and what stands behind them; allocated when first asked for."""
        if self._sums is None:
            self._sums = aligned_zeros(self.values.size + self._behind, self.values.dtype)
        return self._sums

    @property
    def gradients(self) -> Array:
        """The gradient vector; allocated when it is first asked for."""
        return self.sums[: self.values.size]

    def gradients_are_finite(self) -> bool:
        """Return whether no gradient is infinite or NaN: one pass, a fraction of an update's."""
        return core.all_finite(self.gradients)

    def views(self, vector: Array) -> list[Array]:
        """Return the piece of `vector` that belongs to each parameter, in its shape."""
        return [
            vector[start : start + parameter.value.size].reshape(parameter.shape)
            for parameter, start in zip(self.parameters, self._starts, strict=True)
        ]

    def gradient_of(self, parameter: Parameter) -> Array:
        """Return the piece of the gradient that belongs to `parameter`, in its shape."""
        for candidate, start in zip(self.parameters, self._starts, strict=True):
            if candidate is parameter:
                piece = self.gradients[start : start + parameter.value.size]
                return piece.reshape(parameter.shape)
        raise KeyError(f"{parameter!r} is not part of this vector")

    def holds(self, parameters: Sequence[Parameter]) -> bool:
        """Return whether these are exactly the parameters that live here."""
        return len(parameters) == len(self.parameters) and all(
            ours is theirs and theirs.store is self
            for ours, theirs in zip(self.parameters, parameters, strict=True)
        )


def reordered(array: Array, gates: tuple[int, ...]) -> Array:
    """Return an array whose k-th block of columns is block ``gates[k]`` of `array`."""
    blocks = np.split(array, len(gates), axis=-1)
    return np.concatenate([blocks[gate] for gate in gates], axis=-1)


def assign(
    parameters: Sequence[Parameter], weights: Sequence[ArrayLike], names: Sequence[str]
) -> None:
    """Replace weights: all of them, or none if one does not fit.

    Parameters
    ----------
    parameters : sequence of Parameter
    weights : sequence of array_like
        One for each, in the same order, with the gates in Keras's.
    names : sequence of str
        What errors call them.

    Raises
    ------
    ValueError
        If there are too few or too many, or a shape is not the weight's.
    TypeError
        If one does not hold real numbers.
    """
    if len(weights) != len(parameters):
        raise ValueError(
            f"weights holds {len(weights)} arrays; it should hold {len(parameters)}: "
            + ", ".join(f"{n} {p.shape}" for n, p in zip(names, parameters, strict=True))
        )
    arrays = []
    for name, parameter, weight in zip(names, parameters, weights, strict=True):
        array = np.asarray(weight)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} was given {array.dtype}; it should be real numbers")
        if array.shape != parameter.shape:
            raise ValueError(
                f"{name} was given shape {array.shape}; it should be {parameter.shape}"
            )
        # A copy, since a weight may be given as a view of another.
        arrays.append(parameter.from_keras(array).astype(parameter.value.dtype))
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.value[...] = array
