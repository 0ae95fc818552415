"""Weights of layers, where they live, and the flat vectors in which a training changes them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from fastrnn._core import optimizer as core
from fastrnn._core.memory import aligned_zeros, padded
from fastrnn.arguments import as_array, fitting
from fastrnn.arithmetic import quietly
from fastrnn.constraints import Constraint
from fastrnn.differentiation import Operand, apply, apply_ufunc, item
from fastrnn.regularizers import Regularizer

Array = NDArray[Any]

# Threads that predict at once with a new model all want its weights settled.
_settling = threading.RLock()


class Key:
    """Identifies a weight where the weight itself is not available.

    An optimizer knows its slots by the keys of weights, so that a copy of an optimizer holds no
    weights.  Weights of a copied model have keys of their own, and so has its optimizer.
    """

    __slots__ = ()


class Freezing:
    """Has another version after every change of what is trainable.

    A training compares `version` at each step, so that it costs next to nothing to see a change.
    A version is an object of its own.  Of counts, two threads that add one at once might make the
    same.
    """

    version: object = object()


class Parameter(Operand):
    """One weight of a layer, in Keras's shape.

    Parameters
    ----------
    name : str
        ``"kernel"``, ``"bias"``...; unique within its layer.
    value : ndarray
        Its first value, which is copied.
    trainable : bool, default True
        False for what no training should change even where its layer is trainable.
    gates : tuple of int, optional
        Where the gates stand in Keras's arrays: the k-th of the equal blocks that the last axis has
        there is block ``gates[k]`` of `value`.  The order is the same if it is left out.

    Attributes
    ----------
    key : Key
        What an optimizer knows it by.
    regularizer : Regularizer or None
        What a training adds to its loss for it.
    constraint : Constraint or None
        What a training makes of it after every step.

    Notes
    -----
    A weight has its own memory until :func:`settle` moves it, together with the other weights of a
    model, into one vector.  That happens once, before anything computes with it: from then on
    `value` is the same piece of memory for as long as the weight lives, in whatever models its
    layer stands.

    `value`, `gradient` and the files of :meth:`fastrnn.models.Model.save` have the gates in the
    order of the core.  What users hand over and get back, in ``get_weights``, ``set_weights`` and
    ``compute_gradients``, has them in Keras's: :meth:`to_keras` and :meth:`from_keras` stand
    between the two.

    A copy, by :mod:`copy` or :mod:`pickle`, is a new weight that has not settled.
    """

    __slots__ = (
        *("_gradient", "_home", "_start", "_trainable", "_value"),
        *("constraint", "gates", "key", "name", "regularizer"),
    )

    def __init__(
        self,
        name: str,
        value: Array,
        gates: tuple[int, ...] | None = None,
        trainable: bool = True,
    ) -> None:
        self.name = name
        self.gates = gates
        self.key = Key()
        self.regularizer: Regularizer | None = None
        self.constraint: Constraint | None = None
        self._trainable = bool(trainable)
        self._gradient: Array | None = None
        self._home: Array | None = None
        self._start = 0
        self._value: Array = aligned_zeros(value.shape, value.dtype)
        self._value[...] = value

    @property
    def value(self) -> Array:
        """The numbers.  Write into the array to change them; it cannot be replaced by another."""
        return self._value

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weight."""
        return self._value.shape

    @property
    def trainable(self) -> bool:
        """Whether a training may change it; see :attr:`fastrnn.layers.Layer.trainable`."""
        return self._trainable

    @property
    def gradient(self) -> Array:
        """Where a workspace that is made now should write the gradient, in the weight's shape.

        A piece of the gradients of the training that makes the workspace; see
        :meth:`ParameterVector.offer_gradients`.
        """
        if self._gradient is None:
            self._gradient = aligned_zeros(self.shape, self._value.dtype)
        return self._gradient

    def offer(self, gradient: Array) -> None:
        """Say where the gradient is to be written from now on."""
        self._gradient = gradient

    def to_keras(self, array: Array) -> Array:
        """Return a copy of an array like `value`, with the gates in Keras's order."""
        return array.copy() if self.gates is None else reordered(array, self.gates)

    def from_keras(self, array: Array) -> Array:
        """Return a copy of an array in Keras's order, with the gates in the order of `value`."""
        if self.gates is None:
            return array.copy()
        return reordered(array, tuple(map(self.gates.index, range(len(self.gates)))))

    def constrained(self) -> Array:
        """Return what the constraint makes of the value, with the gates in the order of `value`."""
        assert self.constraint is not None
        made = np.asarray(self.constraint(self.to_keras(self._value)))
        if made.shape != self.shape or made.dtype.kind not in "biuf":
            raise ValueError(
                f"the constraint of {self.name} returned an array of shape {made.shape} and "
                f"{made.dtype}; it should be {self.shape} and {self._value.dtype}"
            )
        return self.from_keras(made)

    def numpy(self) -> Array:
        """Return a copy of the value as Keras has it."""
        return self.to_keras(self.value)

    def assign(self, value: ArrayLike) -> None:
        """Replace the value by an array as Keras has it; it is copied."""
        assign([self], [value], [self.name])

    def __getstate__(self) -> dict[str, Any]:
        # What a training has beside the weight stays behind.
        return {
            "name": self.name,
            "key": self.key,
            "value": self._value,
            "gates": self.gates,
            "trainable": self._trainable,
            "regularizer": self.regularizer,
            "constraint": self.constraint,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(  # type: ignore[misc]
            state["name"], state["value"], state["gates"], state["trainable"]
        )
        self.key, self.regularizer = state["key"], state.get("regularizer")
        self.constraint = state.get("constraint")

    # In a layer that is written with NumPy's operations, a tape sees what is made of a weight.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return apply(function, args, options)

    def __getitem__(self, key: Any) -> Any:
        return apply(item, (self, key), {})

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Return the value, so that a weight can stand in NumPy's operations."""
        return np.array(self.value, dtype) if copy or dtype is not None else self.value

    def __repr__(self) -> str:
        return f"<Parameter {self.name} {self.shape} {self._value.dtype}>"


def settle(parameters: Iterable[Parameter]) -> None:
    """Move weights that have not settled yet into one new vector, in this order.

    Each begins a cache line, and what lies between two of them is zero.
    """
    with _settling:
        movers = [parameter for parameter in parameters if parameter._home is None]
        if not movers:
            return
        starts, size = _laid_out(movers)
        home: Array = aligned_zeros(size, movers[0].value.dtype)
        for parameter, start in zip(movers, starts, strict=True):
            view = _piece(home, start, parameter)
            view[...] = parameter._value
            parameter._value, parameter._home, parameter._start = view, home, start


def _laid_out(parameters: Sequence[Parameter]) -> tuple[list[int], int]:
    """Return where each weight begins in a vector that holds them all, and the vector's size."""
    starts, size = [], 0
    for parameter in parameters:
        starts.append(size)
        if parameter.value.size:
            size += padded(parameter.value.size, parameter.value.dtype)
    return starts, size


def _piece(vector: Array, start: int, parameter: Parameter) -> Array:
    return vector[start : start + parameter.value.size].reshape(parameter.shape)


class ParameterVector:
    """The weights that a training changes in one vector, and their gradients in another.

    Both have one layout, in which every weight begins a cache line.  What lies between two weights
    is zero in both, so an optimizer may run over the whole vector in one call.

    Where the weights lie next to each other in memory, which those of a model do unless some are
    frozen or were settled with another model, the vector is that memory.  Where they do not,
    :meth:`gather` copies them into it before a step, and :meth:`scatter` back after it.

    Parameters
    ----------
    parameters : sequence of Parameter
        All of a model, in order and of one dtype; they are settled.
    trained : sequence of Parameter, optional
        Those of them that are to be trained, in the same order; all if left out.
    behind : int, default 0
        How many numbers `sums` has behind the gradients.

    Attributes
    ----------
    parameters, trained : tuple of Parameter
    keys : tuple of Key
        Of those that are trained.
    values, gradients : ndarray of shape (n,)
        Of those that are trained.
    sums : ndarray of shape (n + behind,)
        The gradients and, in the same piece of memory, what processes sum together with them.
    bounds : ndarray of intp, shape (trained + 1,)
        Where each weight begins, and the end of the last.
    """

    def __init__(
        self,
        parameters: Sequence[Parameter],
        trained: Sequence[Parameter] | None = None,
        behind: int = 0,
    ) -> None:
        settle(parameters)
        self.parameters = tuple(parameters)
        self.trained = self.parameters if trained is None else tuple(trained)
        self.keys = tuple(parameter.key for parameter in self.trained)
        self._behind = behind
        self._dtype: DTypeLike = parameters[0].value.dtype if parameters else np.float32
        self._starts, size = _laid_out(self.trained)
        self.bounds: Array = np.array([*self._starts, size], np.intp)
        self._sums: Array | None = None
        self._gradients: dict[Key, Array] = {}
        self._copies: tuple[list[Array], list[Array]] | None = None
        where = self._where()
        if where is not None:
            home, start = where
            self.values: Array = home[start : start + size]
        else:
            self.values = aligned_zeros(size, self._dtype)
            self._copies = (
                [_bytes(view) for view in self.views(self.values)],
                [_bytes(parameter.value) for parameter in self.trained],
            )

    def _where(self) -> tuple[Array, int] | None:
        """Return the vector in which all that is trained lies in a row, and where it begins."""
        if not self.trained:
            return None
        first = self.trained[0]
        in_a_row = all(
            parameter._home is first._home and parameter._start == first._start + start
            for parameter, start in zip(self.trained, self._starts, strict=True)
        )
        return (first._home, first._start) if in_a_row and first._home is not None else None

    def gather(self) -> None:
        """Copy the weights into `values`."""
        if self._copies is not None:
            ours, theirs = self._copies
            core.copy_all(ours, theirs)

    def scatter(self) -> None:
        """Copy `values` into the weights: all of them, even if Ctrl-C is pressed."""
        if self._copies is not None:
            ours, theirs = self._copies
            core.copy_all(theirs, ours)

    def pieces(self) -> list[Array]:
        """Return all weights as few contiguous arrays, those that are frozen too."""
        if self._copies is None and len(self.trained) == len(self.parameters):
            return [self.values]
        return [parameter.value for parameter in self.parameters]

    @property
    def sums(self) -> Array:
        """The gradients and what stands behind them; allocated when first asked for."""
        if self._sums is None:
            self._sums = aligned_zeros(self.values.size + self._behind, self._dtype)
        return self._sums

    @property
    def gradients(self) -> Array:
        """The gradient vector; allocated when it is first asked for."""
        return self.sums[: self.values.size]

    def gradients_are_finite(self) -> bool:
        """Return whether no gradient is infinite or NaN: one pass, a fraction of an update's."""
        return core.all_finite(self.gradients)

    def views(self, vector: Array) -> list[Array]:
        """Return the piece of `vector` that belongs to each trained weight, in its shape."""
        return [
            _piece(vector, start, parameter)
            for parameter, start in zip(self.trained, self._starts, strict=True)
        ]

    def offer_gradients(self) -> None:
        """Let workspaces that are made from now on write their gradients here.

        Those of frozen weights go to memory beside the vector.
        """
        for parameter, view in zip(self.parameters, self.all_gradients(), strict=True):
            parameter.offer(view)

    def all_gradients(self) -> list[Array]:
        """Return where the gradient of every weight is written, also of those that are frozen."""
        if not self._gradients:
            self._gradients = dict(zip(self.keys, self.views(self.gradients), strict=True))
            for parameter in self.parameters:
                if parameter.key not in self._gradients:
                    self._gradients[parameter.key] = aligned_zeros(parameter.shape, self._dtype)
        return [self._gradients[parameter.key] for parameter in self.parameters]


def reordered(array: Array, gates: tuple[int, ...]) -> Array:
    """Return an array whose k-th block of columns is block ``gates[k]`` of `array`."""
    blocks = np.split(array, len(gates), axis=-1)
    return np.concatenate([blocks[gate] for gate in gates], axis=-1)


def _bytes(array: Array) -> Array:
    return array.reshape(-1).view(np.uint8)


@quietly
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
        array = as_array(name, weight)
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} was given {array.dtype}; it should be real numbers")
        if array.shape != parameter.shape:
            raise ValueError(
                f"{name} was given shape {array.shape}; it should be {parameter.shape}"
            )
        # A copy, since a weight may be given as a view of another.
        array = fitting(array, parameter.value.dtype, name)
        arrays.append(parameter.from_keras(array).astype(parameter.value.dtype))
    for parameter, array in zip(parameters, arrays, strict=True):
        parameter.value[...] = array
